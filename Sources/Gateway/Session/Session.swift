import Configuration
import Reactor
import TLS
import Tunnel
import Wire

typealias SessionPointer = UnsafeMutablePointer<Session>

/// One MQTT session through the gateway, from the CONNECT gate onwards: a channel to the client, a leg to a broker, and the
/// pipe between them.
///
/// It lives at a fixed address in its loop's slab, and only that loop's thread touches it. What it needs until it is open is
/// in its `Opening`; an open session consists of its pipe. The data path (`Session+Pipe.swift`) counts no references,
/// allocates nothing and takes no lock.
///
/// In the order of a session's life: `+Gate` (the CONNECT), `+Admission` (who is allowed in), `+Identity` (what the broker is
/// told), `+Attempt` (the way to a broker), `+Connack` (its answer), `+Pipe` (both ways), `+Closing`, `+Timer`.
struct Session: ~Copyable {
    let loop: LoopPointer
    let token: SlabToken
    let address: SessionPointer
    let channel: ClientChannel
    let client: ClientFacts
    let route: Route
    let record: SessionRecord

    var machine = SessionMachine()
    var pipe: Pipe
    /// Until the session is open, and while its CONNACK is still to come.
    var opening: Opening?
    /// The place on a peer that it has taken.
    var place: Place?
    var timer = Deadline()
    /// nil: nobody traces it.
    var trace: SessionTrace?
    /// nil: its rates are not limited.
    let pace: SessionPace?
    /// Counted in the loop: bytes wait for the broker.
    private var isStalled = false

    /// A peer of one of the loop's pools that counts this session.
    struct Place: BitwiseCopyable {
        var pool: Int32
        var peer: Int32
    }

    /// `head`: the request, where those who decide ask for parts of it.
    init(
        _ loop: LoopPointer, token: SlabToken, address: SessionPointer, channel: ClientChannel, client: ClientFacts,
        route: Route, record: SessionRecord, head: RequestHead?
    ) {
        self.loop = loop
        self.token = token
        self.address = address
        self.channel = channel
        self.client = client
        self.route = route
        self.record = record
        pipe = Pipe(
            route.framing, compression: record.deflate.map { SessionCompression($0, route) }, now: loop.pointee.now)
        opening = Opening(head)
        pace = route.limits?.traffic.map(SessionPace.init)
        loop.pointee.counters.add(.sessions)
        limit(route.connectTimeout)
    }

    var phase: SessionMachine.Phase { @inline(__always) get { machine.phase } }
    var isClosing: Bool {
        switch machine {
        case .closing, .closed: true
        default: false
        }
    }
    /// Whether bytes go both ways.
    var isPiping: Bool {
        @inline(__always) get {
            switch machine {
            case .open, .exchanging: true
            default: false
            }
        }
    }
    /// Whether everything is over.
    var isClosed: Bool { @inline(__always) get { if case .closed = machine { true } else { false } } }

    // MARK: What it waits for

    /// Most bytes that may wait for a client while it is still read. More than one read of its broker makes: a client that
    /// does not read is still heard, or both could wait for each other; but not one that floods us with pings.
    private static let pongRoom = 1024 * 1024
    /// Most bytes that a client may send before its session is open, beyond its CONNECT.
    static let heldRoom = 64 * 1024

    /// Whether the client is read now.
    @inline(__always)
    var wantsInput: Bool {
        switch machine {
        case .open, .exchanging:
            pipe.upstream.isFlushed && channel.backlog <= Self.pongRoom && !pipe.isReceivedHeld
        case .awaitingConnect: channel.backlog <= Self.pongRoom
        case .authenticating, .connecting, .waitingForQueue, .awaitingConnack: holdsMore
        case .closing: true
        case .closed: false
        }
    }

    private var holdsMore: Bool {
        guard let opening else { return false }
        return !channel.isAtEnd && opening.endAfterHeld == nil && channel.isFlushed
            && opening.held.count <= opening.connectSize + Self.heldRoom
    }

    /// Asks the poller for what is waited for on the upstream leg, and goes on with the end. False: the poller has no room.
    @inline(__always)
    mutating func updateInterest() -> Bool {
        switch machine {
        case .open, .exchanging:
            if pace != nil { keepPace() }
            let (takesInput, takesOutput) = (pipe.upstream.isFlushed, channel.isFlushed)
            countStall(!takesInput)
            if pipe.receivedBackpressure.isUnderWay == takesInput || pipe.sentBackpressure.isUnderWay == takesOutput {
                countBackpressure(takesInput: takesInput, takesOutput: takesOutput)
            }
            return watchUpstream(reading: takesOutput && !pipe.isSentHeld)
        case .closing:
            countBackpressure(takesInput: true, takesOutput: true)
            advanceClosing()
            return phase == .closed || watchUpstream(reading: !pipe.upstream.isAtEnd)
        case .connecting: return watchAttempt(reading: false, writing: true)
        case .awaitingConnack: return watchAttempt(reading: true, writing: false)
        case .awaitingConnect, .authenticating, .waitingForQueue, .closed: return true
        }
    }

    @inline(__always)
    private mutating func watchUpstream(reading: Bool) -> Bool {
        guard pipe.upstream.isOpen else { return true }
        return pipe.upstream.watch(
            reading: reading, writing: !pipe.upstream.isFlushed, loop.pointee.poller, word: LoopWord.upstream(address))
    }

    private func watchAttempt(reading: Bool, writing: Bool) -> Bool {
        guard let opening, opening.attempt.leg.isOpen else { return true }
        return opening.attempt.leg.watch(
            reading: reading, writing: writing || !opening.attempt.leg.isFlushed, loop.pointee.poller,
            word: LoopWord.upstream(address))
    }

    @inline(__always)
    mutating func countStall(_ isStalled: Bool) {
        guard isStalled != self.isStalled else { return }
        self.isStalled = isStalled
        loop.pointee.stalled += isStalled ? 1 : -1
    }

    /// Notes which side is not read from now on, because the other does not take what it sends.
    mutating func countBackpressure(takesInput: Bool, takesOutput: Bool) {
        let (now, counters) = (loop.pointee.now, loop.pointee.counters)
        if !takesInput, !pipe.receivedBackpressure.isUnderWay {
            pipe.receivedBackpressure.begin(now: now)
            counters.add(.backpressureReceived)
        } else if takesInput, let length = pipe.receivedBackpressure.end(now: now) {
            counters.add(.backpressureMillisecondsReceived, UInt64(length))
        }
        if !takesOutput, !pipe.sentBackpressure.isUnderWay {
            pipe.sentBackpressure.begin(now: now)
            counters.add(.backpressureSent)
        } else if takesOutput, let length = pipe.sentBackpressure.end(now: now) {
            counters.add(.backpressureMillisecondsSent, UInt64(length))
        }
    }

    // MARK: Events

    /// Something happened on the upstream leg.
    @inline(__always)
    mutating func upstreamEvent(_ events: Events) {
        switch machine {
        case .open, .exchanging, .closing: pipeEvent(events)
        case .connecting, .awaitingConnack: attemptEvent(events)
        case .awaitingConnect, .authenticating, .waitingForQueue, .closed: break
        }
    }

    @inline(__always)
    private mutating func pipeEvent(_ events: Events) {
        guard pipe.upstream.isOpen else { return }
        if events.isWritable, !pipe.upstream.isFlushed, !pipe.upstream.flush() { return upstreamLost() }
        guard events.isReadable else { return }
        var wantsInput = channel.isFlushed && !pipe.isSentHeld
        if case .closing = machine { wantsInput = !pipe.upstream.isAtEnd }
        if wantsInput { readUpstream() } else { pipe.upstream.detach(loop.pointee.poller) }
    }

    /// Reads the client once.
    @inline(__always)
    mutating func readClient() {
        // What is compressed may become a thousand times as much.
        let isWide = isPiping && pipe.compression == nil
        let capacity = isWide ? loop.pointee.readSize : HTTPExchange.readSize
        let input = channel.receive(capacity: pace.map { min(capacity, $0.readSize) } ?? capacity)
        if input.isSignOfLife { clientWasHeard() }
        if input.count > 0 { received(loop.pointee.buffers.plain, count: input.count) }
        // Answers of TLS itself, too: a key update, a ticket, an alert. Always: the next connection finds the buffer empty,
        // or it would send what is meant for this one.
        _ = channel.flush()
        if input.isAtEnd { clientEnded() }
    }

    /// Bytes that a stream has brought, `count` at `bytes` with `Uplink.headroom` in front.
    mutating func streamBrought(_ bytes: UnsafeMutableRawPointer, count: Int) {
        clientWasHeard()
        received(bytes, count: count)
    }

    @inline(__always)
    private mutating func clientWasHeard() {
        pipe.heardAt = loop.pointee.now
        pipe.receivedAt = pipe.heardAt
    }

    /// The client took some of what waited for it.
    mutating func clientTookBytes() { pipe.heardAt = loop.pointee.now }

    /// Bytes of the client, `count` in the loop's `plain` buffer.
    @inline(__always)
    mutating func received(_ bytes: UnsafeMutableRawPointer, count: Int) {
        switch machine {
        case .open, .exchanging: pipeUp(bytes, count: count)
        case .awaitingConnect, .authenticating, .connecting, .waitingForQueue, .awaitingConnack:
            hold(bytes, count: count)
        case .closing: lookForClose(bytes, count: count)
        case .closed: break
        }
    }

    // MARK: Log

    /// A line of the error log that names the connection and the client; `namingPeer`: and the server that the session is with,
    /// for messages that do not say it themselves.
    func log(_ level: ErrorLog.Level, namingPeer: Bool = false, _ message: @autoclosure () -> String) {
        loop.pointee.log.write(
            level, of: client, record.request.address, peer: namingPeer ? record.upstreamAddress : "", message())
    }
}

import Reactor
import TLS
import Tunnel

typealias ConnectionPointer = UnsafeMutablePointer<ClientConnection>

/// What one accepted socket is: a leg, TLS on it, and HTTP/1.1, request after request, until an upgrade makes it the channel
/// of a session; where the listener carries MQTT, it is that from the beginning.
///
/// It lives at a fixed address in its loop's slab, and only that loop's thread touches it. A session may call its
/// connection, never the other way round: what passes from a connection to its session passes through `ConnectionPointer`
/// (ConnectionEvents.swift), so that no two calls hold the same memory.
///
/// In the order of a connection's life: `+ProxyHeader`, `+TLS`, `+HTTP` (requests), `+Response`, `+Files`, `+Admin` (the
/// operator's side), `+Upgrade`, `+MQTT`, `+Closing`.
struct ClientConnection: ~Copyable {
    let loop: LoopPointer
    let token: SlabToken
    let address: ConnectionPointer
    let client: ClientFacts

    var machine: ConnectionMachine
    var leg = Leg()
    var tls: TLSConnection?
    /// HTTP, until the upgrade.
    var exchange: HTTPExchange?
    /// What it carries since the upgrade.
    var session: SessionPointer?
    /// HTTP/2, which carries streams.
    var http2: HTTP2Pointer?
    private(set) var timer = Deadline()
    /// Counted in the loop: its handshake is under way; bytes wait for the client; it is closing.
    private var isShakingHands = false
    /// The client's first words of TLS were answered.
    var hasBegunHandshake = false
    private var isStalled = false
    private var isClosing = false

    init(
        _ loop: LoopPointer, token: SlabToken, address: ConnectionPointer, client: ClientFacts, listener: Listener,
        descriptor: Int32
    ) {
        self.loop = loop
        self.token = token
        self.address = address
        self.client = client
        machine = ConnectionMachine(
            isTLS: listener.isTLS, readsProxyHeader: listener.readsProxyHeader, carriesMQTT: listener.carriesMQTT)
        exchange = HTTPExchange(client, listener, of: loop.pointee.generation, now: loop.pointee.now)
        leg.attach(descriptor)
    }

    deinit {
        http2?.deinitialize(count: 1)
        http2?.deallocate()
    }

    /// The first step of a connection that was just accepted.
    mutating func begin(_ names: TLSServerNames?) {
        loop.pointee.counters.add(.accepted)
        loop.pointee.counters.add(.connections)
        if let names {
            tls = TLSConnection(names, loop.pointee.engine)
            guard tls != nil else { return abort(.outOfResources) }
            isShakingHands = true
            loop.pointee.handshakes.begin(now: client.acceptedAt)
        }
        guard let site = exchange?.request.site else { return }
        if machine.phase == .readingProxyHeader, !isTrustedFront(site) {
            log(.info, "its address is not in set_real_ip_from: its PROXY header is not trusted")
            tls = nil
            return abort(.proxyHeaderUntrusted)
        }
        if machine.phase == .tunnelling {
            beginMQTT()
            exchange = nil  // nothing has come yet
        } else {
            limit(machine.phase == .handshaking ? site.handshakeTimeout : site.headerTimeout)
        }
    }

    /// Whether everything is over.
    var isClosed: Bool { @inline(__always) get { if case .closed = machine { true } else { false } } }

    /// Whether it ends, or has ended.
    var isEnding: Bool {
        switch machine {
        case .closing, .closed: true
        default: false
        }
    }

    /// Whether the other side has ended, as far as it can be seen without reading.
    var peerHasEnded: Bool { leg.isOpen && (leg.isAtEnd || Kernel.peerHasEnded(leg.descriptor)) }

    // MARK: What it waits for

    /// Whether it reads now, while it carries no session.
    var wantsInput: Bool {
        switch machine {
        case .readingProxyHeader, .handshaking: true
        case .readingRequest where leg.isFlushed: !leg.isAtEnd && exchange?.wantsInput ?? false
        case .readingRequest, .answering, .sending: !leg.isAtEnd && exchange?.hasRoom ?? false
        case .tunnelling: false
        case .multiplexing: !leg.isAtEnd  // always: credit for what waits comes this way
        case .closing: !leg.isAtEnd
        case .closed: false
        }
    }

    /// Asks the poller for what is waited for now. `reading`: whether the connection, or the session that it carries, wants
    /// input. False: the poller has no room.
    @inline(__always)
    mutating func updateInterest(reading: Bool) -> Bool {
        countStall(!leg.isFlushed)
        guard leg.isOpen else { return true }
        var isSending = exchange?.mustGoOn ?? false
        if let http2, http2.pointee.mustGoOn { isSending = true }
        if case .sending = machine { isSending = exchange?.stream == nil }
        return leg.watch(
            reading: reading, writing: !leg.isFlushed || isSending, loop.pointee.poller, word: LoopWord.client(address))
    }

    @inline(__always)
    mutating func countStall(_ isStalled: Bool) {
        guard isStalled != self.isStalled else { return }
        self.isStalled = isStalled
        loop.pointee.stalled += isStalled ? 1 : -1
    }

    /// The handshake is over.
    mutating func countHandshake(isComplete: Bool) {
        guard isShakingHands else { return }
        isShakingHands = false
        loop.pointee.handshakes.end(began: client.acceptedAt, isComplete: isComplete, now: loop.pointee.now)
    }

    mutating func countClosing() {
        guard !isClosing else { return }
        countHandshake(isComplete: false)
        isClosing = true
        loop.pointee.closing += 1
    }

    /// The socket is closed: takes it off the loop's counts. It stays in the slab, as one that closes, until it is given back.
    mutating func uncount() {
        countStall(false)
        countClosing()
        loop.pointee.counters.subtract(.connections)
    }

    // MARK: Time

    /// The current phase ends `milliseconds` from now at the latest.
    mutating func limit(_ milliseconds: Int64) {
        let now = loop.pointee.now
        wait(until: milliseconds > .max - now ? .max : now + milliseconds)
    }

    /// The session keeps the time from here on.
    mutating func limitNothing() { wait(until: .max) }

    private mutating func wait(until time: Int64) {
        let (loop, owner) = (loop, TimerOwner.connection(token))
        timer.set(time, owner, &loop.pointee.wheel)
    }

    /// Whether the limit has passed; the wheel has handed the connection out for `tick`.
    mutating func hasTimedOut(tick: Int64) -> Bool {
        let (loop, owner) = (loop, TimerOwner.connection(token))
        return timer.hasPassed(tick: tick, now: loop.pointee.now, owner, &loop.pointee.wheel)
    }

    /// The wheel has handed it out, for `tick`.
    mutating func timerFired(tick: Int64) {
        guard hasTimedOut(tick: tick) else { return }
        if exchange?.stream != nil { return endStream(.time) }
        switch machine.timeLimit() {
        case .ignore: break
        case .abort: abort(machine.cause ?? .clientLost)
        case .end(let cause):
            if case .multiplexing = machine, exchange?.isUnderWay ?? false { return end(.requestTimeout) }
            if cause == .proxyHeaderTimeout { tls = nil }  // it has not begun
            if cause == .handshakeTimeout { loop.pointee.figures.handshakeFailed(.timeout) }
            // A client that takes nothing of a response does not take a goodbye either.
            if cause == .sendTimeout { abort(cause) } else { end(cause) }
        case .answerRequestTimeout: requestTimedOut()
        case .answerUnavailable: answerIsMissing()
        }
    }

    // MARK: Log

    /// A line of the error log that names the connection and the client.
    func log(_ level: ErrorLog.Level, _ message: @autoclosure () -> String) {
        loop.pointee.log.write(level, of: client, exchange?.request.address ?? client.address, message())
    }
}

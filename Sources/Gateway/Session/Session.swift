import Access
import Configuration
import Reactor
import TLS
import Telemetry
import Tunnel
import Wire

typealias SessionPointer = UnsafeMutablePointer<Session>

/// One MQTT connection through the gateway: a client leg, an upstream leg, and the tunnel between them.
///
/// It lives at a fixed address in its loop's `SessionTable` and only that loop's thread touches it. Each event of a leg ends
/// with one `recv`, at most a few `send`s, and `settle`, which asks the poller for what the session waits for now. The
/// data path (`Session+Pipe.swift`) counts no references, allocates nothing and takes no lock.
///
/// The way of a session, in the order of its files: `+Handshake` (TLS), `+Request` (HTTP), `+Connect` (the gate),
/// `+Access` (who may in), `+Identity` (what the broker is told), `+Attempt` (the way to a broker), `+Connack` (its answer),
/// `+Pipe` (both ways), `+Closing`, `+Timer`. `+ProxyHeader` stands before and between: the PROXY protocol on both legs.
struct Session: ~Copyable {
    let loop: LoopPointer
    let id: UInt64
    let token: SessionTable.Token
    /// The address of this session, as epoll's data word holds it.
    let word: UInt64
    /// The client's, as far as a trusted front or the connection says.
    var clientAddress: CompactAddress
    let record: SessionRecord
    let startedAt: Int64

    var machine: SessionMachine
    var tls: TLSConnection?
    var client = Leg()
    var upstream = Leg()
    var uplink = Uplink()
    var downlink = Downlink(mode: .packets, version: .v3_1_1)

    /// Before the session is open: the request head, then the CONNECT and what the client sent behind it.
    var held = ByteQueue()
    /// The part of a CONNACK that has come so far.
    var answer = ByteQueue()
    var scanner: RequestHeadScanner
    /// The CONNECT between the gate and its CONNACK.
    var pending: PendingConnect?
    /// The place that this session has taken.
    var place: Place?
    /// The client said Close, or was lost, while what it sent before still has to reach the broker.
    var endBehindHeld: EndCause?
    /// The end that waits until the packet under way to the client is whole.
    var endAfterPacket: PostponedEnd?
    /// The rule that what it sent before breaks.
    var heldViolation: EndCause?
    var isWebSocket = false
    /// A leg has bytes waiting: counted in the loop.
    private var isStalled = false
    /// Whether it is counted in the loop as one that closes.
    private(set) var isClosing = false
    /// A file that is being sent; -1 is none.
    var file: Int32 = -1
    var fileLeft = 0

    var deadline: Int64 = .max
    var timerTick: Int64 = 0
    /// When the client last showed that it is there: it sent something, or took some of what waited for it.
    var heardAt: Int64
    /// When it was last sent a ping; 0: never.
    var pingedAt: Int64 = 0
    var activeAt: Int64
    var keepAlive = KeepAlive(seconds: 0, pingInterval: 0)
    /// When the client's token ends, on the loop's clock.
    var expiresAt: Int64 = .max
    var bytes = ByteCounts()

    /// A CONNECT that passed the gate, on its way to a broker. An object, so that an open session does not carry it.
    final class PendingConnect {
        /// As the broker is to see it.
        var packet: ConnectPacket
        /// Bytes of it at the front of `held`.
        var size: Int
        /// Index into the loop's pools.
        let pool: Int
        /// Whole, as the broker is to see them.
        var clientID = ""
        var username: String?
        /// Who may in: what was found out so far.
        var deliberation: Deliberation?
        /// Of those who are asked; taken back when the session ends before the decision.
        var ticket: Ticket?
        /// The client identifier that the client does not know yet.
        var assignedClientID: [UInt8]?
        /// Peers that were tried.
        var tried: [Int] = []
        /// Peers that a broker has named for this CONNECT, to be tried next.
        var named: [Int] = []
        /// What the last broker that answered has refused it with.
        var refusal: [UInt8]?
        /// Why the last attempt failed.
        var lastFailure: AttemptFailure?
        /// Until when the current one may be connected to, on the loop's clock.
        var connectDeadline: Int64 = 0
        /// Until when any may be tried.
        var triesDeadline: Int64 = .max

        init(_ packet: ConnectPacket, size: Int, pool: Int) {
            self.packet = packet
            self.size = size
            self.pool = pool
        }
    }

    /// A peer of one of the loop's pools that counts this session.
    struct Place: BitwiseCopyable {
        var pool: Int32
        var peer: Int32
    }

    init(
        _ loop: LoopPointer, token: SessionTable.Token, word: UInt64, listener: Int, descriptor: Int32,
        address: CompactAddress
    ) {
        let now = loop.pointee.now
        let settings = loop.pointee.generation.listeners[listener]
        self.loop = loop
        self.token = token
        self.word = word
        id = loop.pointee.makeConnectionID()
        clientAddress = address
        record = SessionRecord(settings)
        startedAt = now
        heardAt = now
        activeAt = now
        machine = SessionMachine(isTLS: settings.isTLS, readsProxyHeader: settings.readsProxyHeader)
        scanner = RequestHeadScanner(limit: settings.defaultServer.site.headLimit)
        if let names = loop.pointee.generation.tlsNames[loop.pointee.index][listener] {
            tls = TLSConnection(names, loop.pointee.engine)
        }
        client.attach(descriptor)
    }

    var phase: SessionMachine.Phase { @inline(__always) get { machine.phase } }

    /// What the loop does with the session after an event.
    enum Outcome { case keep, remove }

    // MARK: Events

    /// Something happened on the client leg.
    @inline(__always)
    mutating func clientEvent(_ events: Events) -> Outcome {
        if events.isWritable { clientWritable() }
        guard client.isOpen else { return settle() }
        if events.isReadable {
            if wantsClientInput {
                readClient()
            } else {
                client.detach(loop.pointee.poller)
            }
        }
        return settle()
    }

    /// Something happened on the upstream leg.
    @inline(__always)
    mutating func upstreamEvent(_ events: Events) -> Outcome {
        guard upstream.isOpen else { return settle() }
        if phase == .connecting {
            upstreamConnected()
            return settle()
        }
        if events.isWritable, !upstream.isFlushed, !upstream.flush() {
            upstreamLost()
            return settle()
        }
        if events.isReadable {
            if wantsUpstreamInput {
                readUpstream()
            } else {
                upstream.detach(loop.pointee.poller)
            }
        }
        return settle()
    }

    private mutating func clientWritable() {
        if !client.isFlushed {
            let waiting = client.backlog.count
            guard client.flush() else { return clientLost() }
            if client.backlog.count < waiting { heardAt = loop.pointee.now }
        }
        guard file >= 0 else { return }
        limit(Self.closeLimit)  // it takes some of the file
        sendFile()
    }

    /// Asks for what the session waits for now, or ends it when nothing is left to wait for.
    @inline(__always)
    mutating func settle() -> Outcome {
        if machine.phase.rawValue >= SessionMachine.Phase.closing.rawValue {
            noteClosing()
            if !advanceClosing() { return .remove }
        }
        let poller = loop.pointee.poller
        noteStall(!client.isFlushed || !upstream.isFlushed)
        if client.isOpen {
            let isWatched = client.watch(
                reading: wantsClientInput, writing: !client.isFlushed || file >= 0, poller, word: word)
            if !isWatched { return finish(.outOfResources) }
        }
        if upstream.isOpen {
            let isConnecting = phase == .connecting
            let isWatched = upstream.watch(
                reading: wantsUpstreamInput, writing: isConnecting || !upstream.isFlushed, poller,
                word: word | LoopWord.upstream)
            if !isWatched { return finish(.outOfResources) }
        }
        return .keep
    }

    @inline(__always)
    mutating func noteStall(_ isStalled: Bool) {
        guard isStalled != self.isStalled else { return }
        self.isStalled = isStalled
        loop.pointee.stalled += isStalled ? 1 : -1
    }

    private mutating func noteClosing() {
        guard !isClosing else { return }
        isClosing = true
        loop.pointee.closing += 1
    }

    /// Most bytes that may wait for a client while it is still read. More than one read of its broker makes: a client that
    /// does not read is still heard, or both could wait for each other; but not one that floods us with pings.
    private static let pongRoom = 1024 * 1024
    /// Most bytes that a client may send before its session is open, beyond its CONNECT.
    static let heldRoom = 64 * 1024

    @inline(__always)
    var wantsClientInput: Bool {
        switch machine.phase {
        case .open: upstream.isFlushed && client.backlog.count <= Self.pongRoom
        case .readingProxyHeader, .handshaking, .readingRequest, .awaitingConnect:
            client.backlog.count <= Self.pongRoom
        case .authenticating, .connecting, .awaitingConnack:
            !client.isAtEnd && endBehindHeld == nil && client.isFlushed
                && held.count <= (pending?.size ?? 0) + Self.heldRoom
        case .closing: !client.isAtEnd
        case .closed: false
        }
    }

    @inline(__always)
    var wantsUpstreamInput: Bool {
        switch machine.phase {
        case .open: client.isFlushed
        case .awaitingConnack: true
        case .closing: !upstream.isAtEnd
        default: false
        }
    }

    /// Reads the client leg once, and passes the bytes to who waits for them.
    @inline(__always)
    mutating func readClient() {
        if machine.phase == .closing { return discardClientInput() }
        if machine.phase == .readingProxyHeader { return readProxyHeader() }
        if tls == nil {
            let buffer = loop.pointee.buffers.plain
            switch client.receive(into: buffer, capacity: readSize) {
            case .bytes(let count):
                heard()
                received(buffer, count: count)
            case .nothing: break
            case .end, .failed: clientEnded()
            }
        } else {
            let buffer = loop.pointee.buffers.cipher
            switch client.receive(into: buffer, capacity: readSize) {
            case .bytes(let count):
                heard()
                decrypt(buffer, count: count)
            case .nothing: break
            case .end, .failed: clientEnded()
            }
        }
    }

    /// What a client sends before the session is open is small.
    @inline(__always)
    private var readSize: Int { machine.phase == .open ? loop.pointee.readSize : 16 * 1024 }

    @inline(__always)
    private mutating func heard() {
        heardAt = loop.pointee.now
        activeAt = heardAt
    }

    /// Plain bytes of the client.
    @inline(__always)
    mutating func received(_ bytes: UnsafeMutableRawPointer, count: Int) {
        switch machine.phase {
        case .open: pipeUp(bytes, count: count)
        case .readingRequest: readRequest(bytes, count: count)
        case .awaitingConnect, .authenticating, .connecting, .awaitingConnack: readBeforeOpen(bytes, count: count)
        case .readingProxyHeader, .handshaking, .closing, .closed: break
        }
    }
}

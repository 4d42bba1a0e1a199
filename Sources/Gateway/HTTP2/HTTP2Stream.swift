import HTTP2
import Reactor
import Tunnel

typealias StreamPointer = UnsafeMutablePointer<HTTP2Stream>

/// One stream of an HTTP/2 connection: a request and its response, or the channel of a session (RFC 8441).
///
/// It lives at a fixed address in its loop's slab, and only that loop's thread touches it. nghttp2 takes from its `output` while
/// it makes frames, so nothing holds the whole stream across such a call: what works on streams is written on their pointer.
struct HTTP2Stream: ~Copyable {
    let loop: LoopPointer
    let token: SlabToken
    let connection: ConnectionPointer
    /// Its number (RFC 9113 §5.1.1).
    let id: Int32
    /// The connection's; once it carries a session, its own: with an identifier and an address of its own.
    var client: ClientFacts
    /// From `readingRequest` on: see `ConnectionMachine`.
    var machine = ConnectionMachine(isTLS: false, readsProxyHeader: false, carriesMQTT: false)
    /// Its place among the streams of the connection.
    var place = 0

    /// The request, until a session has taken it.
    var exchange: StreamExchange?
    var session: SessionPointer?

    /// What nghttp2 takes from: the first bytes of `backlog`, a file, or bytes that are being written.
    var output = StreamOutput()
    /// Bytes for the client that wait for windows and siblings.
    var backlog = ByteQueue()
    /// Bytes of the client that nobody wants yet: as many as its window allows.
    var held = ByteQueue()
    /// The client has ended its side.
    var hasEndedInput = false
    /// The session has been told so.
    var isEndPassed = false
    /// The client's Close has come, so that nothing more will.
    var hasClientClosed = false
    /// It was reset, or nghttp2 has closed it: nothing can be sent.
    var isOver = false
    /// nghttp2 knows it no longer, or runs no more: until then it has the stream's address.
    var isGone = false
    /// What waits leaves at the end of the turn.
    var isPutOff = false
    /// Its input waits for the next turn, and the loop knows.
    var isDeferred = false
    /// Counted in the loop: bytes wait for the client.
    private var isStalled = false
    private(set) var timer = Deadline()

    init(
        _ loop: LoopPointer, token: SlabToken, connection: ConnectionPointer, id: Int32, client: ClientFacts,
        exchange: StreamExchange
    ) {
        self.loop = loop
        self.token = token
        self.connection = connection
        self.id = id
        self.client = client
        self.exchange = exchange
    }

    /// Whether everything is over.
    var isClosed: Bool { if case .closed = machine { true } else { false } }

    mutating func countStall() {
        let isStalled = !backlog.isEmpty && !isOver
        guard isStalled != self.isStalled else { return }
        self.isStalled = isStalled
        loop.pointee.stalled += isStalled ? 1 : -1
    }

    // MARK: Time

    /// The current phase ends `milliseconds` from now at the latest; nil: whenever.
    mutating func limit(_ milliseconds: Int64?) {
        let (loop, owner) = (loop, TimerOwner.stream(token))
        let now = loop.pointee.now
        let time = milliseconds.map { $0 > .max - now ? .max : now + $0 } ?? .max
        timer.set(time, owner, &loop.pointee.wheel)
    }

    /// Whether the limit has passed; the wheel has handed the stream out for `tick`.
    mutating func hasTimedOut(tick: Int64) -> Bool {
        let (loop, owner) = (loop, TimerOwner.stream(token))
        return timer.hasPassed(tick: tick, now: loop.pointee.now, owner, &loop.pointee.wheel)
    }
}

/// A request on a stream, and the response that is under way. An object, so that the channel of a session does not carry it.
final class StreamExchange {
    var request: RequestFacts
    /// A file that is being sent, kept open.
    var file: FileAnswer?
    /// A request to the operator's side whose content is still to come.
    var incomplete: HTTPExchange.IncompleteRequest?
    /// What the response under way consists of, where somebody else writes it part by part.
    var parts: AdminStream?
    /// It is an extended CONNECT: a browser gives up the connection when its refusal has a Content-Type (Firefox 153).
    var isExtendedConnect = false
    /// Its line is not in the log yet.
    var isUnderWay = true

    init(_ request: RequestFacts) { self.request = request }

    deinit { parts?.finish() }
}

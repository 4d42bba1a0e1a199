import Access
import Reactor
import Telemetry
import Text
import Tunnel
import Wire

/// What one loop has counted off the data path: numbers that have a label. Its loop alone counts; others get a copy
/// (`Loop.Order.figures`). All keys come from the configuration or from the program, so that the tables are bounded.
struct LoopFigures: Sendable {
    struct Handshake: Hashable, Sendable {
        /// "TLSv1.3"
        let version: String
        /// Of the key exchange: "X25519".
        let group: String
        let isResumed: Bool
    }

    /// How a CONNECT was refused.
    struct Refusal: Hashable, Sendable {
        let cause: EndCause
        /// Of the CONNACK; nil: the client got none.
        let code: UInt8?

        /// The code as the specification writes it, or "none".
        var codeText: String { code.map(Hexadecimal.code) ?? "none" }
    }

    struct Method: Sendable {
        fileprivate(set) var results: [AuthResult: UInt64] = [:]
        fileprivate(set) var duration = Histogram(.waits)
    }

    /// Which of the loops it is.
    let index: Int
    /// Connections that were accepted, by the identity of the listener.
    private(set) var accepted: [UInt64] = []
    private(set) var handshakes: [Handshake: UInt64] = [:]
    private(set) var handshakeFailures: [HandshakeFailure: UInt64] = [:]
    /// By status code.
    private(set) var responses: [Int: UInt64] = [:]
    private(set) var upgradesRefused: [HandshakeRefusal.Kind: UInt64] = [:]
    private(set) var connects: [ProtocolVersion: UInt64] = [:]
    private(set) var connectsRefused: [Refusal: UInt64] = [:]
    private(set) var limitsRefused: [LimitRefusal: UInt64] = [:]
    /// Times that a client, and a broker, were held by a rate.
    private(set) var heldReceived: UInt64 = 0
    private(set) var heldSent: UInt64 = 0
    private(set) var methods: [Deliberation.Method: Method] = [:]
    /// WebSocket pings to clients and from them, and how long clients took to answer.
    private(set) var pingsSent: UInt64 = 0
    private(set) var pingsReceived: UInt64 = 0
    /// Bytes that compression has spared on the way from clients, and to them.
    private(set) var savedReceived: UInt64 = 0
    private(set) var savedSent: UInt64 = 0
    /// PINGREQs that were sent to brokers in the place of clients.
    private(set) var keepAlivesOffloaded: UInt64 = 0
    private(set) var pingTimes = Histogram(.waits)
    /// By the identity of the pool.
    var pools: [PoolFigures] = []
    /// How long the turns took. In a copy only.
    var turns = Histogram()

    init(loop index: Int) { self.index = index }

    mutating func accepted(by listener: Int) {
        while accepted.count <= listener { accepted.append(0) }
        accepted[listener] &+= 1
    }

    mutating func handshakeCompleted(_ version: String, group: String, isResumed: Bool) {
        handshakes[Handshake(version: version, group: group, isResumed: isResumed), default: 0] &+= 1
    }

    mutating func handshakeFailed(_ failure: HandshakeFailure) { handshakeFailures[failure, default: 0] &+= 1 }

    /// A response with this status code has been written.
    mutating func responded(_ code: Int) { responses[code, default: 0] &+= 1 }

    mutating func upgradeRefused(_ kind: HandshakeRefusal.Kind) { upgradesRefused[kind, default: 0] &+= 1 }

    /// A CONNECT was whole and valid.
    mutating func connectArrived(_ version: ProtocolVersion) { connects[version, default: 0] &+= 1 }

    /// `connack`: what the client gets; empty: nothing.
    mutating func connectRefused(_ cause: EndCause, connack: [UInt8]) {
        connectsRefused[Refusal(cause: cause, code: Self.code(of: connack)), default: 0] &+= 1
    }

    /// The code of a CONNACK: after the fixed header, of which the length has one to four bytes, and the flags.
    static func code(of connack: [UInt8]) -> UInt8? {
        guard let end = connack.dropFirst().prefix(4).firstIndex(where: { $0 < 0x80 }), connack.count > end + 2 else {
            return nil
        }
        return connack[end + 2]
    }

    /// A limit has refused a connection, a request or a CONNECT.
    mutating func limitRefused(_ limit: LimitRefusal) { limitsRefused[limit, default: 0] &+= 1 }

    mutating func rateHeld(_ direction: PacketDirection) {
        if direction == .received { heldReceived &+= 1 } else { heldSent &+= 1 }
    }

    mutating func pingSent() { pingsSent &+= 1 }
    mutating func keepAliveOffloaded() { keepAlivesOffloaded &+= 1 }

    /// A message of a client's has become larger, or one to a client smaller.
    mutating func inflated(_ count: Int, to size: Int) { savedReceived &+= UInt64(max(0, size - count)) }
    mutating func deflated(_ count: Int, to size: Int) { savedSent &+= UInt64(max(0, count - size)) }

    mutating func pingCame() { pingsReceived &+= 1 }

    /// A client has answered a ping of the gateway's.
    mutating func pongCame(after microseconds: Int64) { pingTimes.record(microseconds: microseconds) }

    /// A method of authentication has answered.
    mutating func answered(_ question: Admission.Question, _ result: AuthResult) {
        var method = methods[question.method] ?? Method()
        method.results[result, default: 0] &+= 1
        // There was nothing to find out.
        if result != .missing { method.duration.record(microseconds: Kernel.microseconds() - question.askedAt) }
        methods[question.method] = method
    }
}

/// What a method of authentication has said. The raw value is its name in metrics.
enum AuthResult: String, Sendable, CaseIterable {
    case allow, deny, missing, ignore, unavailable, busy
    /// It has not answered within `auth_timeout`.
    case timeout

    init(_ verdict: Verdict) {
        switch verdict {
        case .allow: self = .allow
        case .deny: self = .deny
        case .missing: self = .missing
        case .ignore: self = .ignore
        case .unavailable: self = .unavailable
        case .busy: self = .busy
        }
    }
}

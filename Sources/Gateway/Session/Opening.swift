import Access
import Reactor
import Tunnel
import Wire

/// What a session needs until it is open: the CONNECT, whether its client is allowed in, and the way to a broker. An object,
/// so that an open session does not carry it.
final class Opening {
    /// The CONNECT, as it comes, and what the client sends after it. Bounded: see `Session.heldRoom`.
    var held = ByteQueue()
    /// The CONNECT that has passed the gate; nil: it is on its way.
    var connect: GatedConnect?
    /// Whether its client is allowed in: what has been found out so far.
    var admission: Admission?
    /// When the first method was asked, in microseconds of the monotonic clock; nil: none was.
    var admissionBegan: Int64?
    var attempt = Attempt()
    /// The request that was upgraded, kept until it is decided who is allowed in.
    var request: RequestHead?
    /// The client's end, which comes into effect when what it sent before has reached the broker.
    var endAfterHeld: EndCause?
    /// The rule that what it sent before breaks.
    var heldViolation: EndCause?
    /// Its place among the CONNECTs that wait (`limit_pending_connects`).
    var pending: HeldPlaces?

    init(_ request: RequestHead?) { self.request = request }

    /// Nobody works for a client that has left, and no password outlives its use.
    func end() {
        admission?.cancel()
        pending?.release()
        held.wipe(first: held.count)
    }

    /// Bytes of the CONNECT at the front of `held`.
    var connectSize: Int { connect?.size ?? 0 }

    /// Whether the client has sent something after its CONNECT.
    var holdsMoreThanConnect: Bool { connect != nil && held.count > connectSize }

    var heldBytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(held.bytes.bindMemory(to: UInt8.self)) }

    /// Text of the CONNECT.
    func text(_ range: Range<Int>) -> String {
        guard range.upperBound <= held.count else { return "" }
        return String(decoding: heldBytes[range], as: UTF8.self)
    }

    /// A copy of some bytes of the CONNECT.
    func secret(_ range: Range<Int>?) -> Secret? {
        guard let range, range.upperBound <= held.count else { return nil }
        return Secret(UnsafeRawBufferPointer(rebasing: held.bytes[range]))
    }
}

/// A CONNECT that has passed the gate, on its way to a broker.
struct GatedConnect {
    /// As the broker is to see it.
    var packet: ConnectPacket
    /// Its bytes.
    var size: Int
    /// Whole, as the broker is to see them.
    var clientID: String
    var username: String?
    /// The client identifier that the gateway has given, which the client does not know yet.
    var assignedClientID: [UInt8]?

    /// Whether AUTH packets may come before the CONNACK (5.0 §4.12).
    var hasAuthenticationMethod: Bool { packet.version == .v5_0 && packet.authenticationMethod != nil }
}

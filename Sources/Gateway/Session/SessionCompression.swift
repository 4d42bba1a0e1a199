import Reactor
import Wire

/// permessage-deflate of one session (RFC 7692). An object, so that a session without it does not carry it; with it a session
/// keeps no window, only what has come of a message that is not whole yet.
final class SessionCompression {
    /// The window for messages to the client, as a power of two.
    let windowBits: Int
    /// The smallest message to the client that is compressed, in bytes.
    let minimum: Int
    /// Most bytes of one message from the client, compressed and not.
    let limit: Int
    /// What has come of the compressed message under way: at most `limit`.
    var held = ByteQueue()

    /// A message may contain several packets, and a packet may be compressed at its best: what one packet may have is not too
    /// much for either.
    private static let leastLimit = 1024 * 1024
    private static let defaultLimit = 16 * 1024 * 1024

    init(_ offer: DeflateOffer, _ route: Route) {
        windowBits = offer.serverWindowBits ?? 15
        minimum = route.location.webSocket.deflateMinimum
        let packet = route.location.mqtt.maxPacketSize
        limit = packet > 0 ? max(packet, Self.leastLimit) : Self.defaultLimit
    }
}

import Configuration
import Reactor
import Wire

/// What a session knows about itself beyond its bytes: for routing and for the log. Its loop alone touches it, and never
/// on the data path.
final class SessionRecord {
    /// The server block that answers; the listener's default until the request has named one.
    var server: Int
    /// The location that took the request.
    var location: Int?
    var serverPort: UInt16 = 0
    var isTLS: Bool
    var tlsVersion = ""
    var tlsCipher = ""

    /// The request, kept only when a log format asks for parts of it.
    var head: RequestHead?
    var uri = ""
    var httpVersion = ""
    var httpStatus: Int?

    var version: ProtocolVersion?
    /// At most `textLimit` bytes of it.
    var clientID = ""
    var username = ""
    var keepAlive: UInt16 = 0
    var cleanStart = false

    var upstreamName = ""
    var upstreamAddress = ""
    var tries = 0

    /// Longer names are cut in logs.
    static let textLimit = 1024

    init(server: Int, isTLS: Bool) {
        self.server = server
        self.isTLS = isTLS
    }
}

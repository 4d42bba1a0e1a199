import Configuration
import Reactor
import TLS
import Wire

/// What a session knows about itself beyond its bytes: for routing and for the log. Its loop alone touches it, and never
/// on the data path.
final class SessionRecord {
    /// Where the connection has come in; nil once the request is routed.
    var listener: Listener?
    /// The server block that answers; the listener's default until the request has named one.
    var site: Site
    /// Where the request leads.
    var route: Route?
    var serverPort: UInt16 = 0
    var isTLS: Bool
    var tlsVersion = ""
    var tlsCipher = ""
    /// The server whose rules the TLS handshake has kept.
    var tlsSite: Site?
    /// What the client has proved to be by TLS.
    var certificate: ClientCertificate?

    /// The request without its token, kept only when a log format asks for parts of it.
    var head: RequestHead?
    /// The request as it came, kept until it is decided who may in.
    var request: RequestHead?
    var uri = ""
    var httpVersion = ""
    var httpStatus: Int?
    /// The request is a HEAD: its answer has no content (RFC 9110 §9.3.2).
    var isHead = false

    var version: ProtocolVersion?
    /// At most `textLimit` bytes of it.
    var clientID = ""
    var username = ""
    var keepAlive: UInt16 = 0
    var cleanStart = false
    /// A 5.0 client wants to be told reasons in words (§3.1.2.11.7).
    var takesReasonStrings = true
    /// The largest packet that a 5.0 client takes (§3.1.2.11.4).
    var maximumPacketSize = Int.max
    /// Who has let the client in; empty: nobody was asked.
    var authMethod = ""
    /// Those claims of the token that templates ask for.
    var claims: [String: String] = [:]

    /// What a hash balancer knows the session by.
    var hashKey: UInt64 = 0
    /// The address that the client has connected to, where a front has said so.
    var destination: CompactAddress?

    var upstreamName = ""
    var upstreamAddress = ""
    var tries = 0

    /// Longer names are cut in logs.
    static let textLimit = 1024

    init(_ listener: Listener) {
        self.listener = listener
        site = listener.defaultServer.site
        isTLS = listener.isTLS
        serverPort = listener.port
    }

    func note(clientID: String) { self.clientID = Self.cut(clientID) }

    func note(username: String) { self.username = Self.cut(username) }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= textLimit ? text : String(decoding: text.utf8.prefix(textLimit), as: UTF8.self)
    }
}

import Configuration
import Reactor
import TLS
import Wire

/// What a session knows about itself beyond its bytes, for the log and the balancer. Its loop alone touches it, and never on
/// the data path.
final class SessionRecord {
    /// The request that was upgraded.
    let request: RequestFacts
    let upstreamName: String

    /// The WebSocket subprotocol that was granted; nil: none was asked for.
    var subprotocol: String?
    /// What was agreed on of permessage-deflate; nil: nothing.
    var deflate: DeflateOffer?
    var version: ProtocolVersion?
    /// What it counts for in limits; nil: nothing yet.
    var places: HeldPlaces?
    /// At most `textLimit` bytes of it.
    var clientID = ""
    var username = ""
    var keepAlive: UInt16 = 0
    var cleanStart = false
    /// A 5.0 client wants to be told reasons in words (§3.1.2.11.7).
    var takesReasonStrings = true
    /// The largest packet that a 5.0 client takes (§3.1.2.11.4).
    var maximumPacketSize = Int.max
    /// What has allowed the client in; empty: nothing was asked.
    var authMethod = ""
    /// The user of the password file that the client has proved to be; nil: it was not asked.
    var passwordUser: String?
    /// Microseconds until it was decided whether the client is allowed in; nil: it was not, or no method was asked.
    var admissionTime: Int64?
    /// Those claims of the token that templates ask for.
    var claims: [String: String] = [:]

    /// What a hash balancer knows the session by.
    var hashKey: UInt64 = 0
    var upstreamAddress = ""
    /// Peers that were tried.
    var tries = 0
    /// Microseconds from the last CONNECT that a broker was sent to its CONNACK; nil: none has come.
    var connackTime: Int64?
    /// When the broker accepted the client, on the loop's clock; nil: not yet.
    var openedAt: Int64?
    /// What was said last.
    var farewell = Farewell()

    /// Longer names are cut in logs.
    static let textLimit = 1024

    init(_ request: RequestFacts, upstreamName: String) {
        self.request = request
        places = request.places
        self.upstreamName = upstreamName
    }

    /// Keeps what the log and those who decide need of the CONNECT.
    func record(_ connect: GatedConnect, showsUsername: Bool) {
        version = connect.packet.version
        keepAlive = connect.packet.keepAlive
        cleanStart = connect.packet.cleanStart
        takesReasonStrings = connect.packet.requestProblemInformation
        maximumPacketSize = connect.packet.maximumPacketSize.map { Int($0) } ?? .max
        record(clientID: connect.clientID)
        if showsUsername { record(username: connect.username ?? "") }
    }

    func record(clientID: String) { self.clientID = Self.cut(clientID) }

    func record(username: String) { self.username = Self.cut(username) }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= textLimit ? text : String(decoding: text.utf8.prefix(textLimit), as: UTF8.self)
    }
}

import Configuration
import Reactor
import TLS
import Telemetry
import Wire

/// What a session knows about itself before its end, as the values of variables.
struct SessionFacts {
    let record: SessionRecord
    let id: UInt64
    let address: CompactAddress
    let serverName: String
    /// The whole client identifier and user name: the record holds them cut, for logs.
    let clientID: String
    let username: String
    /// What may be shown of the request.
    let head: RequestHead?

    /// nil: known only at the end of the session.
    func value(_ variable: Variable) -> String? {
        switch variable {
        case .remoteAddr: address.host
        case .remotePort: String(address.port)
        case .serverName: serverName
        case .serverPort: String(record.serverPort)
        case .scheme: (record.upstreamName.isEmpty ? "http" : "ws") + (record.isTLS ? "s" : "")
        case .uri: record.uri
        case .httpVersion: record.httpVersion
        case .http(let name): head?.first(name) ?? ""
        case .cookie(let name): head?.cookie(name) ?? ""
        case .argument(let name): head?.argument(name) ?? ""
        case .sslProtocol: record.tlsVersion
        case .sslCipher: record.tlsCipher
        case .sslClientCN: record.certificate?.commonName ?? ""
        case .sslClientDN: record.certificate?.subject ?? ""
        case .sslClientSerial: record.certificate?.serial ?? ""
        case .sslClientFingerprint: record.certificate?.fingerprint ?? ""
        // A certificate that does not verify ends the handshake.
        case .sslClientVerify: record.certificate == nil ? "NONE" : "SUCCESS"
        case .mqttClientID: clientID
        case .mqttUsername: username
        case .mqttVersion: record.version?.name ?? ""
        case .mqttKeepalive: record.version == nil ? "" : String(record.keepAlive)
        case .mqttCleanStart: record.version == nil ? "" : record.cleanStart ? "1" : "0"
        case .jwtClaim(let name): record.claims[name] ?? ""
        case .authMethod: record.authMethod
        case .upstreamName: record.upstreamName
        case .connectionID: LogText.connectionID(id)
        case .upstreamAddr, .bytesIn, .bytesOut, .packetsIn, .packetsOut, .duration, .statusReason, .timeISO8601: nil
        }
    }

    /// The text that a template makes.
    func text(_ template: Template) -> String {
        var text = ""
        for segment in template.segments {
            switch segment {
            case .text(let part): text += part
            case .variable(let variable): text += value(variable) ?? ""
            }
        }
        return text
    }
}

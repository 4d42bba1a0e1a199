import Configuration
import Reactor
import TLS
import Telemetry
import Wire

/// What is known of a request or a session before its end, as the values of variables.
struct VariableValues {
    let client: ClientFacts
    let request: RequestFacts
    /// nil: the request was no upgrade.
    let session: SessionRecord?
    /// The whole client identifier and user name: the record holds them cut, for logs.
    let clientID: String
    let username: String
    /// What may be shown of the request.
    let head: RequestHead?

    /// nil: known only at the end.
    func value(_ variable: Variable) -> String? {
        switch variable {
        case .remoteAddr: request.address.host
        case .remotePort: String(request.address.port)
        case .serverName: request.site.name
        case .serverPort: String(client.serverPort)
        case .scheme: (client.carriesMQTT ? "mqtt" : session == nil ? "http" : "ws") + (client.isTLS ? "s" : "")
        case .uri: request.uri
        case .httpVersion: request.httpVersion
        case .requestURI: request.uri
        case .host: head?.host ?? request.site.name
        case .args: head?.query ?? ""
        case .isArgs: head?.query?.isEmpty ?? true ? "" : "?"
        case .requestMethod: head?.method ?? ""
        case .http(let name): head?.first(name) ?? ""
        case .cookie(let name): head?.cookie(name) ?? ""
        case .argument(let name): head?.argument(name) ?? ""
        case .listener: client.listener.description
        case .sslProtocol: client.tlsVersion
        case .sslCipher: client.tlsCipher
        case .sslCurve: client.tlsGroup
        case .sslServerName: client.tlsServerName
        case .sslSessionReused: client.tlsVersion.isEmpty ? "" : client.isResumed ? "r" : "."
        case .sslClientCN: client.certificate?.commonName ?? ""
        case .sslClientDN: client.certificate?.subject ?? ""
        case .sslClientSerial: client.certificate?.serial ?? ""
        case .sslClientFingerprint: client.certificate?.fingerprint ?? ""
        // A certificate that does not verify ends the handshake.
        case .sslClientVerify: client.certificate == nil ? "NONE" : "SUCCESS"
        case .websocketProtocol: session?.subprotocol ?? ""
        case .mqttClientID: clientID
        case .mqttUsername: username
        case .mqttVersion: session?.version?.name ?? ""
        case .mqttKeepalive: session?.version == nil ? "" : String(session?.keepAlive ?? 0)
        case .mqttCleanStart: session?.version == nil ? "" : session?.cleanStart ?? false ? "1" : "0"
        case .jwtClaim(let name): session?.claims[name] ?? ""
        case .authMethod: session?.authMethod ?? ""
        case .upstreamName: session?.upstreamName ?? ""
        case .connectionID: LogText.connectionID(client.id)
        case .authTime, .upstreamAddr, .upstreamTries, .upstreamConnackTime, .bytesIn, .bytesOut, .packetsIn,
            .packetsOut,
            .duration, .statusReason, .closeSide, .websocketCloseCode, .mqttReasonCode, .timeISO8601:
            nil
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

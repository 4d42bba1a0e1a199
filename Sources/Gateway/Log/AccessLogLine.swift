import Configuration
import Reactor
import Telemetry
import Tunnel

/// One HTTP request, or one session, as `access_log` shows it at its end.
struct AccessLogLine {
    let client: ClientFacts
    let request: RequestFacts
    let cause: EndCause
    /// Milliseconds.
    let duration: Int64
    /// nil: the request was no upgrade.
    var session: SessionRecord?
    var bytes = ByteCounts()
    var packetsIn: UInt64 = 0
    var packetsOut: UInt64 = 0

    func text(_ format: AccessLogSettings.Format) -> String {
        switch format {
        case .json: json
        case .named(_, let template): text(template)
        }
    }

    private func text(_ template: Template) -> String {
        var line = ""
        for segment in template.segments {
            switch segment {
            case .text(let text): line += text
            case .variable(let variable):
                let value = LogText.escape(self.value(variable))
                line += value.isEmpty ? "-" : value
            }
        }
        return line
    }

    private var json: String {
        var object = JSONObject()
        object.field("time", time)
        object.field("connection_id", LogText.connectionID(client.id))
        object.field("remote_addr", request.address.host)
        object.field("remote_port", request.address.port)
        object.field("server_name", request.site.name)
        object.field("server_port", client.serverPort)
        object.field("scheme", value(.scheme))
        object.field("uri", request.uri)
        object.field("http_version", request.httpVersion)
        object.field("http_status", request.status ?? 0)
        if client.isTLS {
            object.field("ssl_protocol", client.tlsVersion)
            object.field("ssl_cipher", client.tlsCipher)
        }
        if let certificate = client.certificate {
            object.field("ssl_client_dn", certificate.subject)
            object.field("ssl_client_fingerprint", certificate.fingerprint)
        }
        if let session, let version = session.version {
            object.field("mqtt_client_id", session.clientID)
            object.field("mqtt_username", session.username)
            object.field("mqtt_version", version.name)
            object.field("mqtt_keepalive", session.keepAlive)
            object.field("mqtt_clean_start", session.cleanStart)
            if !session.authMethod.isEmpty { object.field("auth_method", session.authMethod) }
            object.field("upstream_name", session.upstreamName)
            object.field("upstream_addr", session.upstreamAddress)
            object.field("upstream_tries", session.tries)
        }
        object.field("bytes_in", bytes.received)
        object.field("bytes_out", bytes.sent)
        object.field("packets_in", packetsIn)
        object.field("packets_out", packetsOut)
        object.field("duration", number: LogText.seconds(duration))
        object.field("status_reason", cause.rawValue)
        return object.closed
    }

    private var time: String { Timestamp.iso8601(wallMilliseconds()) }

    private func value(_ variable: Variable) -> String {
        if let value = values.value(variable) { return value }
        switch variable {
        case .upstreamAddr: return session?.upstreamAddress ?? ""
        case .bytesIn: return String(bytes.received)
        case .bytesOut: return String(bytes.sent)
        case .packetsIn: return String(packetsIn)
        case .packetsOut: return String(packetsOut)
        case .duration: return LogText.seconds(duration)
        case .statusReason: return cause.rawValue
        case .timeISO8601: return time
        default: return ""
        }
    }

    private var values: VariableValues {
        VariableValues(
            client: client, request: request, session: session, clientID: session?.clientID ?? "",
            username: session?.username ?? "", head: request.head)
    }
}

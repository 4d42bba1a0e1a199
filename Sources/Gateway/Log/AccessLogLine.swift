import Configuration
import Reactor
import Telemetry
import Tunnel

/// One session as `access_log` shows it, at its end.
struct AccessLogLine {
    let record: SessionRecord
    let cause: EndCause
    let id: UInt64
    let address: CompactAddress
    let bytes: ByteCounts
    let packetsIn: UInt64
    let packetsOut: UInt64
    /// Milliseconds.
    let duration: Int64
    let serverName: String

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
        object.field("connection_id", LogText.connectionID(id))
        object.field("remote_addr", address.host)
        object.field("remote_port", address.port)
        object.field("server_name", serverName)
        object.field("server_port", record.serverPort)
        object.field("scheme", value(.scheme))
        object.field("uri", record.uri)
        object.field("http_version", record.httpVersion)
        object.field("http_status", record.httpStatus ?? 0)
        if record.isTLS {
            object.field("ssl_protocol", record.tlsVersion)
            object.field("ssl_cipher", record.tlsCipher)
        }
        if let certificate = record.certificate {
            object.field("ssl_client_dn", certificate.subject)
            object.field("ssl_client_fingerprint", certificate.fingerprint)
        }
        if let version = record.version {
            object.field("mqtt_client_id", record.clientID)
            object.field("mqtt_username", record.username)
            object.field("mqtt_version", version.name)
            object.field("mqtt_keepalive", record.keepAlive)
            object.field("mqtt_clean_start", record.cleanStart)
            if !record.authMethod.isEmpty { object.field("auth_method", record.authMethod) }
            object.field("upstream_name", record.upstreamName)
            object.field("upstream_addr", record.upstreamAddress)
            object.field("upstream_tries", record.tries)
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
        if let value = facts.value(variable) { return value }
        switch variable {
        case .upstreamAddr: return record.upstreamAddress
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

    private var facts: SessionFacts {
        SessionFacts(
            record: record, id: id, address: address, serverName: serverName, clientID: record.clientID,
            username: record.username, head: record.head)
    }
}

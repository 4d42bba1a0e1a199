import Configuration
import Reactor
import Telemetry
import Text
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
        case .json: json(stringLimit: .max)
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

    /// Every field; of strings longer than so many bytes a part is left out.
    func json(stringLimit: Int) -> String {
        var object = JSONObject(stringLimit: stringLimit)
        object.field("time", time)
        object.field("connection_id", LogText.connectionID(client.id))
        object.field("remote_addr", request.address.host)
        object.field("remote_port", request.address.port)
        object.field("server_name", request.site.name)
        object.field("server_port", client.serverPort)
        object.field("listener", client.listener.description)
        object.field("scheme", value(.scheme))
        object.field("uri", request.uri)
        object.field("http_version", request.httpVersion)
        object.field("http_status", request.status ?? 0)
        if client.isTLS {
            object.field("ssl_protocol", client.tlsVersion)
            object.field("ssl_cipher", client.tlsCipher)
            object.field("ssl_curve", client.tlsGroup)
            object.field("ssl_server_name", client.tlsServerName)
            object.field("ssl_session_reused", client.isResumed)
        }
        if let certificate = client.certificate {
            object.field("ssl_client_dn", certificate.subject)
            object.field("ssl_client_fingerprint", certificate.fingerprint)
        }
        if let subprotocol = session?.subprotocol { object.field("websocket_protocol", subprotocol) }
        if let session, let version = session.version {
            object.field("mqtt_client_id", session.clientID)
            object.field("mqtt_username", session.username)
            object.field("mqtt_version", version.name)
            object.field("mqtt_keepalive", session.keepAlive)
            object.field("mqtt_clean_start", session.cleanStart)
            if !session.authMethod.isEmpty { object.field("auth_method", session.authMethod) }
            if let time = session.admissionTime {
                object.field("auth_time", number: LogText.seconds(microseconds: time))
            }
            object.field("upstream_name", session.upstreamName)
            object.field("upstream_addr", session.upstreamAddress)
            object.field("upstream_tries", session.tries)
            if let time = session.connackTime {
                object.field("upstream_connack_time", number: LogText.seconds(microseconds: time))
            }
        }
        object.field("bytes_in", bytes.received)
        object.field("bytes_out", bytes.sent)
        object.field("packets_in", packetsIn)
        object.field("packets_out", packetsOut)
        object.field("duration", number: LogText.seconds(duration))
        object.field("status_reason", cause.rawValue)
        object.field("close_side", cause.side.rawValue)
        if let code = session?.farewell.webSocketCode { object.field("websocket_close_code", code) }
        if let code = session?.farewell.mqttReason { object.field("mqtt_reason_code", Hexadecimal.code(code)) }
        return object.closed
    }

    private var time: String { Timestamp.iso8601(wallMilliseconds()) }

    private func value(_ variable: Variable) -> String {
        if let value = values.value(variable) { return value }
        switch variable {
        case .authTime: return session?.admissionTime.map(LogText.seconds(microseconds:)) ?? ""
        case .upstreamAddr: return session?.upstreamAddress ?? ""
        case .upstreamTries: return session?.version == nil ? "" : String(session?.tries ?? 0)
        case .upstreamConnackTime: return session?.connackTime.map(LogText.seconds(microseconds:)) ?? ""
        case .bytesIn: return String(bytes.received)
        case .bytesOut: return String(bytes.sent)
        case .packetsIn: return String(packetsIn)
        case .packetsOut: return String(packetsOut)
        case .duration: return LogText.seconds(duration)
        case .statusReason: return cause.rawValue
        case .closeSide: return cause.side.rawValue
        case .websocketCloseCode: return session?.farewell.webSocketCode.map { String($0) } ?? ""
        case .mqttReasonCode: return session?.farewell.mqttReason.map(Hexadecimal.code) ?? ""
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

extension AccessLog {
    /// Writes a line. Any thread.
    func write(_ line: AccessLogLine) { file.append(text(line)) }

    /// A line that would be cut off, as messages of syslog have a limit, leaves out what is long instead, if it is JSON: so it
    /// stays JSON.
    func text(_ line: AccessLogLine) -> String {
        var text = line.text(format)
        if format == .json {
            for limit in [256, 64, 16] where text.utf8.count > file.lineLimit { text = line.json(stringLimit: limit) }
        }
        return text
    }
}

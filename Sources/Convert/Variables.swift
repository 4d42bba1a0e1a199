import Configuration

/// nginx's variables that have another name here.
enum Variables {
    private static let others = [
        "binary_remote_addr": "remote_addr", "proxy_protocol_addr": "remote_addr", "realip_remote_addr": "remote_addr",
        "time_local": "time_iso8601", "remote_user": "mqtt_username", "request_length": "bytes_in",
        "body_bytes_sent": "bytes_out", "bytes_sent": "bytes_out", "bytes_received": "bytes_in",
        "request_time": "duration", "session_time": "duration", "connection": "connection_id",
        "request_id": "connection_id", "upstream_response_time": "upstream_connack_time",
        "upstream_session_time": "duration", "status": "status_reason", "protocol": "scheme",
        "mqtt_preread_clientid": "mqtt_client_id", "mqtt_preread_username": "mqtt_username",
        "ssl_client_s_dn": "ssl_client_dn", "ssl_preread_server_name": "ssl_server_name",
        "server_protocol": "http_version",
    ]

    /// A key of `hash`, with our names.
    static func ofKey(_ text: String) -> String { replaced(text).text }

    /// `text` with our names, and the names for which there are none: `-` is in their place.
    static func replaced(_ text: String) -> (text: String, missing: [String]) {
        var result = ""
        var missing: [String] = []
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            let name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            rest = rest.dropFirst(name.count)
            if isBraced, rest.first == "}" { rest = rest.dropFirst() }
            if name == "request" {
                result += "$request_method $request_uri"
            } else if let ours = others[name] {
                result += "${\(ours)}"
            } else if Variable(name: name) != nil {
                result += "${\(name)}"
            } else {
                missing.append(name)
                result += "-"
            }
        }
        return (unbraced(result + rest), missing)
    }

    /// `$name` where what follows cannot be taken for a part of the name.
    private static func unbraced(_ text: String) -> String {
        text.replacing(/\$\{(\w+)\}(?!\w)/) { "$\($0.1)" }
    }
}

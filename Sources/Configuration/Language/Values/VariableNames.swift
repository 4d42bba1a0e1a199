extension Variable {
    /// The variable of this name, written without `$`; nil when there is none.
    package init?(name: String) {
        if let known = Self.byName[name] ?? Self.otherNames[name] {
            self = known
        } else if let field = Self.suffix(of: name, after: "http_") {
            self = .http(field.lowercased().replacing("_", with: "-"))
        } else if let cookie = Self.suffix(of: name, after: "cookie_") {
            self = .cookie(cookie)
        } else if let argument = Self.suffix(of: name, after: "arg_") {
            self = .argument(argument)
        } else if let claim = Self.suffix(of: name, after: "jwt_claim_") {
            self = .jwtClaim(claim)
        } else {
            return nil
        }
    }

    /// The name without `$`, as `init(name:)` reads it.
    package var name: String {
        switch self {
        case .http(let field): "http_" + field.replacing("-", with: "_")
        case .cookie(let name): "cookie_" + name
        case .argument(let name): "arg_" + name
        case .jwtClaim(let name): "jwt_claim_" + name
        default: Self.byVariable[self] ?? ""
        }
    }

    /// All names, those that take a name of their own with `NAME`.
    static let names = fixed.map(\.name) + ["http_NAME", "cookie_NAME", "arg_NAME", "jwt_claim_NAME"]

    private static let fixed: [(name: String, variable: Variable)] = [
        ("remote_addr", .remoteAddr), ("remote_port", .remotePort),
        ("server_name", .serverName), ("server_port", .serverPort),
        ("scheme", .scheme), ("uri", .uri), ("http_version", .httpVersion),
        ("host", .host), ("request_uri", .requestURI), ("args", .args), ("is_args", .isArgs),
        ("request_method", .requestMethod),
        ("listener", .listener),
        ("ssl_protocol", .sslProtocol), ("ssl_cipher", .sslCipher), ("ssl_curve", .sslCurve),
        ("ssl_server_name", .sslServerName), ("ssl_session_reused", .sslSessionReused),
        ("ssl_client_cn", .sslClientCN), ("ssl_client_dn", .sslClientDN), ("ssl_client_serial", .sslClientSerial),
        ("ssl_client_fingerprint", .sslClientFingerprint), ("ssl_client_verify", .sslClientVerify),
        ("websocket_protocol", .websocketProtocol),
        ("auth_method", .authMethod), ("auth_time", .authTime),
        ("mqtt_client_id", .mqttClientID), ("mqtt_username", .mqttUsername), ("mqtt_version", .mqttVersion),
        ("mqtt_keepalive", .mqttKeepalive), ("mqtt_clean_start", .mqttCleanStart),
        ("upstream_name", .upstreamName), ("upstream_addr", .upstreamAddr),
        ("upstream_tries", .upstreamTries), ("upstream_connack_time", .upstreamConnackTime),
        ("connection_id", .connectionID), ("bytes_in", .bytesIn), ("bytes_out", .bytesOut),
        ("packets_in", .packetsIn), ("packets_out", .packetsOut), ("duration", .duration),
        ("status_reason", .statusReason), ("close_side", .closeSide),
        ("websocket_close_code", .websocketCloseCode), ("mqtt_reason_code", .mqttReasonCode),
        ("time_iso8601", .timeISO8601),
    ]
    /// Second names, as in nginx.
    private static let otherNames: [String: Variable] = ["query_string": .args, "document_uri": .uri]
    private static let byName = Dictionary(
        fixed.map { ($0.name, $0.variable) }, uniquingKeysWith: { first, _ in first })
    private static let byVariable = Dictionary(
        fixed.map { ($0.variable, $0.name) }, uniquingKeysWith: { first, _ in first })

    private static func suffix(of name: String, after prefix: String) -> String? {
        guard name.hasPrefix(prefix), name.utf8.count > prefix.utf8.count else { return nil }
        return String(name.dropFirst(prefix.count))
    }
}

import Configuration

/// nginx's zones of `limit_conn` and `limit_req`, which Sluice's limits need no memory to be set aside for.
struct Limits {
    private struct Zone {
        /// What is counted: `ip`, `server`, `username` or `client_id`.
        var per: String
        /// Of `limit_req`: `10/s`.
        var rate: String?
    }

    private var zones: [String: Zone] = [:]

    init(_ statements: [Statement]) {
        for statement in statements where ["limit_conn_zone", "limit_req_zone"].contains(statement.name.text) {
            let words = statement.arguments.map(\.text)
            guard let per = Self.keys[words.first ?? ""], let name = Self.value("zone", of: words) else { continue }
            let rate = Self.value("rate", of: words)?.replacing("r/", with: "/")
            zones[String(name.prefix { $0 != ":" })] = Zone(per: per, rate: rate)
        }
    }

    /// Our words for a limit of nginx's; nil: there are none.
    func words(for statement: Statement) -> [String]? {
        let words = statement.arguments.map(\.text)
        switch statement.name.text {
        case "limit_conn":
            guard words.count == 2, let zone = zones[words[0]], Int(words[1]) != nil else { return nil }
            return ["limit_connections", "per=\(zone.per)", words[1]]
        case "limit_req":
            guard let zone = Self.value("zone", of: words).flatMap({ zones[$0] }), let rate = zone.rate else {
                return nil
            }
            return ["limit_connect_rate", "per=\(zone.per)", rate]
                + words.filter { $0.hasPrefix("burst=") }
        case "proxy_upload_rate": return ["limit_rate"] + words.map { "in=\($0)" }
        case "proxy_download_rate": return ["limit_rate"] + words.map { "out=\($0)" }
        default: return nil
        }
    }

    private static func value(_ name: String, of words: [String]) -> String? {
        words.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    private static let keys = [
        "$binary_remote_addr": "ip", "$remote_addr": "ip", "$proxy_protocol_addr": "ip", "$server_name": "server",
        "$mqtt_preread_username": "username", "$mqtt_preread_clientid": "client_id",
    ]
}

/// The argument of `proxy_pass`: an upstream's name or an address, behind a scheme in `http`.
struct ProxyTarget {
    /// `http`, `https`, or nil in `stream`.
    var scheme: String?
    /// The name of an upstream, `host`, `host:port` or `unix:/path`.
    var server: String

    /// nil: it contains variables, so that it is known only for each request.
    init?(_ text: String) {
        guard !text.contains("$") else { return nil }
        var rest = text[...]
        if let end = text.firstRange(of: "://") {
            scheme = String(text[..<end.lowerBound])
            rest = text[end.upperBound...]
        }
        if rest.hasPrefix("unix:") {
            // http://unix:/run/a.sock:/path
            let path = rest.dropFirst(5)
            server = "unix:" + (path.firstIndex(of: ":").map { path[..<$0] } ?? path)
        } else {
            server = scheme == nil ? String(rest) : String(rest.prefix { $0 != "/" })
        }
        if server.isEmpty { return nil }
    }
}

/// A broker's address of nginx's file, for MQTT over TCP.
struct BrokerAddress {
    /// For `server`, or `mqtt_pass`.
    var text: String
    /// The port that nginx's file names, if it is another one.
    var replaced: Int?

    /// - Parameters:
    ///   - text: `host`, `host:port`, `[::1]:port` or `unix:/path`.
    ///   - isStream: Whether nginx speaks MQTT to it already, so that the port is right unless TLS is spoken there.
    ///   - port: The brokers' TCP port.
    init(_ text: String, isStream: Bool, port: Int) {
        guard !text.hasPrefix("unix:") else {
            self.text = text
            return
        }
        let colon = text.lastIndex(of: ":").flatMap { text[$0...].contains("]") ? nil : $0 }
        let host = colon.map { text[..<$0] } ?? text[...]
        let named = colon.flatMap { Int(text[text.index(after: $0)...]) }
        if let named, named == port || isStream && named != 8883 {
            self.text = text
        } else {
            self.text = "\(host):\(port)"
            replaced = named ?? 80
        }
    }
}

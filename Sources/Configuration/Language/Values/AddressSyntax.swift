extension Address: CustomStringConvertible {
    /// As the configuration writes it: `127.0.0.1:1883`, `[::1]:1883`, `*:8083`, `broker:1883`, `unix:/path`.
    package var description: String {
        switch self {
        case .inet(let host, let port): host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension Address {
    /// What `listen` takes: a port, a literal address and a port, `*` and a port, or a unix socket. A port alone is two
    /// addresses, every IPv4 one and every IPv6 one; all else is one.
    ///
    /// `0.0.0.0` becomes `*`, so that two ways to write one address are equal.
    static func listening(_ text: String) throws(ValueFault) -> [Address] {
        if let number = Value.integer(text[...]) {
            let port = try checked(number, text)
            return [.inet(host: "*", port: port), .inet(host: "::", port: port)]
        }
        if let (_, rest) = withoutScheme(text) {
            let right = (try? listening(rest)) == nil ? "127.0.0.1:8083" : rest
            throw malformed(text, hint: "omit the scheme: \(right)")
        }
        let address = try parsed(text)
        guard case .inet(let host, let port) = address else { return [address] }
        if host == "*" || host == "0.0.0.0" { return [.inet(host: "*", port: port)] }
        guard isLiteral(host) else {
            throw ValueFault(
                "must be a port, an address and a port, or unix:/path, not \(quoted(text))",
                hint: "names are not resolved here: write the address")
        }
        return [address]
    }

    /// What `server` and `mqtt_pass` take: a literal address or a name, with a port, or a unix socket.
    static func peer(_ text: String) throws(ValueFault) -> Address {
        guard Value.integer(text[...]) == nil, !text.hasPrefix("*") else { throw malformed(text) }
        if let (scheme, rest) = withoutScheme(text) { throw malformed(text, hint: peerHint(scheme, rest)) }
        return try parsed(text)
    }

    /// A literal address or a name, with or without a port, or a unix socket. `example`: what an error shows as right.
    static func server(_ text: String, defaultPort: UInt16, example: String) throws(ValueFault) -> Address {
        if let (_, rest) = withoutScheme(text) { throw malformed(text, example, hint: "omit the scheme: \(rest)") }
        guard !text.hasPrefix("*") else { throw malformed(text, example) }
        if Host.canonicalIPv6(text) != nil {
            throw malformed(text, example, hint: "an IPv6 address is written in brackets: [\(text)]")
        }
        let hasPort = text.hasPrefix("unix:") || text.utf8.contains(0x3A) && !text.hasSuffix("]")
        return try parsed(hasPort ? text : "\(text):\(defaultPort)", example)
    }

    /// The scheme of a URL, and its host and port; nil when `text` is no URL.
    static func withoutScheme(_ text: String) -> (scheme: String, rest: String)? {
        guard let colon = text.utf8.firstIndex(of: 0x3A), text[colon...].hasPrefix("://") else { return nil }
        let rest = text[colon...].dropFirst(3)
        let authority = rest.hasPrefix("unix:") ? rest : rest.prefix { !"/?#".contains($0) }
        return (text[..<colon].lowercased(), String(authority.split(separator: "@").last ?? ""))
    }

    private static func peerHint(_ scheme: String, _ rest: String) -> String {
        let host = (try? parsed(rest)).flatMap { address in
            if case .inet(let host, _) = address { host } else { nil }
        }
        let isPlain = ["mqtt", "tcp"].contains(scheme) || rest.hasPrefix("unix:")
        if isPlain, (try? peer(rest)) != nil { return "omit the scheme: \(rest)" }
        let right = inet(host: host ?? (Host.isName(rest) || Host.isIPv4(rest) ? rest : "127.0.0.1"), port: 1883)
        return isPlain
            ? "omit the scheme, and add the port: \(right)"
            : "connections to brokers are plain MQTT over TCP: omit the scheme, and use that port: \(right)"
    }

    private static func parsed(
        _ text: String, _ example: String = peerExample
    ) throws(ValueFault) -> Address {
        if text.hasPrefix("unix:") { return .unix(path: try socketPath(String(text.dropFirst(5)), text)) }
        guard let colon = text.utf8.lastIndex(of: 0x3A), !text.hasSuffix("]") else {
            let named = Host.isName(text) || text.hasSuffix("]")
            throw malformed(text, example, hint: named ? "the port is missing: \(text):1883" : nil)
        }
        let after = text.utf8.index(after: colon)
        guard let number = Value.integer(text[after...]) else { throw malformed(text, example) }
        let port = try checked(number, text)
        let host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), let canonical = Host.canonicalIPv6(host.dropFirst().dropLast()) else {
                throw malformed(text, example, hint: "there is no valid IPv6 address in the brackets")
            }
            return .inet(host: canonical, port: port)
        }
        guard !host.utf8.contains(0x3A) else {
            throw malformed(text, example, hint: "an IPv6 address is written in brackets: [::1]:1883")
        }
        if host == "*" || Host.isIPv4(host) { return .inet(host: String(host), port: port) }
        guard Host.isName(host) else { throw malformed(text, example) }
        return .inet(host: host.lowercased(), port: port)
    }

    private static func isLiteral(_ host: String) -> Bool {
        host.utf8.contains(0x3A) || Host.isIPv4(host[...])
    }

    private static func checked(_ port: Int, _ text: String) throws(ValueFault) -> UInt16 {
        guard let port = UInt16(exactly: port), port > 0 else {
            throw ValueFault("must have a port from 1 to 65535, not \(quoted(text))")
        }
        return port
    }

    /// `sockaddr_un` holds 107 bytes and a zero. unix(7)
    private static func socketPath(_ path: String, _ text: String) throws(ValueFault) -> String {
        guard path.hasPrefix("/"), (2...107).contains(path.utf8.count), isPrintable(path) else {
            throw ValueFault("must have an absolute path of at most 107 bytes after unix:, not \(quoted(text))")
        }
        return path
    }

    private static let peerExample = "127.0.0.1:1883, [::1]:1883 or unix:/path"

    private static func malformed(
        _ text: String, _ example: String = peerExample, hint: String? = nil
    ) -> ValueFault {
        ValueFault("must be an address such as \(example), not \(quoted(text))", hint: hint)
    }
}

/// Whether `text` has no control characters, which would cut a path short or break a log line.
func isPrintable(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
}

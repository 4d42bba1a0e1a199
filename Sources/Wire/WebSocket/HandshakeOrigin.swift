/// A serialised origin, `scheme "://" host [ ":" port ]` (RFC 6454 §6.2), or the pattern for a set of them.
struct HandshakeOrigin: Equatable {
    private let scheme: String
    private let host: String
    /// Nil for the default port of the scheme.
    private let port: UInt16?

    /// Whether the value of an Origin field matches `pattern`: the same scheme, host and port, where "*." at the
    /// start of the pattern's host stands for one or more labels. "null" and whatever else is no origin matches
    /// nothing but "null" itself.
    static func matches(_ value: String, pattern: String) -> Bool {
        if HTTPCharacter.same(value, "null") { return HTTPCharacter.sameIgnoringCase(pattern, "null") }
        guard let origin = HandshakeOrigin(value), let allowed = HandshakeOrigin(pattern, isPattern: true) else {
            return false
        }
        return origin.scheme == allowed.scheme && origin.port == allowed.port && origin.hasHost(allowed.host)
    }

    /// Parses an origin; nil if the text is not one. A pattern may have "*" as its first label.
    private init?(_ text: String, isPattern: Bool = false) {
        let bytes = Array(HTTPCharacter.lowercased(text.utf8).utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            bytes[colon...].starts(with: "://".utf8), bytes[..<colon].allSatisfy(Self.isScheme)
        else { return nil }
        let authority = bytes[colon...].dropFirst(3)
        var hostEnd = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        if authority.first == UInt8(ascii: "["), let close = authority.firstIndex(of: UInt8(ascii: "]")) {
            hostEnd = close + 1
        }
        let host = authority[..<hostEnd]
        let name = isPattern && host.starts(with: "*.".utf8) ? host.dropFirst(2) : host
        guard Self.isHost(name), let port = Self.port(authority[hostEnd...]) else { return nil }
        scheme = String(decoding: bytes[..<colon], as: UTF8.self)
        self.host = String(decoding: host, as: UTF8.self)
        self.port = port == 0 || port == Self.defaultPort(scheme) ? nil : port
    }

    private func hasHost(_ allowed: String) -> Bool {
        guard allowed.hasPrefix("*.") else { return host == allowed }
        // The dot stays, so that neither "example.com" nor "badexample.com" matches; as no host has an empty label,
        // at least one label stands before it.
        return host.hasSuffix(allowed.dropFirst())
    }

    /// The port after the host: 0 for none, nil if it is malformed.
    private static func port(_ bytes: ArraySlice<UInt8>) -> UInt16? {
        guard let colon = bytes.first else { return 0 }
        let digits = bytes.dropFirst()
        guard colon == UInt8(ascii: ":"), digits.allSatisfy(HTTPCharacter.isDigit),
            let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
        else { return nil }
        return port
    }

    private static func defaultPort(_ scheme: String) -> UInt16? {
        switch scheme {
        case "https", "wss": 443
        case "http", "ws": 80
        default: nil
        }
    }

    /// `ALPHA / DIGIT / "+" / "-" / "."`, RFC 3986 §3.1.
    private static func isScheme(_ byte: UInt8) -> Bool {
        HTTPCharacter.isAlphanumeric(byte) || "+-.".utf8.contains(byte)
    }

    /// A DNS name without empty labels, an address, or nothing ("file://" in embedded browsers).
    private static func isHost(_ bytes: ArraySlice<UInt8>) -> Bool {
        if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") {
            return bytes.dropFirst().dropLast().allSatisfy(HTTPCharacter.isIPv6Address)
        }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return bytes.isEmpty || labels.allSatisfy { !$0.isEmpty && $0.allSatisfy(isLabel) }
    }

    private static func isLabel(_ byte: UInt8) -> Bool {
        HTTPCharacter.isAlphanumeric(byte) || "-_".utf8.contains(byte)
    }
}

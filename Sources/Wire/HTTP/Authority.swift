/// `uri-host [ ":" port ]`, as in the Host field and in absolute-form targets, RFC 9110 §7.2.
enum Authority {
    /// The host in lower case, without port and without the dot that ends an absolute DNS name; IPv6 keeps its
    /// brackets. Empty input is an empty host (RFC 9112 §3.2 allows it in Host).
    ///
    /// Throws 400 for user information (RFC 9110 §4.2.4), ports that are not 0...65535, and other bytes.
    static func host(_ authority: ArraySlice<UInt8>) throws(HTTPError) -> String {
        let hostEnd = try endOfHost(authority)
        try checkPort(authority[hostEnd...])
        var host = authority[..<hostEnd]
        if host.last == UInt8(ascii: ".") { host.removeLast() }
        return HTTPCharacter.lowercased(host)
    }

    private static func endOfHost(_ authority: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")), close - authority.startIndex > 2 else {
                throw .malformed(.host, "the host is not an IPv6 address in brackets")  // RFC 3986 §3.2.2
            }
            for byte in authority[..<close].dropFirst() where !HTTPCharacter.isIPv6Address(byte) {
                throw .malformed(.host, "the host is not an IPv6 address in brackets")
            }
            return close + 1
        }
        let end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        if authority[end...].dropFirst().contains(UInt8(ascii: ":")),
            authority.allSatisfy(HTTPCharacter.isIPv6Address)
        {
            throw .malformed(.host, "an IPv6 address without brackets: write [address] or [address]:port")
        }
        var previous: UInt8?
        for byte in authority[..<end] {
            guard isRegisteredName(byte), byte != UInt8(ascii: ".") || previous != byte else {
                throw .malformed(.host, "the host is not a name or an address")  // RFC 3986 §3.2.2
            }
            previous = byte
        }
        return end
    }

    /// `bytes` is what follows the host: nothing, or ":" and `*DIGIT` (RFC 3986 §3.2.3).
    private static func checkPort(_ bytes: ArraySlice<UInt8>) throws(HTTPError) {
        let digits = bytes.dropFirst()
        let isPort =
            digits.count <= 5 && digits.allSatisfy(HTTPCharacter.isDigit)
            && digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65535
        guard bytes.isEmpty || (bytes.first == UInt8(ascii: ":") && isPort) else {
            throw .malformed(.host, "the port is not a number up to 65535")
        }
    }

    /// `unreserved / sub-delims`, RFC 3986 §3.2.2. Without `pct-encoded`: no DNS name needs it, and an encoded name
    /// would escape comparison.
    private static func isRegisteredName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default:
            HTTPCharacter.isAlphanumeric(byte)
        }
    }
}

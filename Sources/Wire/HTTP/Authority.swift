/// `uri-host [ ":" port ]`, as in the Host field and in absolute-form targets, RFC 9110 §7.2.
enum Authority {
    /// A host without port and without the dot that ends an absolute DNS name; IPv6 keeps its brackets. Empty input is an
    /// empty host (RFC 9112 §3.2 allows it in Host).
    struct Host {
        let place: Range<Int>
        /// Whether it holds none of `A`–`Z`.
        let isLowerCase: Bool
        /// nil: none is given, and the scheme has a default.
        let port: UInt16?
    }

    /// The host of the authority at `place`.
    ///
    /// Throws 400 for user information (RFC 9110 §4.2.4), ports that are not 0...65535, and other bytes.
    static func host(_ bytes: Span<UInt8>, _ place: Range<Int>) throws(HTTPError) -> Host {
        var end = try endOfHost(bytes, place)
        let port = try port(bytes, end..<place.upperBound)
        if end > place.lowerBound, bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
        let host = place.lowerBound..<end
        let isLowerCase = host.allSatisfy { bytes[$0] == HTTPCharacter.lowercased(bytes[$0]) }
        return Host(place: host, isLowerCase: isLowerCase, port: port)
    }

    private static func endOfHost(_ bytes: Span<UInt8>, _ place: Range<Int>) throws(HTTPError) -> Int {
        if let first = place.first, bytes[first] == UInt8(ascii: "[") { return try endOfIPv6(bytes, place) }
        let end = ByteScan.index(of: UInt8(ascii: ":"), in: bytes, place)
        if end < place.upperBound,
            ByteScan.index(of: UInt8(ascii: ":"), in: bytes, (end + 1)..<place.upperBound) < place.upperBound,
            place.allSatisfy({ HTTPCharacter.isIPv6Address(bytes[$0]) })
        {
            throw .malformed(.host, "an IPv6 address without brackets: write [address] or [address]:port")
        }
        var previous: UInt8?
        for index in place.lowerBound..<end {
            let byte = bytes[index]
            guard isRegisteredName(byte), byte != UInt8(ascii: ".") || previous != byte else {
                throw .malformed(.host, "the host is not a name or an address")  // RFC 3986 §3.2.2
            }
            previous = byte
        }
        return end
    }

    private static func endOfIPv6(_ bytes: Span<UInt8>, _ place: Range<Int>) throws(HTTPError) -> Int {
        let close = ByteScan.index(of: UInt8(ascii: "]"), in: bytes, place)
        guard close < place.upperBound, close - place.lowerBound > 2,
            ((place.lowerBound + 1)..<close).allSatisfy({ HTTPCharacter.isIPv6Address(bytes[$0]) })
        else { throw .malformed(.host, "the host is not an IPv6 address in brackets") }  // RFC 3986 §3.2.2
        return close + 1
    }

    /// `place` holds what follows the host: nothing, or ":" and `*DIGIT` (RFC 3986 §3.2.3).
    private static func port(_ bytes: Span<UInt8>, _ place: Range<Int>) throws(HTTPError) -> UInt16? {
        guard let colon = place.first else { return nil }
        let digits = place.dropFirst()
        guard bytes[colon] == UInt8(ascii: ":"), digits.count <= 5,
            digits.allSatisfy({ HTTPCharacter.isDigit(bytes[$0]) }),
            let port = UInt16(exactly: digits.reduce(0) { $0 * 10 + Int(bytes[$1] - UInt8(ascii: "0")) })
        else { throw .malformed(.host, "the port is not a number up to 65535") }
        return digits.isEmpty ? nil : port
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

/// The places of `scheme "://" host [ ":" port ]` (RFC 6454 §6.2).
struct Origin {
    let scheme: Range<Int>
    let host: Range<Int>
    /// Nil for the default port of the scheme.
    let port: UInt16?

    /// Parses an origin; nil if `range` of `bytes` is not one. A pattern may have "*" as its first label.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>, isPattern: Bool = false) {
        let colon = ByteScan.index(of: UInt8(ascii: ":"), in: bytes, range)
        guard colon > range.lowerBound, colon + 3 <= range.upperBound,
            ByteScan.isSame(bytes, colon..<(colon + 3), "://")
        else { return nil }
        scheme = range.lowerBound..<colon
        guard scheme.allSatisfy({ Self.isScheme(bytes[$0]) }) else { return nil }
        let authority = (colon + 3)..<range.upperBound
        var end = ByteScan.index(of: UInt8(ascii: ":"), in: bytes, authority)
        if let first = authority.first, bytes[first] == UInt8(ascii: "[") {
            let close = ByteScan.index(of: UInt8(ascii: "]"), in: bytes, authority)
            if close < authority.upperBound { end = close + 1 }
        }
        host = authority.lowerBound..<end
        let hasWildcard = isPattern && host.count >= 2 && ByteScan.isSame(bytes, host.prefix(2), "*.")
        guard Self.isHost(bytes, host.dropFirst(hasWildcard ? 2 : 0)),
            let port = Self.port(bytes, end..<authority.upperBound)
        else { return nil }
        self.port = port == 0 || port == Self.defaultPort(bytes, scheme) ? nil : port
    }

    /// The port after the host: 0 for none, nil if it is malformed.
    private static func port(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt16? {
        guard let colon = range.first else { return 0 }
        guard bytes[colon] == UInt8(ascii: ":") else { return nil }
        var port: UInt16 = 0
        for index in range.dropFirst() {
            guard HTTPCharacter.isDigit(bytes[index]) else { return nil }
            let (tenfold, overflows) = port.multipliedReportingOverflow(by: 10)
            let (next, carries) = tenfold.addingReportingOverflow(UInt16(bytes[index] - UInt8(ascii: "0")))
            guard !overflows, !carries else { return nil }
            port = next
        }
        return port > 0 ? port : nil
    }

    private static func defaultPort(_ bytes: Span<UInt8>, _ scheme: Range<Int>) -> UInt16? {
        for name in ["https", "wss"] as [StaticString] where ByteScan.isSameIgnoringCase(bytes, scheme, name) {
            return 443
        }
        for name in ["http", "ws"] as [StaticString] where ByteScan.isSameIgnoringCase(bytes, scheme, name) {
            return 80
        }
        return nil
    }

    /// `ALPHA / DIGIT / "+" / "-" / "."`, RFC 3986 §3.1.
    private static func isScheme(_ byte: UInt8) -> Bool {
        HTTPCharacter.isAlphanumeric(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }

    /// A DNS name without empty labels, an address, or nothing ("file://" in embedded browsers).
    private static func isHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard let first = range.first, let last = range.last else { return true }
        if bytes[first] == UInt8(ascii: "["), bytes[last] == UInt8(ascii: "]") {
            return range.dropFirst().dropLast().allSatisfy { HTTPCharacter.isIPv6Address(bytes[$0]) }
        }
        var isInLabel = false
        for index in range {
            let isDot = bytes[index] == UInt8(ascii: ".")
            guard isDot ? isInLabel : isLabel(bytes[index]) else { return false }
            isInLabel = !isDot
        }
        return isInLabel
    }

    private static func isLabel(_ byte: UInt8) -> Bool {
        HTTPCharacter.isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}

/// What the operator writes for a set of origins: a serialised origin (RFC 6454 §6.2), where "*." at the start of the host
/// stands for one or more labels, or "null".
struct OriginPattern: Sendable, Equatable {
    private let scheme: [UInt8]
    /// Of a host that begins with "*.", what follows the "*".
    private let host: [UInt8]
    private let hasWildcard: Bool
    private let port: UInt16?
    private let isNull: Bool

    /// Parses a pattern; nil if the text is not one.
    init?(_ text: String) {
        let bytes = text.utf8.map { HTTPCharacter.lowercased($0) }
        isNull = bytes.elementsEqual("null".utf8)
        guard let origin = Origin(bytes.span, 0..<bytes.count, isPattern: true) else {
            guard isNull else { return nil }
            (scheme, host, hasWildcard, port) = ([], [], false, nil)
            return
        }
        scheme = Array(bytes[origin.scheme])
        hasWildcard = bytes[origin.host].starts(with: "*.".utf8)
        host = Array(bytes[origin.host].dropFirst(hasWildcard ? 1 : 0))
        port = origin.port
    }

    /// Whether the value of an Origin field, at `range` of `bytes`, is in the set: the same scheme, host and port. "null"
    /// and whatever else is no origin matches nothing but "null" itself.
    func matches(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        if ByteScan.isSame(bytes, range, "null") { return isNull }
        guard !isNull, let origin = Origin(bytes, range), port == origin.port else { return false }
        return ByteScan.isSameIgnoringCase(bytes, origin.scheme, scheme) && hasHost(bytes, origin.host)
    }

    private func hasHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard hasWildcard else { return ByteScan.isSameIgnoringCase(bytes, range, host) }
        // `host` begins with a dot, so that neither "example.com" nor "badexample.com" matches; as no host has an empty
        // label, at least one label stands before it.
        return range.count >= host.count && ByteScan.isSameIgnoringCase(bytes, range.suffix(host.count), host)
    }
}

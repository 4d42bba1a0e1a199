/// A request target in origin-form or absolute-form, RFC 9112 §3.2, taken apart and made safe to compare.
struct RequestTarget {
    /// Where the path stands; empty for an absolute-form target without one.
    let path: Range<Int>
    /// What the path means, when that is not what it says: percent-decoded, without dot segments and doubled slashes;
    /// begins with "/", and is UTF-8 without control characters.
    let decodedPath: [UInt8]?
    /// What follows the first "?", as it came; nil without a "?". It is opaque: browsers send a bare "%" as it is (WHATWG
    /// URL), and what it means is for whoever reads an argument of it.
    let query: Range<Int>?
    /// The host of an absolute-form target; nil for origin-form.
    let host: Authority.Host?

    /// Reads the request target at `place`. Throws 400 for other forms, bytes that no URI has, and faults of
    /// percent-encoding.
    static func parse(_ bytes: Span<UInt8>, _ place: Range<Int>) throws(HTTPError) -> RequestTarget {
        for index in place where !isAllowed(bytes[index]) {
            throw .malformed(.target, "the request target contains a byte that is not allowed in a URI")  // RFC 3986 §2
        }
        if let first = place.first, bytes[first] == UInt8(ascii: "/") {
            return try RequestTarget(bytes, pathAndQuery: place, host: nil)
        }
        guard let authority = afterScheme(bytes, place) else {
            // authority-form is for CONNECT and asterisk-form for OPTIONS only, RFC 9112 §3.2.3 and §3.2.4.
            throw .malformed(.target, "the request target is neither a path nor an http, https, ws or wss URI")
        }
        let rest = authority..<place.upperBound
        let end = min(
            ByteScan.index(of: UInt8(ascii: "/"), in: bytes, rest),
            ByteScan.index(of: UInt8(ascii: "?"), in: bytes, rest))
        let host = try Authority.host(bytes, authority..<end)
        // RFC 9110 §4.2.1: an http URI with an empty host is invalid.
        guard !host.place.isEmpty else { throw .malformed(.target, "the request target has an empty host") }
        return try RequestTarget(bytes, pathAndQuery: end..<place.upperBound, host: host)
    }

    private init(
        _ bytes: Span<UInt8>, pathAndQuery place: Range<Int>, host: Authority.Host?
    ) throws(HTTPError) {
        let end = ByteScan.index(of: UInt8(ascii: "?"), in: bytes, place)
        path = place.lowerBound..<end
        decodedPath = Self.isPlain(bytes, path) ? nil : try Self.normalized(bytes, path)
        query = end < place.upperBound ? (end + 1)..<place.upperBound : nil
        self.host = host
    }

    /// Where the authority begins, or nil if this is not an absolute URI of a scheme we serve.
    private static func afterScheme(_ bytes: Span<UInt8>, _ target: Range<Int>) -> Int? {
        for scheme in ["http://", "https://", "ws://", "wss://"] as [StaticString] {
            let end = target.lowerBound + scheme.utf8CodeUnitCount
            guard end <= target.upperBound else { continue }
            if ByteScan.isSameIgnoringCase(bytes, target.lowerBound..<end, scheme) { return end }
        }
        return nil
    }

    /// Whether a path means what it says: it begins with "/" and has no "%", no "\\", and no "/" before a "/" or a ".".
    private static func isPlain(_ bytes: Span<UInt8>, _ path: Range<Int>) -> Bool {
        guard let first = path.first, bytes[first] == UInt8(ascii: "/") else { return false }
        var isAfterSlash = false
        for index in path {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\") { return false }
            if isAfterSlash, byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") { return false }
            isAfterSlash = byte == UInt8(ascii: "/")
        }
        return true
    }

    /// Visible US-ASCII without the delimiters that browsers always encode. RFC 3986 has fewer characters; browsers
    /// send `[ ] ^ | { }` and the backquote as they are (WHATWG URL, query percent-encode set).
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"): false
        default: (0x21...0x7E).contains(byte)
        }
    }
}

extension RequestTarget {
    /// The path percent-decoded once, then freed of dot segments and doubled slashes, in this order, so that an
    /// encoded "/" or "." cannot hide a segment.
    ///
    /// RFC 3986 §5.2.4 stops a ".." at the root in silence; no client sends one, so it is refused like in nginx.
    private static func normalized(_ bytes: Span<UInt8>, _ encoded: Range<Int>) throws(HTTPError) -> [UInt8] {
        guard let path = PercentCoding.decode(bytes.extracting(encoded).withUnsafeBufferPointer { Array($0) }) else {
            throw .malformed(.target, "the path has an invalid percent-encoding")  // RFC 3986 §2.1
        }
        for byte in path where HTTPCharacter.isControl(byte) || byte == UInt8(ascii: "\\") {
            throw .malformed(.target, "the path has a control character or a backslash")
        }
        var segments: [ArraySlice<UInt8>] = []
        for segment in path.split(separator: UInt8(ascii: "/")) {
            if segment.elementsEqual("..".utf8) {
                guard segments.popLast() != nil else {
                    throw .malformed(.target, "the path leads above the root")
                }
            } else if !segment.elementsEqual(".".utf8) {
                segments.append(segment)
            }
        }
        var result = [UInt8](segments.map { [UInt8(ascii: "/")] + $0 }.joined())
        if result.isEmpty || endsInDirectory(path) { result.append(UInt8(ascii: "/")) }
        guard UTF8Validation.isWellFormed(result.span, 0..<result.count) else {
            throw .malformed(.target, "the path is not UTF-8")
        }
        return result
    }

    /// Whether the path ends in "/", "/." or "/..": all three name a directory, RFC 3986 §5.2.4.
    private static func endsInDirectory(_ path: [UInt8]) -> Bool {
        let last = path.suffix(while: { $0 != UInt8(ascii: "/") })
        return last.isEmpty || last.elementsEqual(".".utf8) || last.elementsEqual("..".utf8)
    }
}

extension BidirectionalCollection {
    /// The longest end of the collection whose elements all satisfy `predicate`.
    fileprivate func suffix(while predicate: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, predicate(self[index(before: start)]) { formIndex(before: &start) }
        return self[start...]
    }
}

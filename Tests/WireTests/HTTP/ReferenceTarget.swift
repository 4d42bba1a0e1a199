@testable import Wire

/// A request target in origin-form or absolute-form, RFC 9112 §3.2, taken apart and made safe to compare.
struct ReferenceTarget: Equatable {
    /// Percent-decoded, without dot segments and doubled slashes; begins with "/" and has no control characters.
    let path: String
    /// What follows the first "?", as it came; nil without a "?". It is opaque: browsers send a bare "%" as it is (WHATWG
    /// URL), and what it means is for whoever reads an argument of it.
    let query: String?
    /// The host of an absolute-form target; nil for origin-form.
    let host: String?

    /// Reads a request target. Throws 400 for other forms, bytes that no URI has, and faults of percent-encoding.
    static func parse(_ target: ArraySlice<UInt8>) throws(HTTPError) -> ReferenceTarget {
        for byte in target where !isAllowed(byte) {
            throw .malformed(.target, "the request target contains a byte that is not allowed in a URI")  // RFC 3986 §2
        }
        if target.first == UInt8(ascii: "/") {
            return try ReferenceTarget(pathAndQuery: target, host: nil)
        }
        guard let authorityStart = afterScheme(target) else {
            // authority-form is for CONNECT and asterisk-form for OPTIONS only, RFC 9112 §3.2.3 and §3.2.4.
            throw .malformed(.target, "the request target is neither a path nor an http, https, ws or wss URI")
        }
        let rest = target[authorityStart...]
        let authorityEnd = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let host = try ReferenceAuthority.host(rest[..<authorityEnd])
        // RFC 9110 §4.2.1: an http URI with an empty host is invalid.
        guard !host.isEmpty else { throw .malformed(.target, "the request target has an empty host") }
        return try ReferenceTarget(pathAndQuery: rest[authorityEnd...], host: host)
    }

    private init(pathAndQuery: ArraySlice<UInt8>, host: String?) throws(HTTPError) {
        let pathEnd = pathAndQuery.firstIndex(of: UInt8(ascii: "?")) ?? pathAndQuery.endIndex
        path = try Self.normalized(pathAndQuery[..<pathEnd])
        query =
            pathEnd < pathAndQuery.endIndex
            ? String(decoding: pathAndQuery[pathEnd...].dropFirst(), as: UTF8.self) : nil
        self.host = host
    }

    /// Where the authority begins, or nil if this is not an absolute URI of a scheme we serve.
    private static func afterScheme(_ target: ArraySlice<UInt8>) -> Int? {
        for prefix in ["http://", "https://", "ws://", "wss://"] {
            let start = target.prefix(prefix.utf8.count)
            if start.lazy.map({ HTTPCharacter.lowercased($0) }).elementsEqual(prefix.utf8) { return start.endIndex }
        }
        return nil
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

extension ReferenceTarget {
    /// The path percent-decoded once, then freed of dot segments and doubled slashes, in this order, so that an
    /// encoded "/" or "." cannot hide a segment.
    ///
    /// RFC 3986 §5.2.4 stops a ".." at the root in silence; no client sends one, so it is refused like in nginx.
    static func normalized(_ encoded: ArraySlice<UInt8>) throws(HTTPError) -> String {
        guard let path = PercentCoding.decode(encoded) else {
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
        guard let text = String(validating: result, as: UTF8.self) else {
            throw .malformed(.target, "the path is not UTF-8")
        }
        return text
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
/// `uri-host [ ":" port ]`, as in the Host field and in absolute-form targets, RFC 9110 §7.2.
enum ReferenceAuthority {
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

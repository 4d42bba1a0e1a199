extension RequestHead {
    /// The most fields a request may have; more is 431.
    package static let fieldLimit = 100

    /// Parses exactly one request head, from its first byte up to and including the empty line, as
    /// `RequestHeadScanner` delimits it.
    ///
    /// Throws 400 for anything malformed or ambiguous, 431 for too many fields, 505 for another major version.
    package static func parse(_ bytes: Span<UInt8>) throws(HTTPError) -> RequestHead {
        let lines = try HeadLines(bytes)
        let line = try RequestLine(bytes, lines.requestLine)
        guard lines.fieldCount <= fieldLimit else {
            throw HTTPError(
                status: .requestHeaderFieldsTooLarge, cause: .tooLarge, detail: "more than \(fieldLimit) fields")
        }
        let fields = try parseFields(bytes, lines)
        let target = try RequestTarget.parse(bytes, line.target)
        var head = RequestHead(bytes.withUnsafeBufferPointer { [UInt8]($0) }, line, fields)
        head.set(target)
        let host = try head.parseHost(bytes)
        // RFC 9112 §3.2.2: the absolute-form target wins over Host.
        if let host = target.host ?? host { head.set(host: host) }
        try head.checkBody(bytes)
        return head
    }
}

// MARK: - Fields

extension RequestHead {
    private static func parseFields(_ bytes: Span<UInt8>, _ lines: HeadLines) throws(HTTPError) -> [FieldPlace] {
        var fields: [FieldPlace] = []
        fields.reserveCapacity(lines.fieldCount)
        var start = lines.fields.lowerBound
        while start < lines.fields.upperBound {
            let field = try parseField(bytes, start..<lines.fields.upperBound)
            fields.append(field.place)
            start = field.end
        }
        return fields
    }

    /// `field-name ":" OWS field-value OWS CRLF`, RFC 9112 §5, at the start of `rest`.
    private static func parseField(
        _ bytes: Span<UInt8>, _ rest: Range<Int>
    ) throws(HTTPError) -> (place: FieldPlace, end: Int) {
        var colon = rest.lowerBound
        while colon < rest.upperBound, HTTPCharacter.isToken(bytes[colon]) { colon += 1 }
        guard colon > rest.lowerBound, colon < rest.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            throw faultOfName(bytes, rest)
        }
        let end = ByteScan.endOfFieldValue(in: bytes, (colon + 1)..<rest.upperBound)
        // An LF always has its CR here: a CR without an LF is a character like any other.
        guard end + 1 < rest.upperBound, bytes[end + 1] == HTTPCharacter.lineFeed else {
            throw .malformed(.field, "a field value has a control character")  // RFC 9110 §5.5
        }
        let value = HTTPCharacter.trimmed(bytes, (colon + 1)..<end)
        return (FieldPlace(name: rest.lowerBound..<colon, value: value), end + 2)
    }

    /// What is wrong with a line that does not begin with a name and a colon.
    private static func faultOfName(_ bytes: Span<UInt8>, _ rest: Range<Int>) -> HTTPError {
        let isSpace = { (byte: UInt8) in byte == HTTPCharacter.space || byte == HTTPCharacter.tab }
        if isSpace(bytes[rest.lowerBound]) {
            return .malformed(.field, "a field line begins with white space (obs-fold)")  // RFC 9112 §5.2
        }
        let end = ByteScan.index(of: HTTPCharacter.lineFeed, in: bytes, rest)
        let colon = ByteScan.index(of: UInt8(ascii: ":"), in: bytes, rest.lowerBound..<end)
        guard colon < end else { return .malformed(.field, "a field line has no colon") }
        if colon > rest.lowerBound, isSpace(bytes[colon - 1]) {
            return .malformed(.field, "white space before the colon of a field")  // RFC 9112 §5.1
        }
        return .malformed(.field, "a field name is not a token")  // RFC 9110 §5.1
    }
}

// MARK: - Rules across fields

extension RequestHead {
    /// RFC 9112 §3.2: one Host at most, exactly one from HTTP/1.1 on, and a valid one.
    private func parseHost(_ bytes: Span<UInt8>) throws(HTTPError) -> Authority.Host? {
        let hosts = field("host")
        guard let host = hosts.first else {
            guard minorVersion == 0 else { throw .malformed(.host, "no Host field") }
            return nil
        }
        guard hosts.count == 1 else { throw .malformed(.host, "more than one Host field") }
        return try Authority.host(bytes, host)
    }

    /// RFC 9112 §6: content that is announced must not be mistaken for a next request. Notes whether there is some, and its
    /// size.
    private mutating func checkBody(_ bytes: Span<UInt8>) throws(HTTPError) {
        let lengths = field("content-length")
        let hasTransferCoding = field("transfer-encoding").count > 0
        guard lengths.count == 0 || !hasTransferCoding else {
            throw .malformed(.body, "both Transfer-Encoding and Content-Length")  // RFC 9112 §6.1
        }
        guard !hasTransferCoding || minorVersion > 0 else {
            throw .malformed(.body, "Transfer-Encoding in an HTTP/1.0 request")  // RFC 9112 §6.1
        }
        guard lengths.count <= 1 else {
            throw .malformed(.body, "more than one Content-Length")  // RFC 9112 §6.3
        }
        hasBody = hasTransferCoding
        if let length = lengths.first {
            guard !length.isEmpty, length.allSatisfy({ HTTPCharacter.isDigit(bytes[$0]) }) else {
                throw .malformed(.body, "Content-Length is not a number")  // RFC 9112 §6.3
            }
            hasBody = length.contains { bytes[$0] != UInt8(ascii: "0") }
            contentLength = Int(text(length)) ?? .max
        }
        guard !hasBody || !(isMethod("GET") || isMethod("HEAD")) else {
            throw .malformed(.body, "a \(method) request with a body")  // RFC 9110 §9.3.1
        }
    }
}

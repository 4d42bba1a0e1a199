@testable import Wire

/// A request head read in the plainest way, line by line over texts: what `RequestHead.parse` must agree with, refusals
/// included.
struct ReferenceHead: Equatable {
    let method: String
    let target: String
    let path: String
    let query: String?
    let host: String?
    let minorVersion: Int
    let fields: [HTTPField]
}

extension ReferenceHead {
    /// The most fields a request may have; more is 431.
    static let fieldLimit = 100

    /// Parses exactly one request head, from its first byte up to and including the empty line, as
    /// `RequestHeadScanner` delimits it.
    ///
    /// Throws 400 for anything malformed or ambiguous, 431 for too many fields, 505 for another major version.
    static func parse(_ bytes: Span<UInt8>) throws(HTTPError) -> ReferenceHead {
        let lines = try splitLines(bytes)
        guard let requestLine = lines.first else {
            throw .malformed(.framing, "the request head is empty")
        }
        let start = try parseRequestLine(requestLine)
        guard lines.count - 1 <= fieldLimit else {
            throw HTTPError(
                status: .requestHeaderFieldsTooLarge, cause: .tooLarge, detail: "more than \(fieldLimit) fields")
        }
        var fields: [HTTPField] = []
        for line in lines.dropFirst() { fields.append(try parseField(line)) }

        let target = try ReferenceTarget.parse(start.target)
        let host = try parseHost(fields, minorVersion: start.minorVersion)
        let head = ReferenceHead(
            method: String(decoding: start.method, as: UTF8.self),
            target: String(decoding: start.target, as: UTF8.self),
            path: target.path,
            query: target.query,
            host: target.host ?? host,  // RFC 9112 §3.2.2: the absolute-form target wins over Host.
            minorVersion: start.minorVersion,
            fields: fields)
        try head.checkBody()
        return head
    }
}

// MARK: - Lines

extension ReferenceHead {
    /// The request line and the field lines, without their CRLF; the empty lines before and after are dropped.
    private static func splitLines(_ bytes: Span<UInt8>) throws(HTTPError) -> [ArraySlice<UInt8>] {
        let copy = bytes.withUnsafeBufferPointer { [UInt8]($0) }
        var lines: [ArraySlice<UInt8>] = []
        var lineStart = 0
        for (index, byte) in copy.enumerated() where byte == HTTPCharacter.lineFeed {
            guard index > lineStart, copy[index - 1] == HTTPCharacter.carriageReturn else {
                throw .malformed(.framing, "a bare LF in the request head")  // RFC 9112 §2.2
            }
            lines.append(copy[lineStart..<(index - 1)])
            lineStart = index + 1
        }
        guard lineStart == copy.count, let last = lines.popLast(), last.isEmpty else {
            throw .malformed(.framing, "the request head does not end with an empty line")  // RFC 9112 §2.1
        }
        let leading = lines.prefix(while: \.isEmpty).count
        guard leading <= RequestHeadScanner.leadingEmptyLines else {
            throw .malformed(.framing, "too many empty lines before the request line")  // RFC 9112 §2.2
        }
        lines.removeFirst(leading)
        guard !lines.contains(where: \.isEmpty) else {
            throw .malformed(.framing, "bytes after the end of the request head")
        }
        return lines
    }

    private struct RequestLine {
        let method: ArraySlice<UInt8>
        let target: ArraySlice<UInt8>
        let minorVersion: Int
    }

    /// `method SP request-target SP HTTP-version`, RFC 9112 §3, with exactly these two spaces.
    private static func parseRequestLine(_ line: ArraySlice<UInt8>) throws(HTTPError) -> RequestLine {
        let parts = line.split(separator: HTTPCharacter.space, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw .malformed(.requestLine, "the request line is not a method, a target and a version")
        }
        guard HTTPCharacter.isToken(parts[0]) else {
            throw .malformed(.requestLine, "the method is not a token")  // RFC 9110 §9.1
        }
        if line.elementsEqual("PRI * HTTP/2.0".utf8) { throw .other(.http2) }
        let minorVersion = try parseVersion(parts[2])
        guard !parts[1].isEmpty else {
            throw .malformed(.requestLine, "the request target is empty")
        }
        return RequestLine(method: parts[0], target: parts[1], minorVersion: minorVersion)
    }

    /// `"HTTP/" DIGIT "." DIGIT`, RFC 9112 §2.3; the answer is the second digit.
    private static func parseVersion(_ version: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        let digits = Array(version.dropFirst(5))
        guard version.starts(with: "HTTP/".utf8), digits.count == 3, digits[1] == UInt8(ascii: "."),
            HTTPCharacter.isDigit(digits[0]), HTTPCharacter.isDigit(digits[2])
        else {
            throw .malformed(.requestLine, "the HTTP version is malformed")
        }
        guard digits[0] == UInt8(ascii: "1") else {
            throw HTTPError(
                status: .httpVersionNotSupported, cause: .version, detail: "the HTTP major version is not 1")
        }
        return Int(digits[2] - UInt8(ascii: "0"))
    }

    /// `field-name ":" OWS field-value OWS`, RFC 9112 §5.
    private static func parseField(_ line: ArraySlice<UInt8>) throws(HTTPError) -> HTTPField {
        guard line.first != HTTPCharacter.space, line.first != HTTPCharacter.tab else {
            throw .malformed(.field, "a field line begins with white space (obs-fold)")  // RFC 9112 §5.2
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformed(.field, "a field line has no colon")
        }
        let name = line[..<colon]
        guard name.last != HTTPCharacter.space, name.last != HTTPCharacter.tab else {
            throw .malformed(.field, "white space before the colon of a field")  // RFC 9112 §5.1
        }
        guard HTTPCharacter.isToken(name) else {
            throw .malformed(.field, "a field name is not a token")  // RFC 9110 §5.1
        }
        let value = HTTPCharacter.trimmed(line[colon...].dropFirst())
        guard value.allSatisfy(HTTPCharacter.isFieldValue) else {
            throw .malformed(.field, "a field value has a control character")  // RFC 9110 §5.5
        }
        return HTTPField(HTTPCharacter.lowercased(name), String(decoding: value, as: UTF8.self))
    }
}

// MARK: - Rules across fields

extension ReferenceHead {
    /// RFC 9112 §3.2: one Host at most, exactly one from HTTP/1.1 on, and a valid one.
    private static func parseHost(_ fields: [HTTPField], minorVersion: Int) throws(HTTPError) -> String? {
        let hosts = fields.filter { $0.isNamed("host") }
        guard let host = hosts.first else {
            guard minorVersion == 0 else { throw .malformed(.host, "no Host field") }
            return nil
        }
        guard hosts.count == 1 else { throw .malformed(.host, "more than one Host field") }
        return try ReferenceAuthority.host([UInt8](host.value.utf8)[...])
    }

    /// RFC 9112 §6: bodies are never read here, so one that is announced must not be mistaken for a next request.
    private func checkBody() throws(HTTPError) {
        let lengths = fields.filter { $0.name == "content-length" }.map(\.value)
        let hasTransferCoding = fields.contains { $0.name == "transfer-encoding" }
        guard lengths.isEmpty || !hasTransferCoding else {
            throw .malformed(.body, "both Transfer-Encoding and Content-Length")  // RFC 9112 §6.1
        }
        guard !hasTransferCoding || minorVersion > 0 else {
            throw .malformed(.body, "Transfer-Encoding in an HTTP/1.0 request")  // RFC 9112 §6.1
        }
        guard lengths.count <= 1 else {
            throw .malformed(.body, "more than one Content-Length")  // RFC 9112 §6.3
        }
        let length = lengths.first ?? "0"
        guard !length.isEmpty, length.utf8.allSatisfy(HTTPCharacter.isDigit) else {
            throw .malformed(.body, "Content-Length is not a number")  // RFC 9112 §6.3
        }
        let hasBody = hasTransferCoding || !length.utf8.allSatisfy { $0 == UInt8(ascii: "0") }
        guard !hasBody || (method != "GET" && method != "HEAD") else {
            throw .malformed(.body, "a \(method) request with a body")  // RFC 9110 §9.3.1
        }
    }
}

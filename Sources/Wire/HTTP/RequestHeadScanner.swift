/// Finds the end of a request head in bytes that arrive piecemeal, RFC 9112 §2.1.
///
/// Each call gets all bytes received so far, from the first one; the scanner remembers how far it has looked, so
/// every byte is looked at once. It refuses early what can never become a request, so that nobody waits for the end
/// of a ClientHello; everything else is the work of `RequestHead.parse`.
package struct RequestHeadScanner: Sendable {
    /// Empty lines tolerated before the request line, RFC 9112 §2.2.
    static let leadingEmptyLines = 2

    private let limit: Int
    private var scanned = 0
    private var lineStart = 0
    private var emptyLines = 0
    private var inRequestLine = true
    private var afterCarriageReturn = false
    private var outcome: Result<Int, HTTPError>?

    /// A scanner for one head of at most `limit` bytes, leading and final empty lines included.
    package init(limit: Int) {
        self.limit = limit
    }

    /// The count of bytes up to and including the empty line that ends the head; nil if more bytes are needed.
    ///
    /// `bytes` is everything received so far, never less than in the call before. The answer, once given, stays.
    ///
    /// Throws 431 (414 within the request line) when the limit is reached without an end, and 400 for bytes that
    /// cannot begin or belong to a request head; `cause` names the protocol that was guessed.
    package mutating func end(in bytes: Span<UInt8>) throws(HTTPError) -> Int? {
        while outcome == nil, scanned < bytes.count, scanned < limit {
            if skipText(of: bytes) { continue }
            do throws(HTTPError) {
                try take(bytes[scanned], of: bytes)
                scanned += 1
            } catch {
                outcome = .failure(error)
            }
        }
        if outcome == nil, scanned >= limit { outcome = .failure(tooLarge) }
        return try outcome?.get()
    }

    /// Skips what needs no look at each byte; false: there is nothing to skip.
    private mutating func skipText(of bytes: Span<UInt8>) -> Bool {
        // The first bytes of a request line may show another protocol.
        guard !afterCarriageReturn, !inRequestLine || scanned - lineStart > 5 else { return false }
        let rest = scanned..<min(bytes.count, limit)
        let end =
            inRequestLine ? ByteScan.endOfVisible(in: bytes, rest) : ByteScan.endOfFieldValue(in: bytes, rest)
        defer { scanned = end }
        return end > scanned
    }

    private mutating func take(_ byte: UInt8, of bytes: Span<UInt8>) throws(HTTPError) {
        if afterCarriageReturn {
            guard byte == HTTPCharacter.lineFeed else {
                throw .malformed(.framing, "a bare CR in the request head")  // RFC 9112 §2.2
            }
            afterCarriageReturn = false
            try endLine()
            return
        }
        switch byte {
        case HTTPCharacter.carriageReturn:
            afterCarriageReturn = true
        case HTTPCharacter.lineFeed:
            // RFC 9112 §2.2 lets a recipient accept it; a proxy that disagrees makes request smuggling possible.
            throw .malformed(.framing, "a bare LF in the request head")
        default:
            if inRequestLine { try checkRequestLine(byte, of: bytes) }
        }
    }

    /// The byte at `scanned` is the LF of a line that began at `lineStart`.
    private mutating func endLine() throws(HTTPError) {
        let isEmpty = scanned - lineStart == 1
        lineStart = scanned + 1
        guard isEmpty else {
            inRequestLine = false
            return
        }
        guard inRequestLine else {
            outcome = .success(scanned + 1)
            return
        }
        emptyLines += 1
        guard emptyLines <= Self.leadingEmptyLines else {
            throw .malformed(.framing, "too many empty lines before the request line")  // RFC 9112 §2.2
        }
    }

    private func checkRequestLine(_ byte: UInt8, of bytes: Span<UInt8>) throws(HTTPError) {
        let offset = scanned - lineStart
        if offset == 0 {
            if let other = guess(byte) { throw .other(other) }
            guard HTTPCharacter.isToken(byte) else {
                throw .malformed(.requestLine, "the first byte cannot begin an HTTP method")  // RFC 9112 §3.1
            }
        }
        guard byte < 0x80, !HTTPCharacter.isControl(byte) else {
            throw .malformed(.requestLine, "a byte in the request line is not visible US-ASCII")  // RFC 9112 §3
        }
        if offset == 5, byte == HTTPCharacter.space, begins(bytes, with: "PROXY") { throw .other(.proxyV1) }
    }

    /// The protocol whose first byte this is. The v2 signature of the PROXY protocol is CR LF CR LF NUL …, so its
    /// NUL stands where a request line would begin.
    private func guess(_ byte: UInt8) -> HTTPError.OtherProtocol? {
        switch byte {
        case 0x16: .tls
        case 0x10: .mqtt
        case 0x00 where emptyLines == 2: .proxyV2
        default: nil
        }
    }

    private func begins(_ bytes: Span<UInt8>, with word: String) -> Bool {
        guard bytes.count - lineStart >= word.utf8.count else { return false }
        var index = lineStart
        for byte in word.utf8 {
            guard bytes[index] == byte else { return false }
            index += 1
        }
        return true
    }

    private var tooLarge: HTTPError {
        HTTPError(
            // RFC 9112 §3: a request line longer than the server reads is 414.
            status: inRequestLine ? .uriTooLong : .requestHeaderFieldsTooLarge,
            cause: .tooLarge,
            detail: "the request head is longer than \(limit) bytes")
    }
}

/// `method SP request-target SP HTTP-version`, RFC 9112 §3, with exactly these two spaces.
struct RequestLine {
    let method: Range<Int>
    let target: Range<Int>
    let minorVersion: Int

    /// Reads the line at `place`, which has no CRLF.
    init(_ bytes: Span<UInt8>, _ place: Range<Int>) throws(HTTPError) {
        let first = ByteScan.index(of: HTTPCharacter.space, in: bytes, place)
        let second = ByteScan.index(
            of: HTTPCharacter.space, in: bytes, min(first + 1, place.upperBound)..<place.upperBound)
        guard second < place.upperBound,
            ByteScan.index(of: HTTPCharacter.space, in: bytes, (second + 1)..<place.upperBound) == place.upperBound
        else { throw .malformed(.requestLine, "the request line is not a method, a target and a version") }
        method = place.lowerBound..<first
        guard !method.isEmpty, method.allSatisfy({ HTTPCharacter.isToken(bytes[$0]) }) else {
            throw .malformed(.requestLine, "the method is not a token")  // RFC 9110 §9.1
        }
        if ByteScan.isSame(bytes, place, "PRI * HTTP/2.0") { throw .other(.http2) }
        minorVersion = try Self.minorVersion(bytes, (second + 1)..<place.upperBound)
        target = (first + 1)..<second
        guard !target.isEmpty else {
            throw .malformed(.requestLine, "the request target is empty")
        }
    }

    /// `"HTTP/" DIGIT "." DIGIT`, RFC 9112 §2.3; the answer is the second digit.
    private static func minorVersion(_ bytes: Span<UInt8>, _ place: Range<Int>) throws(HTTPError) -> Int {
        let start = place.lowerBound
        guard place.count == 8, ByteScan.isSame(bytes, start..<(start + 5), "HTTP/"),
            HTTPCharacter.isDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."),
            HTTPCharacter.isDigit(bytes[start + 7])
        else {
            throw .malformed(.requestLine, "the HTTP version is malformed")
        }
        guard bytes[start + 5] == UInt8(ascii: "1") else {
            throw HTTPError(
                status: .httpVersionNotSupported, cause: .version, detail: "the HTTP major version is not 1")
        }
        return Int(bytes[start + 7] - UInt8(ascii: "0"))
    }
}

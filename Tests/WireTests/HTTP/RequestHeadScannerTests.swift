import Testing

@testable import Wire

@Suite("Request head scanner")
struct RequestHeadScannerTests {
    /// The outcome after feeding `bytes` in growing prefixes of `step` bytes.
    private func scan(_ bytes: [UInt8], limit: Int = 8192, step: Int = .max) -> Result<Int?, HTTPError> {
        var scanner = RequestHeadScanner(limit: limit)
        var count = 0
        while true {
            count = step < bytes.count - count ? count + step : bytes.count
            do throws(HTTPError) {
                if let end = try scanner.end(in: bytes.span.extracting(..<count)) { return .success(end) }
            } catch {
                return .failure(error)
            }
            if count == bytes.count { return .success(nil) }
        }
    }

    private func scan(_ text: String, limit: Int = 8192, step: Int = .max) -> Result<Int?, HTTPError> {
        scan([UInt8](text.utf8), limit: limit, step: step)
    }

    @Test("RFC 9112 §2.1: the head ends with the empty line, however the bytes arrive", arguments: [1, 2, 3, 7, .max])
    func endOfHead(step: Int) {
        for head in HTTPFixture.all {
            #expect(scan(head, step: step) == .success(head.utf8.count))
            #expect(scan(String(head.dropLast()), step: step) == .success(nil))
            #expect(scan("\r\n\r\n" + head, step: step) == .success(head.utf8.count + 4))
        }
    }

    @Test("Bytes after the head are not counted (a client may pipeline frames)")
    func pipelined() {
        let head = [UInt8](HTTPFixture.chrome.utf8)
        #expect(scan(head + [0x82, 0x81, 0, 0, 0, 0, 0x0A]) == .success(head.count))
    }

    @Test("The answer stays when more bytes arrive")
    func answerStays() throws {
        var scanner = RequestHeadScanner(limit: 100)
        let head = [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8)
        #expect(try scanner.end(in: head.span) == 18)
        #expect(try scanner.end(in: (head + head).span) == 18)
    }

    @Test("An error stays when the scanner is asked again")
    func errorStays() {
        var scanner = RequestHeadScanner(limit: 100)
        let bytes: [UInt8] = [0x16, 0x03]
        for _ in 0..<2 {
            let error = #expect(throws: HTTPError.self) { try scanner.end(in: bytes.span) }
            #expect(error?.cause == .otherProtocol(.tls))
        }
    }

    @Test("A head of exactly the limit passes, one byte more does not")
    func limit() {
        let head = HTTPFixture.chrome
        #expect(scan(head, limit: head.utf8.count) == .success(head.utf8.count))
        for step in [1, .max] {
            guard case .failure(let error) = scan(head, limit: head.utf8.count - 1, step: step) else {
                Issue.record("no error")
                continue
            }
            #expect(error.status == .requestHeaderFieldsTooLarge)
            #expect(error.cause == .tooLarge)
        }
    }

    @Test("RFC 9112 §3: a request line beyond the limit is 414")
    func longRequestLine() {
        guard case .failure(let error) = scan("GET /" + String(repeating: "a", count: 100), limit: 64) else {
            Issue.record("no error")
            return
        }
        #expect(error.status == .uriTooLong)
    }

    @Test("A limit of zero or less refuses and does not trap", arguments: [0, -1, Int.min])
    func uselessLimit(limit: Int) {
        guard case .failure(let error) = scan("GET / HTTP/1.1\r\n\r\n", limit: limit) else {
            Issue.record("no error")
            return
        }
        #expect(error.cause == .tooLarge)
    }

    @Test(
        "Other protocols are named by their first bytes",
        arguments: [
            ([0x16, 0x03, 0x01], HTTPError.OtherProtocol.tls),
            ([0x10], .mqtt),
            ([UInt8]("PROXY TCP4 10.0.0.1".utf8), .proxyV1),
            ([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51], .proxyV2),
        ])
    func otherProtocol(bytes: [UInt8], other: HTTPError.OtherProtocol) {
        for step in [1, .max] {
            guard case .failure(let error) = scan(bytes, step: step) else {
                Issue.record("no error")
                continue
            }
            #expect(error.status == .badRequest)
            #expect(error.cause == .otherProtocol(other))
            #expect(error.detail == other.detail)
        }
    }

    @Test("A method that begins like PROXY is no PROXY header")
    func proxyLikeMethod() {
        #expect(scan("PROXYX / HTTP/1.1\r\n") == .success(nil))
        #expect(scan("AROXY / HTTP/1.1\r\n") == .success(nil))
    }

    @Test(
        "What can never become a request is refused at its first wrong byte",
        arguments: [
            ("\u{0}", HTTPError.Cause.requestLine),
            (" GET / HTTP/1.1", .requestLine),
            ("{\"a\":1}", .requestLine),
            ("GET /\u{1}", .requestLine),
            ("GET /\u{7F}", .requestLine),
            ("GET /\t", .requestLine),
            ("GET /\u{E9}", .requestLine),
            ("GET / HTTP/1.1\n", .framing),
            ("GET / HTTP/1.1\r\nHost: a\n", .framing),
            ("GET / HTTP/1.1\rX", .framing),
            ("GET / HTTP/1.1\r\nHost: a\r\r", .framing),
            ("\n", .framing),
            ("\r\n\r\n\r\n", .framing),
        ])
    func refusedEarly(text: String, cause: HTTPError.Cause) {
        for step in [1, .max] {
            guard case .failure(let error) = scan(text, step: step) else {
                Issue.record("no error")
                continue
            }
            #expect(error.status == .badRequest)
            #expect(error.cause == cause)
        }
    }
}

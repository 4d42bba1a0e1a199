import Testing

@testable import Wire

@Suite("HTTP response")
struct HTTPResponseTests {
    private func text(_ response: HTTPResponse, omittingBody: Bool = false) -> String {
        String(
            decoding: response.bytes(date: "Sat, 28 Nov 2026 08:00:00 GMT", omittingBody: omittingBody), as: UTF8.self)
    }

    @Test("An error as people see it")
    func error() {
        let error = HTTPError(status: .badRequest, cause: .host, detail: "no Host field")
        let expected =
            "HTTP/1.1 400 Bad Request\r\nDate: Sat, 28 Nov 2026 08:00:00 GMT\r\nServer: sluice\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "X-Content-Type-Options: nosniff\r\nContent-Length: 31\r\nConnection: close\r\n\r\n"
            + "400 Bad Request: no Host field\n"
        #expect(text(HTTPResponse(error)) == expected)
    }

    @Test("RFC 9110 §9.3.2: HEAD gets the same head without the content")
    func head() {
        let response = HTTPResponse(status: .notFound, detail: "")
        #expect(text(response).hasSuffix("Content-Length: 14\r\nConnection: close\r\n\r\n404 Not Found\n"))
        #expect(text(response, omittingBody: true) + "404 Not Found\n" == text(response))
    }

    @Test("The caller's content type and fields are kept as given, in order")
    func fields() {
        let fields = [HTTPField("Content-Type", "text/html"), HTTPField("ETag", "\"a\"")]
        let response = HTTPResponse(status: .ok, fields: fields, body: [UInt8]("<p>".utf8))
        #expect(
            text(response)
                == "HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 08:00:00 GMT\r\nServer: sluice\r\nContent-Type: text/html\r\nETag: \"a\"\r\n"
                + "Content-Length: 3\r\nConnection: close\r\n\r\n<p>")
    }

    @Test(
        "RFC 9110 §5.5: a value cannot end its line",
        arguments: ["a\r\nX: y", "a\nX: y", "a\rX: y", "a\u{0}X: y", "a\u{B}X: y", "a\u{7F}X: y"])
    func injection(value: String) {
        let written = text(HTTPResponse(status: .found, fields: [HTTPField("Location", value)]))
        #expect(written.contains("\r\nLocation: aX: y\r\n"))
        #expect(!written.contains("\r\nX: y"))
    }

    @Test("RFC 9110 §5.1: a field whose name is no token is left out", arguments: ["", "A B", "A:", "A\r\nB", "é"])
    func fieldName(name: String) {
        let with = HTTPResponse(status: .ok, fields: [HTTPField(name, "value")])
        #expect(text(with) == text(HTTPResponse(status: .ok)))
    }

    @Test("Framing fields are ours alone", arguments: ["Content-Length", "transfer-encoding", "SERVER", "date"])
    func reserved(name: String) {
        let with = HTTPResponse(status: .ok, fields: [HTTPField(name, "99")], body: [1])
        #expect(
            with.bytes(date: "", omittingBody: false)
                == HTTPResponse(status: .ok, body: [1]).bytes(date: "", omittingBody: false))
    }

    @Test("Connection options of the caller join \"close\" in one field")
    func connection() {
        let written = text(HTTPResponse(status: .upgradeRequired, fields: [HTTPField("connection", "Upgrade")]))
        #expect(written.contains("\r\nConnection: close, Upgrade\r\n"))
        #expect(!written.contains("\r\nconnection:"))
    }

    @Test("RFC 9110 §6.4.1, §8.6: no content and no length", arguments: [HTTPStatus.noContent, .notModified])
    func withoutContent(status: HTTPStatus) {
        let written = text(HTTPResponse(status: status, body: [65]))
        #expect(written.hasSuffix("\r\n\r\n"))
        #expect(!written.contains("Content-Length"))
    }

    @Test("RFC 9112 §4: an unknown code has an empty reason and keeps its space")
    func unknownStatus() throws {
        let status = try #require(HTTPStatus(code: 418))
        #expect(text(HTTPResponse(status: status)).hasPrefix("HTTP/1.1 418 \r\n"))
        #expect(status.description == "418")
    }

    @Test("RFC 9110 §15: codes outside 100...599 are no status", arguments: [-1, 0, 99, 600, Int.max])
    func invalidStatus(code: Int) {
        #expect(HTTPStatus(code: code) == nil)
    }

    @Test(
        "Every status we answer with has its reason phrase",
        arguments: [
            HTTPStatus.switchingProtocols, .ok, .noContent, .movedPermanently, .found, .notModified, .temporaryRedirect,
            .permanentRedirect, .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .requestTimeout,
            .uriTooLong, .upgradeRequired, .tooManyRequests, .requestHeaderFieldsTooLarge, .internalServerError,
            .badGateway, .serviceUnavailable, .gatewayTimeout, .httpVersionNotSupported,
        ])
    func reasons(status: HTTPStatus) {
        #expect(!status.reason.isEmpty)
        #expect(HTTPStatus(code: status.code) == status)
    }
}

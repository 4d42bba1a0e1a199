import Testing

@testable import Wire

@Suite("RequestHead: a request that HTTP/2 has carried")
struct RequestHeadHTTP2Tests {
    private func block(
        _ method: String = "GET", _ path: String = "/", authority: String = "a.example", connectProtocol: String = "",
        _ fields: [(String, String)] = []
    ) -> RequestHead.FieldBlock {
        RequestHead.FieldBlock(
            method: Array(method.utf8), authority: Array(authority.utf8), path: Array(path.utf8),
            connectProtocol: Array(connectProtocol.utf8),
            host: fields.first { $0.0 == "host" }.map { Array($0.1.utf8) } ?? [],
            lines: fields.filter { $0.0 != "host" }.flatMap { Array("\($0): \($1)\r\n".utf8) })
    }

    private func status(_ block: RequestHead.FieldBlock) -> Int? {
        do throws(HTTPError) {
            _ = try RequestHead.parse(block, hasBody: false)
            return nil
        } catch { return error.status.code }
    }

    @Test("The authority is the host, and the path is taken apart as in HTTP/1.1")
    func plain() throws {
        let head = try RequestHead.parse(
            block("GET", "/a/../b%20c?q=1", authority: "A.example:8443", [("accept", "*/*")]), hasBody: false)
        #expect(head.host == "a.example")
        #expect(head.path == "/b c")
        #expect(head.query == "q=1")
        #expect(head.httpVersion == "2.0")
        #expect(head.first("accept") == "*/*")
        #expect(!head.isExtendedConnect && !head.hasBody)
    }

    @Test("An extended CONNECT is the request for a WebSocket, with or without a key")
    func extendedConnect() throws {
        let fields = [("sec-websocket-version", "13"), ("sec-websocket-protocol", "mqtt")]
        let head = try RequestHead.parse(block("CONNECT", "/mqtt", connectProtocol: "websocket", fields), hasBody: true)
        #expect(head.isExtendedConnect && head.isMethod("GET") && !head.hasBody)
        let accepted = try Handshake.evaluate(head, rules: HandshakeRules())
        #expect(accepted.subprotocol == "mqtt" && accepted.key == nil)
        let keyed = try RequestHead.parse(
            block(
                "CONNECT", "/mqtt", connectProtocol: "websocket",
                fields + [("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]), hasBody: true)
        #expect(try Handshake.evaluate(keyed, rules: HandshakeRules()).key == "dGhlIHNhbXBsZSBub25jZQ==")
    }

    @Test("The version and the subprotocol are looked at as ever")
    func rules() throws {
        let old = try RequestHead.parse(
            block("CONNECT", "/mqtt", connectProtocol: "websocket", [("sec-websocket-version", "8")]), hasBody: true)
        #expect(throws: HandshakeRefusal.self) { try Handshake.evaluate(old, rules: HandshakeRules()) }
        let bare = try RequestHead.parse(
            block("CONNECT", "/mqtt", connectProtocol: "websocket", [("sec-websocket-version", "13")]), hasBody: true)
        #expect(throws: HandshakeRefusal.self) { try Handshake.evaluate(bare, rules: HandshakeRules()) }
    }

    @Test("What is refused")
    func refused() {
        #expect(status(block("CONNECT", "")) == 501, "a proxy's CONNECT")
        #expect(status(block("CONNECT", "/", connectProtocol: "connect-udp")) == 501)
        #expect(status(block("GET", "/a b")) == 400)
        #expect(status(block("GET ", "/")) == 400)
        #expect(status(block("GET", "*")) == 400)
        #expect(status(block("GET", "/%2e%2e/x")) == 400)
        #expect(status(block("GET", "/", authority: "")) == 400, "neither :authority nor Host")
        #expect(status(block("GET", "/", [("host", "b.example")])) == 400, "Host is another's")
        #expect(status(block("GET", "/", [("host", "a.example")])) == nil)
        #expect(status(block("GET", "/", authority: "", [("host", "a.example")])) == nil)
        #expect(status(block("GET", "/", authority: "user@a.example")) == 400)
    }

    @Test("No field breaks out of its line", arguments: ["a\nb", "a\0b", "a\rb"])
    func injection(value: String) { #expect(status(block("GET", "/", [("x", value)])) == 400) }
}

import Testing

@testable import Wire

@Suite("WebSocket opening handshake")
struct HandshakeTests {
    /// A valid handshake in which `changes` replace fields of the same name; nil removes one.
    private func head(
        _ line: String = "GET /mqtt HTTP/1.1", _ changes: [(String, String?)] = []
    ) throws -> RequestHead {
        var fields = [
            ("Host", "example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Protocol", "mqtt"),
        ]
        for (name, _) in changes { fields.removeAll { $0.0 == name } }
        for (name, value) in changes { if let value { fields.append((name, value)) } }
        let text = line + "\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
        return try HTTPFixture.parse(text)
    }

    private func refusal(_ head: RequestHead, _ rules: HandshakeRules = HandshakeRules()) -> HandshakeRefusal? {
        do throws(HandshakeRefusal) {
            _ = try Handshake.evaluate(head, rules: rules)
            return nil
        } catch {
            return error
        }
    }

    @Test("Every client's handshake is accepted", arguments: HTTPFixture.all)
    func clients(text: String) throws {
        let head = try HTTPFixture.parse(text)
        let accepted = try Handshake.evaluate(head, rules: HandshakeRules())
        #expect(accepted.key == head.first("sec-websocket-key"))
        #expect(accepted.subprotocol == "mqtt")
    }

    @Test("RFC 6455 §1.3: the sample key and its answer")
    func sample() throws {
        let accepted = try Handshake.evaluate(try head(), rules: HandshakeRules())
        #expect(
            response(accepted)
                == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")
        let bare = try head("GET /mqtt HTTP/1.1", [("Sec-WebSocket-Protocol", nil)])
        let without = response(try Handshake.evaluate(bare, rules: HandshakeRules(requireSubprotocol: false)))
        #expect(without?.contains("Sec-WebSocket-Protocol") == false)
        #expect(without?.hasSuffix("xOo=\r\n\r\n") == true)
    }

    @Test("A 101 that does not fit is none, and nothing is written behind its room")
    func room() throws {
        let accepted = try Handshake.evaluate(try head(), rules: HandshakeRules())
        let whole = response(accepted)?.utf8.count ?? 0
        for size in 0..<whole { #expect(response(accepted, room: size) == nil, "\(size)") }
        #expect(response(accepted, room: whole) != nil)
    }

    /// The 101 to the sample key of RFC 6455 §1.3, written into exactly `room` bytes.
    private func response(_ accepted: Handshake.Accepted, room: Int = 512) -> String? {
        let digest: [UInt8] = [
            0xB3, 0x7A, 0x4F, 0x2C, 0xC0, 0x62, 0x4F, 0x16, 0x90, 0xF6, 0x46, 0x06, 0xCF, 0x38, 0x59, 0x45, 0xB2, 0xBE,
            0xC4, 0xEA,
        ]
        var bytes = [UInt8](repeating: 0xAA, count: room + 8)
        let count = bytes.withUnsafeMutableBytes { bytes in
            accepted.writeResponse(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<room])) { input, result in
                #expect(input.elementsEqual("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
                result.copyBytes(from: digest)
            }
        }
        #expect(bytes.suffix(8).allSatisfy { $0 == 0xAA })
        return count.map { String(decoding: bytes[..<$0], as: UTF8.self) }
    }

    private static let get = "GET /mqtt HTTP/1.1"

    @Test(
        "RFC 6455 §4.2.1: refusals with status and fields, in their order",
        arguments: [
            ("POST /mqtt HTTP/1.0", [], HandshakeRefusal.Kind.method, 405, ["Allow"]),
            ("get /mqtt HTTP/1.1", [], .method, 405, ["Allow"]),
            ("GET /mqtt HTTP/1.0", [("Upgrade", nil)], .httpVersion, 505, []),
            (Self.get, [("Upgrade", nil), ("Connection", nil)], .notWebSocket, 426, ["Upgrade", "Connection"]),
            (Self.get, [("Upgrade", "h2c")], .notWebSocket, 426, ["Upgrade", "Connection"]),
            (Self.get, [("Connection", "close"), ("Sec-WebSocket-Version", nil)], .connection, 400, []),
            (Self.get, [("Connection", "upgrades")], .connection, 400, []),
            (
                get, [("Sec-WebSocket-Version", nil), ("Sec-WebSocket-Key", nil)], .webSocketVersion, 426,
                ["Sec-WebSocket-Version", "Upgrade", "Connection"]
            ),
            (Self.get, [("Sec-WebSocket-Key", nil), ("Origin", "https://evil.example")], .key, 400, []),
            (Self.get, [("Origin", "https://evil.example"), ("Sec-WebSocket-Protocol", nil)], .origin, 403, []),
            (Self.get, [("Sec-WebSocket-Protocol", nil)], .subprotocol, 400, []),
        ] as [(String, [(String, String?)], HandshakeRefusal.Kind, Int, [String])])
    func refusals(
        line: String, changes: [(String, String?)], kind: HandshakeRefusal.Kind, code: Int, fields: [String]
    ) throws {
        let refusal = refusal(try head(line, changes), HandshakeRules(origins: ["https://example.com"]))
        #expect(refusal?.kind == kind)
        #expect(refusal?.status.code == code)
        #expect(refusal?.fields.map(\.name) == fields)
    }

    @Test(
        "RFC 6455 §4.4: any version but 13 is answered with the one we speak",
        arguments: ["8", "0", "", "13, 8", "013"])
    func version(version: String) throws {
        let refusal = try #require(refusal(try head("GET / HTTP/1.1", [("Sec-WebSocket-Version", version)])))
        #expect(refusal.status == .upgradeRequired)
        let bytes = HTTPResponse(refusal).bytes(date: "", omittingBody: false)
        let written = String(decoding: bytes, as: UTF8.self)
        #expect(written.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
        #expect(written.contains("\r\nSec-WebSocket-Version: 13\r\n"))
        #expect(written.contains("\r\nUpgrade: websocket\r\n"))
        #expect(written.contains("\r\nConnection: close, Upgrade\r\n"))
    }

    @Test("RFC 6455 §4.4: a repeated version is refused")
    func repeatedVersion() throws {
        let changes: [(String, String?)] = [("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Version", "13")]
        #expect(refusal(try head("GET / HTTP/1.1", changes))?.kind == .webSocketVersion)
    }

    @Test(
        "RFC 6455 §4.2.1: tokens in any case, within lists",
        arguments: ["WebSocket", "websocket, h2c", "a,WEBSOCKET"])
    func tokens(upgrade: String) throws {
        let head = try head("GET / HTTP/1.1", [("Upgrade", upgrade), ("Connection", "keep-alive, UPGRADE")])
        #expect(refusal(head) == nil)
    }

    @Test(
        "RFC 6455 §4.2.1 item 5: a key that is not base64 of 16 bytes",
        arguments: [
            "", "a", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ===",
            "dGhlIHNhbXBsZSBub25jZQ==A", "dGhlIHNhbXBsZSBub25jZSEh", "dGhlIHNhbXBsZSBub25j-Q==",
            "=GhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j ZQ==", "éhlIHNhbXBsZSBub25jZQ==",
        ])
    func malformedKey(key: String) throws {
        let refusal = refusal(try head("GET / HTTP/1.1", [("Sec-WebSocket-Key", key)]))
        #expect(refusal?.kind == .key)
        #expect(refusal?.status == .badRequest)
    }

    @Test("RFC 6455 §11.3.1: a repeated key is refused")
    func repeatedKey() throws {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        let head = try head("GET / HTTP/1.1", [("Sec-WebSocket-Key", key), ("Sec-WebSocket-Key", key)])
        #expect(refusal(head)?.kind == .key)
    }

    @Test(
        "[MQTT-6.0.0-4]: mqtt first, then the first offered name that is allowed",
        arguments: [
            (["mqtt"], "mqtt"), (["mqttv3.1"], "mqttv3.1"), (["mqttv3.1, mqtt"], "mqtt"),
            (["mqttv3.1", "mqtt"], "mqtt"), (["x, mqttv3.1"], "mqttv3.1"),
            (["mqtt,eyJhbGciOiJub25lIn0.e30."], "mqtt"), (["", "mqtt"], "mqtt"),
            (["other", "mqttv3.1"], "other"), (["mqtt, mqtt"], "mqtt"),
        ])
    func subprotocol(offers: [String], selected: String) throws {
        let rules = HandshakeRules(subprotocols: ["mqttv3.1", "mqtt", "other"])
        let changes: [(String, String?)] = offers.map { ("Sec-WebSocket-Protocol", $0) }
        #expect(try Handshake.evaluate(try head("GET / HTTP/1.1", changes), rules: rules).subprotocol == selected)
    }

    @Test("mqtt is not selected where it is not configured")
    func withoutMQTT() throws {
        let rules = HandshakeRules(subprotocols: ["mqttv3.1"])
        let head = try head("GET / HTTP/1.1", [("Sec-WebSocket-Protocol", "mqtt, mqttv3.1")])
        #expect(try Handshake.evaluate(head, rules: rules).subprotocol == "mqttv3.1")
    }

    @Test(
        "RFC 6455 §4.2.2 item 5: names are compared byte for byte",
        arguments: ["MQTT", "mqttv3.1.1", "mqtt2", "xmqtt", "\"mqtt\"", "mq tt"])
    func noCommonSubprotocol(offer: String) throws {
        let head = try head("GET / HTTP/1.1", [("Sec-WebSocket-Protocol", offer)])
        for required in [true, false] {
            let refusal = refusal(head, HandshakeRules(requireSubprotocol: required))
            #expect(refusal?.kind == .subprotocol)
            #expect(refusal?.status == .badRequest)
            #expect(refusal?.detail.contains("offered: \(offer); allowed: mqtt, mqttv3.1") == true)
        }
    }

    @Test("A name that is only canonically equivalent is another name")
    func kelvin() throws {
        let head = try head("GET / HTTP/1.1", [("Sec-WebSocket-Protocol", "\u{212A}")])
        #expect(refusal(head, HandshakeRules(subprotocols: ["K"]))?.kind == .subprotocol)
    }

    @Test("A token passed as subprotocol does not reach the log")
    func tokenInSubprotocol() throws {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
        let refusal = refusal(try head("GET / HTTP/1.1", [("Sec-WebSocket-Protocol", "x, \(token)")]))
        #expect(refusal?.detail.contains("offered: x, (\(token.utf8.count) bytes);") == true)
    }

    @Test("[MQTT-6.0.0-3]: without an offer the rules decide", arguments: [nil, "", " , "] as [String?])
    func noOffer(value: String?) throws {
        let head = try head("GET / HTTP/1.1", [("Sec-WebSocket-Protocol", value)])
        #expect(refusal(head)?.kind == .subprotocol)
        let rules = HandshakeRules(requireSubprotocol: false)
        #expect(try Handshake.evaluate(head, rules: rules).subprotocol == nil)
    }
}

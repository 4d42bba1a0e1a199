import Control
import Testing
import Text

@testable import Access

@Suite("What auth_http's service is told")
struct QuestionTests {
    static func question(password: Secret? = nil) -> AuthHTTP.Question {
        AuthHTTP.Question(
            clientID: "c1", username: nil, password: password, remoteAddress: "192.0.2.1", remotePort: 4711,
            certificateCN: nil, protocolVersion: "5.0", serverName: "")
    }

    private func text(_ question: AuthHTTP.Question) -> String {
        question.body.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func members(_ question: AuthHTTP.Question) throws -> [String: JSONValue] {
        try #require(JSONParser.parse(Array(text(question).utf8)).members)
    }

    @Test("what is not known is null")
    func nothing() {
        #expect(
            text(Self.question()) == #"{"client_id":"c1","username":null,"password":null,"remote_addr":"192.0.2.1","#
                + #""remote_port":4711,"ssl_client_cn":null,"protocol_version":"5.0","server_name":null,"headers":{}}"#)
    }

    @Test("everything, with what JSON has to escape (RFC 8259 §7)")
    func everything() {
        var question = AuthHTTP.Question(
            clientID: "c\"1", username: "Zoë\n", password: Secret("p\"\\\u{1}\u{1F}\0\u{7F}ä€🙂"),
            remoteAddress: "2001:db8::1", remotePort: 65_535, certificateCN: "device 1", protocolVersion: "3.1.1",
            serverName: "mqtt.example")
        question.headers = [("origin", "https://a"), ("x-\"key\"", "v\\")]
        #expect(
            text(question)
                == #"{"client_id":"c\"1","username":"Zoë\n","password":"p\"\\\u0001\u001f\u0000"# + "\u{7F}ä€🙂"
                + #"","remote_addr":"2001:db8::1","remote_port":65535,"ssl_client_cn":"device 1","#
                + #""protocol_version":"3.1.1","server_name":"mqtt.example","#
                + #""headers":{"origin":"https://a","x-\"key\"":"v\\"}}"#)
    }

    @Test("every password comes back from the JSON as it was", arguments: [0, 1, 2, 3, 255, 65_535])
    func passwords(_ count: Int) throws {
        let letters = Array("a\"\\\u{1}\n/ä€🙂\0")
        let password = String((0..<count).map { letters[$0 % letters.count] })
        let members = try members(Self.question(password: Secret(password)))
        #expect(members["password"] == .string(password))
        #expect(members["password_base64"] == nil)
    }

    @Test(
        "a password that is not UTF-8 goes as base64 (RFC 4648 §4)",
        arguments: [
            ([0xFF], "/w=="), ([0xFF, 0xFE], "//4="), ([0xFF, 0xFE, 0xFD], "//79"), ([0xC3], "ww=="),
            ([0x61, 0xED, 0xA0, 0x80], "Ye2ggA=="),
        ] as [([UInt8], String)])
    func binary(_ bytes: [UInt8], _ base64: String) throws {
        let members = try members(Self.question(password: Secret(bytes)))
        #expect(members["password"] == .null)
        #expect(members["password_base64"] == .string(base64))
        #expect(members["remote_addr"] == .string("192.0.2.1"))
    }

    @Test("the longest binary password is whole")
    func longestBinary() throws {
        let bytes = [UInt8](repeating: 0xFF, count: 65_535)
        let members = try members(Self.question(password: Secret(bytes)))
        #expect(members["password_base64"] == .string(String(repeating: "/", count: 87_380)))
    }

    @Test("an empty password is one, and none is none")
    func empty() {
        #expect(text(Self.question(password: Secret(""))).contains(#""password":"","#))
        #expect(text(Self.question()).contains(#""password":null,"#))
        #expect(Self.question(password: Secret("")).cacheParts != Self.question().cacheParts)
    }
}

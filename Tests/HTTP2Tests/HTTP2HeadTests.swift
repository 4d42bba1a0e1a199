import Testing

@testable import HTTP2

@Suite("HTTP2Head: what a field block says")
struct HTTP2HeadTests {
    private func head(_ fields: [(String, String)]) -> HTTP2Head {
        var head = HTTP2Head()
        for (name, value) in fields {
            Array(name.utf8).withUnsafeBufferPointer { name in
                Array(value.utf8).withUnsafeBufferPointer { head.add(name, $0) }
            }
        }
        head.finish()
        return head
    }

    @Test("Pseudo-header fields are told apart")
    func pseudo() {
        let head = head([
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/mqtt"),
            (":authority", "a.example"), ("origin", "https://a.example"),
        ])
        #expect(String(decoding: head.method, as: UTF8.self) == "CONNECT")
        #expect(String(decoding: head.connectProtocol, as: UTF8.self) == "websocket")
        #expect(String(decoding: head.path, as: UTF8.self) == "/mqtt")
        #expect(String(decoding: head.authority, as: UTF8.self) == "a.example")
        #expect(String(decoding: head.lines, as: UTF8.self) == "origin: https://a.example\r\n")
    }

    @Test("RFC 9113 §8.2.3: cookies are one field, in their order")
    func cookies() {
        let head = head([("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")])
        #expect(String(decoding: head.lines, as: UTF8.self) == "x: y\r\ncookie: a=1; b=2; c=3\r\n")
    }

    @Test("RFC 9113 §6.5.2: each field costs 32 bytes besides")
    func size() { #expect(head([(":path", "/"), ("name", "value")]).size == 5 + 1 + 32 + 4 + 5 + 32) }

    @Test("Host is kept apart, and two of them are no host")
    func host() {
        #expect(head([("host", "a"), ("x", "y")]).host == Array("a".utf8))
        #expect(head([("host", "a"), ("host", "b")]).host == Array("a,b".utf8))
    }
}

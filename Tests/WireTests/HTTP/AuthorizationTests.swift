import Testing
import Text

@testable import Wire

@Suite("Authorization: Basic (RFC 7617), Bearer (RFC 6750), and what is neither")
struct AuthorizationTests {
    private func authorization(_ values: [UInt8]...) throws -> Authorization {
        var bytes = Array("GET / HTTP/1.1\r\nHost: example.com\r\n".utf8)
        for value in values { bytes += Array("Authorization: ".utf8) + value + Array("\r\n".utf8) }
        return try HTTPFixture.parse(bytes + Array("\r\n".utf8)).authorization
    }

    private func authorization(_ text: String) throws -> Authorization { try authorization(Array(text.utf8)) }

    private func basic(_ text: String) -> String { "Basic \(Base64.encode(Array(text.utf8).span))" }

    @Test("There is none")
    func none() throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get("/")).authorization == .none)
    }

    @Test(
        "User name and password",
        arguments: [
            ("Aladdin:open sesame", "Aladdin", "open sesame"),  // RFC 7617 §2
            ("test:123£", "test", "123£"),  // RFC 7617 §2.1
            ("a:b:c", "a", "b:c"), (":", "", ""), ("a:", "a", ""), (":b", "", "b"), ("zoë:ключ", "zoë", "ключ"),
        ])
    func credentials(text: String, username: String, password: String) throws {
        guard case .basic(let credentials) = try authorization(basic(text)) else {
            Issue.record("not Basic: \(text)")
            return
        }
        #expect(credentials.username == username)
        #expect(credentials.password == Array(password.utf8))
    }

    @Test("The example of RFC 7617 §2, and schemes in any case (RFC 9110 §11.1)")
    func example() throws {
        let expected = try authorization(basic("Aladdin:open sesame"))
        for scheme in ["Basic", "basic", "BASIC"] {
            #expect(try authorization("\(scheme) QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == expected)
            #expect(try authorization("\(scheme)   QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == expected)
        }
        #expect(try authorization("bEARER abc") == .bearer(Array("abc".utf8)))
    }

    @Test(
        "Malformed",
        arguments: [
            "Basic", "Basic ", "Basic !!!!", "Basic QWxh", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",  // no colon, no padding
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== x", "Basic QWxh,ZGRpbg==", "Basic\tQTpi", "Bearer", "Bearer ",
            "Bearer a b",
            "Bearer a=b", "Bearer =", "Bearer a\"", "Bearer ä", "bearer a,b",
        ])
    func malformed(value: String) throws {
        #expect(try authorization(value) == (value.hasPrefix("Basic\t") ? .other : .malformed))
    }

    @Test("Control characters in either part, and what is not UTF-8 (RFC 7617 §2)")
    func control() throws {
        for text in ["a\0:b", "a:b\n", "\u{7F}:", "a\r:b"] { #expect(try authorization(basic(text)) == .malformed) }
        for bytes in [[0xFF, 0x3A, 0x61], [0x61, 0x3A, 0xC3], [0xC3, 0x3A, 0xA4]] as [[UInt8]] {
            #expect(try authorization("Basic \(Base64.encode(bytes.span))") == .malformed)
        }
    }

    @Test("Other schemes, and binary values")
    func other() throws {
        for value in ["Digest username=\"a\"", "Negotiate YII=", "x", "Basic:QTpi"] {
            #expect(try authorization(value) == .other)
        }
        #expect(try authorization([0x80, 0xFF, 0x20, 0xFE]) == .other)
        #expect(try authorization(Array("Bearer ".utf8) + [0xFF]) == .malformed)
    }

    @Test("More than one field, also of equal ones")
    func twice() throws {
        let value = Array(basic("a:b").utf8)
        #expect(try authorization(value, value) == .malformed)
        #expect(try authorization(Array("Bearer abc".utf8), []) == .malformed)
    }

    @Test("Length")
    func length() throws {
        let longest = String(repeating: "a", count: Authorization.longest - 7)
        #expect(try authorization("Bearer \(longest)") == .bearer(Array(longest.utf8)))
        #expect(try authorization("Bearer \(longest)a") == .malformed)
        #expect(try authorization(basic(String(repeating: "a:", count: 100_000))) == .malformed)
    }
}

import Testing

@testable import Wire

@Suite("Request head: lookups")
struct RequestHeadLookupTests {
    @Test("RFC 9110 §5.1: names in any case, values in order")
    func values() throws {
        let head = try HTTPFixture.parse(HTTPFixture.get("/", "X-A: 1", "x-b: 2", "x-A: 3"))
        #expect(head.values("X-a") == ["1", "3"])
        #expect(head.first("x-a") == "1")
        #expect(head.values("x-c") == [])
        #expect(head.first("x-c") == nil)
    }

    @Test("A name that only Unicode folds or composes is another name")
    func byteExactNames() throws {
        let head = try HTTPFixture.parse(HTTPFixture.get("/?k=1", "K: 1", "Cookie: k=1"))
        #expect(head.first("\u{212A}") == nil)
        #expect(head.argument("\u{212A}") == nil)
        #expect(head.cookie("\u{212A}") == nil)
        #expect(head.first("k") == "1")
    }

    @Test("RFC 9110 §5.6.1: lists over repeated fields, without empty elements")
    func tokens() throws {
        let head = try HTTPFixture.parse(HTTPFixture.get("/", "X: a, b , ,,\tc", "Y: z", "x:", "x: ,d", "X: é"))
        #expect(head.tokens("x") == ["a", "b", "c", "d", "é"])
        #expect(head.tokens("q") == [])
        #expect(head.has(token: "B", in: "X"))
        #expect(!head.has(token: "ab", in: "X"))
    }

    @Test(
        "Query arguments are percent-decoded; the first of a name counts",
        arguments: [
            ("/?a=1", "1"), ("/?b=2&a=1", "1"), ("/?a=1&a=2", "1"), ("/?a", ""), ("/?a=", ""), ("/?a=b=c", "b=c"),
            ("/?%61=x", "x"), ("/?a=x%20y", "x y"), ("/?a=x+y", "x+y"), ("/?a=%c3%a9", "é"), ("/?a=%26%3D", "&="),
            ("/?&&a=1", "1"), ("/?a=/?&b", "/?"), ("/?", nil), ("/", nil), ("/?A=1", nil), ("/?aa=1", nil),
            ("/?=1", nil), ("/?a=%ff", nil), ("/?a=x%00y", nil), ("/?a=50%", "50%"), ("/?a=%4", "%4"),
            ("/?a=%u00e9", "%u00e9"), ("/?a=%%41", "%A"), ("/?%=1&a=2", "2"),
        ] as [(String, String?)])
    func argument(target: String, value: String?) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get(target)).argument("a") == value)
    }

    @Test(
        "RFC 6265 §5.4: cookies; the first of a name counts",
        arguments: [
            ("a=1", "1"), ("b=2; a=1", "1"), ("a=1; a=2", "1"), ("b=2;a=1", "1"), ("a=", ""), ("a=x=y", "x=y"),
            ("a = 1 ", "1"), ("a=\"q\"", "\"q\""), ("a=%20", "%20"), ("a", nil), ("A=1", nil), ("aa=1", nil), ("", nil),
            (";;", nil),
        ] as [(String, String?)])
    func cookie(field: String, value: String?) throws {
        #expect(try HTTPFixture.parse(HTTPFixture.get("/", "Cookie: \(field)")).cookie("a") == value)
    }

    @Test("Cookies over several fields")
    func cookieFields() throws {
        let head = try HTTPFixture.parse(HTTPFixture.get("/", "Cookie: b=2", "Cookie: a=1"))
        #expect(head.cookie("a") == "1")
        #expect(head.cookie("c") == nil)
    }
}

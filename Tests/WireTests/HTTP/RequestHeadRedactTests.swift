import Testing

@testable import Wire

@Suite("RequestHead: what a log may show")
struct RequestHeadRedactTests {
    private static func head(_ target: String, _ fields: [String] = []) throws -> RequestHead {
        let text = (["GET \(target) HTTP/1.1", "Host: h"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
        let bytes = Array(text.utf8)
        return try RequestHead.parse(bytes.span)
    }

    @Test(
        "Arguments of the query",
        arguments: [
            ("/mqtt?token=a.b.c", "/mqtt?token=***"), ("/mqtt?a=1&token=a.b.c&b=2", "/mqtt?a=1&token=***&b=2"),
            ("/mqtt?token=x&token=y", "/mqtt?token=***&token=***"), ("/mqtt?t%6Fken=a.b", "/mqtt?t%6Fken=***"),
            ("/mqtt?token", "/mqtt?token"), ("/mqtt", "/mqtt"), ("/mqtt?", "/mqtt?"),
            ("/mqtt?Token=1", "/mqtt?Token=1"), ("/mqtt?%=1&token=50%", "/mqtt?%=1&token=***"),
            ("/mqtt?t%6Fken=%zz", "/mqtt?t%6Fken=***"),
            ("/token=a?tokens=1", "/token=a?tokens=1"), ("/mqtt?token=a?token=b", "/mqtt?token=***"),
        ])
    func arguments(target: String, shown: String) throws {
        let head = try Self.head(target).redacting(arguments: ["token"], cookies: [], fields: [])
        #expect(head.target == shown)
        #expect(head.argument("token") ?? "***" == "***" || !target.contains("="))
    }

    @Test("Cookies and fields")
    func fields() throws {
        let head = try Self.head(
            "/mqtt", ["Cookie: a=1; jwt=x.y.z; b=2", "Authorization: Bearer x.y.z", "X-Other: 1", "Cookie: jwt=second"])
        let shown = head.redacting(arguments: [], cookies: ["jwt"], fields: ["authorization"])
        #expect(shown.values("cookie") == ["a=1; jwt=***; b=2", "jwt=***"])
        #expect(shown.first("authorization") == "***" && shown.first("x-other") == "1")
        #expect(shown.path == head.path && shown.host == head.host && shown.method == head.method)
    }

    @Test("Nothing named, nothing changed")
    func nothing() throws {
        let head = try Self.head("/mqtt?token=a", ["Cookie: jwt=x"])
        #expect(head.redacting(arguments: [], cookies: [], fields: []) == head)
    }
}

import Foundation
import TLS
import Testing

@testable import Gateway

@Suite("The dashboard's page")
struct DashboardPageTests {
    private let page = DashboardPage.document(apiPrefix: "/api/")
    private var html: String { String(decoding: page.html, as: UTF8.self) }

    /// What is between two texts that each occur once.
    private func content(after opening: String, before closing: String) throws -> String {
        let parts = html.components(separatedBy: opening)
        try #require(parts.count == 2, "\(opening) occurs \(parts.count - 1) times")
        return try #require(parts[1].components(separatedBy: closing).first)
    }

    @Test("The hashes are those of the script and of the style that are in it")
    func hashes() throws {
        for (opening, closing, hash) in [
            ("<script type=\"module\">", "</script>", page.scriptHash), ("<style>", "</style>", page.styleHash),
        ] {
            let digest = Data(Digest.sha256(Array(try content(after: opening, before: closing).utf8)))
            #expect(hash == "'sha256-\(digest.base64EncodedString())'")
        }
    }

    @Test("It is one document that nothing has been left out of, and nothing is beside it")
    func whole() throws {
        #expect(html.hasPrefix("<!doctype html>"))
        #expect(html.hasSuffix("</html>\n"))
        #expect(!html.contains("{{"))
        // Every file that is there is in it: CDashboard.c lists them.
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/CDashboard/page").standardizedFileURL
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.lastPathComponent != "index.html" {
            #expect(html.contains(try String(contentsOf: file, encoding: .utf8)), "\(file.lastPathComponent)")
        }
    }

    @Test(
        "Nothing in it loads anything from elsewhere, makes markup of text, or is forbidden by its own policy",
        arguments: [
            " src=", "@import", "url(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
            "new Function", " style=\"", " onclick=", " onerror=", "javascript:",
        ])
    func nothingElse(_ text: String) {
        #expect(!html.contains(text))
    }

    @Test("Addresses in it are names of namespaces alone")
    func addresses() {
        let found = html.components(separatedBy: "://").dropFirst()
        #expect(found.allSatisfy { $0.hasPrefix("www.w3.org/2000/svg") })
    }

    @Test(
        "The prefix of the API is an attribute, whatever it contains",
        arguments: [
            ("/api/", "/api/"), ("/a\"><script>&/", "/a&quot;&gt;&lt;script&gt;&amp;/"),
            ("/{{script}}/", "/{{script}}/"),
        ])
    func prefix(_ prefix: String, _ written: String) {
        let html = String(decoding: DashboardPage.document(apiPrefix: prefix).html, as: UTF8.self)
        #expect(html.contains("<meta name=\"sluice-api\" content=\"\(written)\">"))
    }
}

import Testing

@testable import Configuration

/// Text that is too much: each limit is an error with a position, and the last thing below it loads.
@Suite struct LimitTests {
    private let site = "server { listen 80; location / { root www; } }\n"

    private func chain(_ depth: Int) -> [String: String] {
        var files = ["\(depth).inc": site]
        for number in 1..<depth { files["\(number).inc"] = "include \(number + 1).inc;" }
        return files
    }

    @Test func includeDepth() {
        #expect(errorText("include 1.inc;", chain(16)) == nil)
        #expect(errorText("include 1.inc;", chain(17)) == "16.inc:1:9: more than 16 levels of includes")
    }

    @Test func includeCycleOverTwoFiles() {
        let files = ["b.inc": "include ./c.inc;", "./c.inc": "include b.inc;"]
        let error = errorText("include b.inc;", files)
        #expect(error == "./c.inc:1:9: a file includes itself; a.conf → b.inc → c.inc → b.inc")
    }

    @Test func endOfALongPathIsShown() {
        let folder = String(repeating: "folder/", count: 40)
        #expect(errorText("include \(folder)none.conf;")?.contains("/none.conf\": there is no such file") == true)
    }

    @Test func oneFileMayBeIncludedTwice() {
        let pool = "upstream a { include s.inc; } upstream b { include s.inc; }"
        #expect(errorText(pool + site, ["s.inc": "server 10.0.0.1:1883;"]) == nil)
    }

    @Test func manyIncludes() {
        let files = ["b.inc": String(repeating: "include c.inc;\n", count: 100), "c.inc": "\n"]
        #expect(errorText(String(repeating: "include b.inc;\n", count: 40) + site, files) == nil)
        let error = errorText(String(repeating: "include b.inc;\n", count: 50) + site, files)
        #expect(error?.contains("more than 4096 files") == true)
    }

    @Test func nesting() {
        let deep = String(repeating: "a { ", count: 32) + String(repeating: "}", count: 32)
        #expect(errorText(deep)?.contains("unknown directive \"a\"") == true)
        let error = errorText(String(repeating: "a { ", count: 33))
        #expect(error == "a.conf:1:131: more than 32 levels of blocks")
        #expect(errorText(String(repeating: "a{", count: 1 << 20))?.contains("more than 32 levels of blocks") == true)
    }

    @Test func nestingGoesOnInIncludes() {
        let error = errorText("a { a { include b.inc; } }", ["b.inc": String(repeating: "a { ", count: 31)])
        #expect(error == "b.inc:1:123: more than 32 levels of blocks")
    }

    @Test func fileSize() {
        let fill = [UInt8](repeating: 0x20, count: 16 << 20)
        let start = Array(site.utf8)
        #expect(load(start + fill.dropFirst(start.count)) == load(site))
        guard case .failure(let error) = load(start + fill) else {
            Issue.record("a file above the limit was loaded")
            return
        }
        #expect(error.description == "a.conf: the file is larger than 16777216 bytes")
    }

    @Test func unreadableFiles() {
        let none = ConfigurationSource(
            read: { _, _ throws(ConfigurationSource.ReadFailure) in
                throw ConfigurationSource.ReadFailure(reason: "permission denied")
            }, glob: { _ in ["b.inc"] }, exists: { _ in true })
        let whole = Position(file: "x/a.conf", line: 0, column: 0)
        let expected = ConfigurationError(at: whole, "the file cannot be read: permission denied")
        #expect(throws: expected) { try Snapshot.load(path: "x/a.conf", prefix: "/", source: none) }
        #expect(errorText("  include b.inc;")?.hasPrefix("a.conf:1:11: cannot include \"b.inc\"") == true)
    }

    @Test func longWordsAreCutInMessages() throws {
        let error = try #require(errorText("worker_threads " + String(repeating: "9", count: 1 << 20) + ";"))
        #expect(error.utf8.count < 300)
        let name = try #require(errorText(String(repeating: "x", count: 1 << 20) + ";"))
        #expect(name.utf8.count < 300)
    }

    @Test func includesStartFromTheFolderOfTheMainFile() throws {
        let files = [
            "/etc/s/main.conf": "include sites/*.conf; include /opt/x.conf;",
            "/etc/s/sites/b.conf": "server { listen 82; include sites/loc.inc; }",
            "/etc/s/sites/a.conf": "server { listen 81; include sites/loc.inc; }",
            "/etc/s/sites/loc.inc": "location / { root www; }",
            "/opt/x.conf": "worker_threads 3;",
        ]
        let snapshot = try Snapshot.load(path: "/etc/s/main.conf", prefix: "/p/", source: .text(files))
        #expect(snapshot.listeners.map(\.address.description) == ["*:81", "[::]:81", "*:82", "[::]:82"])
        #expect(snapshot.process.workerThreads == 3)
        #expect(snapshot.servers.first?.locations.first?.action == .files(FileRoot(folder: "/p/www")))
    }
}

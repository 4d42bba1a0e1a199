import Foundation
import Testing
import Wire

@testable import Gateway

@Suite("Static files")
struct StaticFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("index.html", "<p>start</p>")
        try folder.write("app.js", "js")
        try folder.write("docs/index.html", "docs")
        try folder.write("docs/home.htm", "home")
        try folder.makeFolder("empty")
        try folder.write("a b.txt", "space")
    }

    /// What is found, as text: "12 text/html; charset=utf-8: <p>start</p>", "-> /docs/" or "404".
    private func open(_ path: String, index: String = "index.html") -> String {
        switch StaticFile.open(root: folder.path, path: path, index: index) {
        case .file(let descriptor, let size, let type):
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            let text = (try? handle.readToEnd()).flatMap { $0.map { String(decoding: $0, as: UTF8.self) } } ?? ""
            return "\(size) \(type): \(text)"
        case .redirect(let path): return "-> \(path)"
        case .failure(let status): return "\(status.code)"
        }
    }

    @Test(
        "Files, folders, and what is neither",
        arguments: [
            ("/index.html", "12 text/html; charset=utf-8: <p>start</p>"),
            ("/", "12 text/html; charset=utf-8: <p>start</p>"),
            ("/app.js", "2 text/javascript; charset=utf-8: js"), ("/docs/", "4 text/html; charset=utf-8: docs"),
            ("/docs", "-> /docs/"), ("/empty", "-> /empty/"), ("/empty/", "404"), ("/missing", "404"),
            ("/missing/", "404"), ("/index.html/", "404"), ("/index.html/x", "404"),
            ("/a b.txt", "5 text/plain; charset=utf-8: space"), ("//docs", "-> /docs/"),
        ])
    func found(path: String, expected: String) {
        #expect(open(path) == expected)
    }

    @Test("The index is another file where the configuration says so")
    func index() {
        #expect(open("/docs/", index: "home.htm") == "4 application/octet-stream: home")
        #expect(open("/", index: "home.htm") == "404")
        #expect(open("/", index: "docs") == "403")
    }

    @Test("A name that is too long is not found")
    func long() {
        #expect(open("/" + String(repeating: "a", count: 5_000)) == "404")
    }

    @Test("What is no file is refused, and nobody waits for it")
    func special() throws {
        #expect(mkfifo(folder.path + "/fifo", 0o600) == 0)
        #expect(open("/fifo") == "403")
    }

    @Test(
        "Types by the ending, in any case",
        arguments: [
            ("a.html", "text/html; charset=utf-8"), ("a.HTML", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"), ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.json", "application/json"), ("a.svg", "image/svg+xml"), ("a.png", "image/png"),
            ("a.wasm", "application/wasm"), ("a.min.js", "text/javascript; charset=utf-8"),
            ("a.tar.gz", "application/octet-stream"), ("a", "application/octet-stream"),
            ("a.", "application/octet-stream"), ("x.d/README", "application/octet-stream"),
        ])
    func types(name: String, type: String) throws {
        try folder.write(name, "x")
        #expect(open("/\(name)") == "1 \(type): x")
    }

    @Test("RFC 9112: the head of the response, ended by an empty line")
    func head() {
        let lines = head(.close)?.components(separatedBy: "\r\n") ?? []
        #expect(lines.first == "HTTP/1.1 200 OK")
        #expect(lines.suffix(2) == ["", ""])
        for field in ["Content-Length: 12", "Content-Type: text/html", "X-Content-Type-Options: nosniff"] {
            #expect(lines.contains(field))
        }
        #expect(lines.contains("Date: Sat, 28 Nov 2026 08:00:00 GMT"))
        #expect(lines.contains("Connection: close"))
        #expect(head(.keepAlive)?.contains("Connection") == false)
        #expect(head(.announcedKeepAlive)?.contains("\r\nConnection: keep-alive\r\n") == true)
        #expect(head(.close, room: lines.joined(separator: "\r\n").utf8.count - 1) == nil)
    }

    private func head(_ persistence: HTTPPersistence, room: Int = StaticFile.headRoom) -> String? {
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { bytes, count in
            let room = UnsafeMutableRawBufferPointer(bytes)
            count =
                StaticFile.writeHead(
                    into: room, size: 12, type: "text/html", date: "Sat, 28 Nov 2026 08:00:00 GMT",
                    persistence: persistence) ?? 0
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}

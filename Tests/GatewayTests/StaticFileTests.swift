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

    /// What is found, as text: "12: <p>start</p>", "folder" or "404".
    private func open(_ path: String, below root: String? = nil) -> String {
        var folders = RootFolders()
        switch StaticFile.open(path, below: folders.descriptor(of: root ?? folder.path, now: 0)) {
        case .file(let file, let validators):
            let handle = FileHandle(fileDescriptor: file.descriptor, closeOnDealloc: false)
            let text = (try? handle.readToEnd()).flatMap { $0.map { String(decoding: $0, as: UTF8.self) } } ?? ""
            withExtendedLifetime(file) {}
            return "\(validators.size): \(text)"
        case .folder: return "folder"
        case .failure(let status): return "\(status.code)"
        }
    }

    @Test(
        "Files, folders, and what is neither",
        arguments: [
            ("/index.html", "12: <p>start</p>"), ("/", "folder"), ("", "folder"), ("//app.js", "2: js"),
            ("app.js", "2: js"), ("/docs/", "folder"), ("/docs", "folder"), ("/docs/home.htm", "4: home"),
            ("/missing", "404"), ("/missing/", "404"), ("/index.html/", "404"), ("/index.html/x", "404"),
            ("/a b.txt", "5: space"),
        ])
    func found(path: String, expected: String) {
        #expect(open(path) == expected)
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

    @Test("A root that is not there is not found")
    func noRoot() {
        #expect(open("/index.html", below: folder.path + "/none") == "404")
    }

    @Test("Links work as long as they stay inside")
    func links() throws {
        try folder.makeFolder("outside")
        try folder.write("outside/secret", "secret")
        let inside = folder.path + "/docs"
        for (name, target) in [
            ("same", "home.htm"), ("absolute", inside + "/home.htm"), ("around", "../docs/home.htm"), ("here", "."),
            ("up", ".."), ("out", "../outside/secret"), ("absolute-out", folder.path + "/outside/secret"),
            ("device", "/dev/zero"), ("twin", folder.path + "/docs-twin"), ("loop", "loop"), ("dangling", "none"),
        ] {
            #expect(symlink(target, "\(inside)/\(name)") == 0)
        }
        try folder.write("docs-twin", "twin")
        let found = { (path: String) in open(path, below: inside) }
        #expect(found("/same") == "4: home")
        #expect(found("/absolute") == "4: home")
        #expect(found("/around") == "4: home")
        #expect(found("/here/home.htm") == "4: home")
        #expect(found("/here") == "folder")
        for path in ["/up", "/up/outside/secret", "/out", "/absolute-out", "/device", "/twin", "/../outside/secret"] {
            #expect(found(path) == "403", "\(path)")
        }
        #expect(found("/loop") == "404")
        #expect(found("/dangling") == "404")
    }

    @Test("What is put in the place of a root is served after a second")
    func rootIsOpenedAgain() throws {
        try folder.makeFolder("other")
        try folder.write("other/app.js", "other")
        let link = folder.path + "/current"
        #expect(symlink("docs", link) == 0)
        var folders = RootFolders()
        let size = { (found: StaticFile.Found) in
            if case .file(_, let validators) = found { validators.size } else { 0 }
        }
        let file = { (now: Int64, path: String) in
            size(StaticFile.open(path, below: folders.descriptor(of: link, now: now)))
        }
        #expect(file(0, "/home.htm") == 4)
        #expect(unlink(link) == 0 && symlink("other", link) == 0)
        #expect(file(999, "/home.htm") == 4)
        #expect(file(1000, "/home.htm") == 0)
        #expect(file(1001, "/app.js") == 5)
    }
}

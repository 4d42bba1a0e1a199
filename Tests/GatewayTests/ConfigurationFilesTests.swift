import Configuration
import Foundation
import Testing

@testable import Gateway

@Suite("Configuration files")
struct ConfigurationFilesTests {
    private let folder: TemporaryFolder
    private let source = ConfigurationFiles.source

    init() throws { folder = try TemporaryFolder() }

    private func failure(_ path: String) -> String? {
        do throws(ConfigurationSource.ReadFailure) {
            _ = try source.read(path, 100)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(
        "Reads a file whole, whatever its size against the buffer",
        arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func whole(size: Int) throws {
        let text = String(repeating: "0123456789", count: size / 10 + 1).prefix(size)
        let path = try folder.write("a.conf", String(text))
        #expect(try source.read(path, 1 << 20) == Array(text.utf8))
    }

    @Test(
        "Reads no more than the limit and one byte, so that the loader sees what is over",
        arguments: [0, 1, 99, 65_536])
    func limit(limit: Int) throws {
        let path = try folder.write("a.conf", String(repeating: "a", count: 100_000))
        #expect(try source.read(path, limit).count == limit + 1)
        #expect(try source.read("/dev/zero", limit).count == limit + 1)
    }

    @Test("A file that cannot be read: the system's reason")
    func failures() throws {
        #expect(failure(folder.path + "/missing") == "No such file or directory")
        #expect(failure(folder.path) == "Is a directory")
        #expect(mkfifo(folder.path + "/fifo", 0o600) == 0)
        #expect(failure(folder.path + "/fifo") == nil)  // empty, and nobody waits for a writer
    }

    @Test("Patterns find files; what matches nothing is no error")
    func glob() throws {
        for name in ["b.conf", "a.conf", "a.txt", "sub/c.conf", ".hidden.conf"] { try folder.write(name, "") }
        func find(_ pattern: String) -> [String] {
            source.glob(folder.path + "/" + pattern).map { String($0.dropFirst(folder.path.count + 1)) }.sorted()
        }
        #expect(find("*.conf") == ["a.conf", "b.conf"])
        #expect(find("?.txt") == ["a.txt"])
        #expect(find("[ab].conf") == ["a.conf", "b.conf"])
        #expect(find("*/*.conf") == ["sub/c.conf"])
        #expect(find("*.none") == [])
        #expect(find("none/*") == [])
    }

    @Test("Whether there is a file, and whether it is a folder")
    func kinds() throws {
        let file = try folder.write("a.conf", "")
        #expect(source.exists(file) && source.exists(folder.path))
        #expect(!source.exists(file + "x"))
        #expect(ConfigurationFiles.isFolder(folder.path))
        #expect(!ConfigurationFiles.isFolder(file))
        #expect(!ConfigurationFiles.isFolder(file + "x"))
    }

    @Test("A configuration in several files is loaded from the disk")
    func load() throws {
        try folder.write(
            "conf.d/one.conf", "server { listen 127.0.0.1:8083; location / { mqtt_pass 127.0.0.1:1883; } }")
        let main = try folder.write("sluice.conf", "worker_threads 2;\ninclude conf.d/*.conf;\n")
        let snapshot = try Snapshot.load(path: main, prefix: folder.path, source: source)
        #expect(snapshot.process.workerThreads == 2)
        #expect(snapshot.servers.count == 1)
    }
}

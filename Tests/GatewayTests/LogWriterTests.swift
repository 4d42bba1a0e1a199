import Configuration
import Foundation
import Testing

@testable import Gateway

@Suite("Logs: opened once, closed when nobody writes any more")
struct LogWriterTests {
    private let folder: TemporaryFolder
    private let writer: LogWriter

    init() throws {
        folder = try TemporaryFolder()
        writer = try LogWriter()
    }

    /// The files below the folder that this process has open.
    private var openFiles: Set<String> {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let paths = descriptors.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        return Set(paths.filter { $0.hasPrefix(folder.path) })
    }

    private func eventually(_ condition: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: 10)
        while !condition() {
            guard Date() < end else { return false }
            usleep(1000)
        }
        return true
    }

    @Test("Whoever names the same path gets the same file; it closes behind its last line")
    func shared() throws {
        let path = folder.path + "/a.log"
        try writer.start()
        var first: LogFile? = try writer.file(path)
        var second: LogFile? = try writer.file(path)
        #expect(first === second)
        #expect(openFiles == [path])
        first = nil
        second?.append("last words")
        #expect(openFiles == [path])
        second = nil
        #expect(eventually { openFiles.isEmpty })
        #expect(try folder.read("a.log") == "last words\n")
        // And opened anew for the next.
        try writer.file(path).append("again")
        #expect(eventually { (try? folder.read("a.log")) == "last words\nagain\n" })
        writer.stop()
    }

    @Test("What was let go before the writer started is written all the same")
    func late() throws {
        try writer.file(folder.path + "/a.log").append("early")
        try writer.start()
        writer.stop()
        #expect(try folder.read("a.log") == "early\n")
        #expect(openFiles.isEmpty)
    }

    @Test("The error log goes on in another file and at another level, for everyone that has it")
    func errorLog() throws {
        let log = ErrorLog(file: try writer.file(folder.path + "/a.log"), level: .error)
        try writer.start()
        log.write(.notice, "not this")
        log.write(.error, "one")
        log.adopt(file: try writer.file(folder.path + "/b.log"), level: .notice)
        #expect(log.isOn(.notice) && !log.isOn(.info))
        log.write(.notice, "two")
        #expect(eventually { openFiles == [folder.path + "/b.log"] })
        writer.stop()
        #expect(try folder.read("a.log").hasSuffix("[error] one\n"))
        #expect(try folder.read("b.log").hasSuffix("[notice] two\n"))
    }
}

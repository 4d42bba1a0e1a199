import Configuration
import Foundation
import Testing

@testable import Gateway

@Suite("Logs: opened once, closed when nobody writes any longer")
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
        var first: LogFile? = try writer.file(.file(path))
        var second: LogFile? = try writer.file(.file(path))
        #expect(first === second)
        #expect(openFiles == [path])
        first = nil
        second?.append("last words")
        #expect(openFiles == [path])
        second = nil
        #expect(eventually { openFiles.isEmpty })
        #expect(try folder.read("a.log") == "last words\n")
        // And opened again for the next.
        try writer.file(.file(path)).append("again")
        #expect(eventually { (try? folder.read("a.log")) == "last words\nagain\n" })
        writer.stop()
    }

    @Test("What was let go before the writer started is written all the same")
    func late() throws {
        try writer.file(.file(folder.path + "/a.log")).append("early")
        try writer.start()
        writer.stop()
        #expect(try folder.read("a.log") == "early\n")
        #expect(openFiles.isEmpty)
    }

    @Test("The error log goes on in another file and at another level, for everyone that has it")
    func errorLog() throws {
        let log = ErrorLog(file: try writer.file(.file(folder.path + "/a.log")), level: .error)
        try writer.start()
        log.write(.notice, "not this")
        log.write(.error, "one")
        log.adopt(file: try writer.file(.file(folder.path + "/b.log")), level: .notice)
        #expect(log.isOn(.notice) && !log.isOn(.info))
        log.write(.notice, "two")
        #expect(eventually { openFiles == [folder.path + "/b.log"] })
        writer.stop()
        #expect(try folder.read("a.log").hasSuffix("[error] one\n"))
        #expect(try folder.read("b.log").hasSuffix("[notice] two\n"))
    }

    // MARK: Nobody reads

    /// What can be read of a FIFO now.
    private func drain(_ descriptor: Int32) -> String {
        var text: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = read(descriptor, &block, block.count), count > 0 { text += block[..<count] }
        return String(decoding: text, as: UTF8.self)
    }

    @Test("A FIFO that nobody reads stops nobody: lines wait up to a limit, then they are dropped and counted")
    func fifo() throws {
        let path = folder.path + "/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        let log = ErrorLog(file: try writer.file(.file(folder.path + "/error.log")), level: .notice)
        let (fifo, other) = (try writer.file(.file(path)), try writer.file(.file(folder.path + "/other.log")))
        try writer.start(for: log)
        let (sent, size) = (3000, 4000)
        for number in 0..<sent {
            fifo.append("\(number) " + String(repeating: "x", count: size - "\(number) \n".count))
        }
        #expect(writer.dropped == UInt64(sent - LogSink.capacity / size) || writer.dropped > 0)
        // The other logs go on.
        other.append("still here")
        #expect(eventually { (try? folder.read("other.log")) == "still here\n" })
        #expect(
            eventually { (try? folder.read("error.log"))?.contains("lines for \(path) are being dropped") ?? false })
        let dropped = writer.dropped
        #expect(writer.droppedByTarget[.file(path)] == dropped)
        // And so does it, when somebody reads: each line was written or counted.
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        var text = ""
        #expect(
            eventually {
                text += drain(reader)
                return (try? folder.read("error.log"))?.contains("\(dropped) lines for \(path) were dropped") ?? false
            })
        fifo.append("after it")
        #expect(
            eventually {
                text += drain(reader)
                return text.hasSuffix("after it\n")
            })
        let lines = text.split(separator: "\n")
        #expect(UInt64(lines.count) + dropped == UInt64(sent) + 1)
        #expect(lines.dropLast().allSatisfy { $0.utf8.count == size - 1 })
        #expect(writer.dropped == dropped)
        writer.stop()
    }

    @Test("The end does not wait for a FIFO that nobody reads, and counts what is lost with it")
    func endWithFIFO() throws {
        let path = folder.path + "/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        let fifo = try writer.file(.file(path))
        try writer.start()
        for _ in 0..<100 { fifo.append(String(repeating: "x", count: 4095)) }
        let began = Date()
        writer.stop()
        #expect(Date().timeIntervalSince(began) < 10)
        #expect((80..<100).contains(writer.dropped))
    }

    @Test("A disk that takes nothing: every line is counted, and the log is said to be broken once")
    func fullDisk() throws {
        let log = ErrorLog(file: try writer.file(.file(folder.path + "/error.log")), level: .notice)
        let full = try writer.file(.file("/dev/full"))
        try writer.start(for: log)
        for _ in 0..<100 { full.append("x") }
        #expect(eventually { writer.dropped == 100 })
        writer.stop()
        let notes = try folder.read("error.log").split(separator: "\n")
        #expect(
            notes.count == 1
                && notes[0].hasSuffix("lines for /dev/full are being dropped: write: No space left on device"))
    }

    // MARK: Folding

    @Test("A storm of equal errors is one line with its number, by the end at the latest; at debug nothing is folded")
    func storm() throws {
        let log = ErrorLog(file: try writer.file(.file(folder.path + "/a.log")), level: .info)
        let all = ErrorLog(file: try writer.file(.file(folder.path + "/b.log")), level: .debug)
        try writer.start(for: log)
        for number in 0..<1000 {
            log.write(.info, about: "client \(number): ", "no")
            all.write(.info, about: "client \(number): ", "no")
        }
        log.write(.info, "a\nb")
        writer.stop()
        let lines = try folder.read("a.log").split(separator: "\n")
        #expect(lines.count == 7 && lines[5].hasSuffix(#"[info] a\x0Ab"#))
        #expect(lines.first?.hasSuffix("client 0: no") ?? false)
        #expect(lines.last?.firstMatch(of: /client 999: no \(repeated 995 times in the last \d+ s\)$/) != nil)
        #expect(try folder.read("b.log").split(separator: "\n").count == 1000)
    }
}

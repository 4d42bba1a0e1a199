import Foundation
import Testing

@testable import Gateway

@Suite("PID file")
struct PidFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/sluice.pid" }

    init() throws { folder = try TemporaryFolder() }

    /// The error of `body`, or nil.
    private func error<Value>(_ body: () throws(StartError) -> Value) -> String? {
        do throws(StartError) {
            _ = try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("Holds the process's id and a line end, and goes with remove")
    func roundTrip() throws {
        let file = try PidFile(path)
        #expect(try folder.read("sluice.pid") == "\(getpid())\n")
        #expect(try PidFile.read(path) == getpid())
        file.remove()
        #expect(!folder.exists("sluice.pid"))
    }

    @Test(
        "A file that holds no process id is named",
        arguments: ["", "\n", "abc", "-5", "0", "1", "99999999999999999999", " 12", "½"])
    func garbage(text: String) throws {
        try folder.write("sluice.pid", text)
        #expect(error { () throws(StartError) in try PidFile.read(path) } == "pid_file \(path): it holds no process id")
        // Nobody can be running under it: it is written anew.
        _ = try PidFile(path)
        #expect(try PidFile.read(path) == getpid())
    }

    @Test("A file that is missing is an error of read, with the system's reason")
    func missing() {
        let text = error { () throws(StartError) in try PidFile.read(path) }
        #expect(text == "pid_file \(path): No such file or directory")
    }

    @Test("A place that cannot be written is an error, with the system's reason")
    func unwritable() {
        let path = folder.path + "/none/sluice.pid"
        let text = error { () throws(StartError) in try PidFile(path) }
        #expect(text == "pid_file \(path): No such file or directory")
    }

    @Test("Text behind the number is not looked at, and an older, longer file leaves nothing")
    func trailing() throws {
        try folder.write("sluice.pid", "4194304000\nsomething else\n")
        let number = Int32(getpid())
        try folder.write("sluice.pid", "\(number)\nmore\n")
        #expect(try PidFile.read(path) == number)
        _ = try PidFile(path)
        #expect(try folder.read("sluice.pid") == "\(number)\n")
    }

    @Test("Another process that runs is in the way while it does")
    func running() throws {
        let process = Process()
        let input = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/cat")  // ends with its input
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let pid = process.processIdentifier
        try folder.write("sluice.pid", "\(pid)\n")
        let text = error { () throws(StartError) in try PidFile(path) }
        #expect(text == "pid_file \(path): process \(pid) is running already")
        #expect(try PidFile.read(path) == pid)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        _ = try PidFile(path)
        #expect(try PidFile.read(path) == getpid())
    }
}

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
        file.remove()
        #expect(!folder.exists("sluice.pid"))
    }

    @Test(
        "A file that nobody holds is written again, whatever is in it: the id of a stranger that runs (1), or none",
        arguments: ["1\n", "4194304000\nsomething else\n", "", "abc", "-5", "½"])
    func stale(text: String) throws {
        try folder.write("sluice.pid", text)
        let file = try PidFile(path)
        #expect(try folder.read("sluice.pid") == "\(getpid())\n")
        file.remove()
    }

    @Test(
        "A file that nobody holds: no process is signalled, and the one it is left from is named",
        arguments: [("1\n", "; it is left over from process 1"), ("", ""), ("abc", ""), ("-5", "")])
    func nobody(text: String, rest: String) throws {
        try folder.write("sluice.pid", text)
        let error = error { () throws(StartError) in try PidFile.holder(of: path) }
        #expect(error == "pid_file \(path): no running gateway holds it\(rest)")
    }

    @Test("A file whose lock another has is in the way, and stays as it is")
    func held() throws {
        try folder.write("sluice.pid", "7\n")
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        // A lock of the descriptor's own: those of a process do not hold against itself. fcntl(2), F_OFD_SETLK
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        try #require(fcntl(descriptor, 37, &lock) == 0)
        let text = error { () throws(StartError) in try PidFile(path) }
        #expect(text == "pid_file \(path): another gateway is running already")
        #expect(try folder.read("sluice.pid") == "7\n")
        let unseen = error { () throws(StartError) in try PidFile.holder(of: path) }
        #expect(unseen?.contains("is not visible from here") == true)
    }

    @Test("A file that another gateway has made meanwhile is not removed")
    func replaced() throws {
        let file = try PidFile(path)
        try FileManager.default.removeItem(atPath: path)
        try folder.write("sluice.pid", "7\n")
        file.remove()
        #expect(try folder.read("sluice.pid") == "7\n")
    }

    @Test("A file that is missing is an error of holder, with the system's reason")
    func missing() {
        let text = error { () throws(StartError) in try PidFile.holder(of: path) }
        #expect(text == "pid_file \(path): No such file or directory")
    }

    @Test("A place that cannot be written is an error, with the system's reason")
    func unwritable() {
        let path = folder.path + "/none/sluice.pid"
        let text = error { () throws(StartError) in try PidFile(path) }
        #expect(text == "pid_file \(path): No such file or directory")
    }

    @Test("What is no plain file is left alone", arguments: ["/dev/null"])
    func device(path: String) {
        let text = error { () throws(StartError) in try PidFile(path) }
        #expect(text == "pid_file \(path): it exists and is not a regular file")
    }
}

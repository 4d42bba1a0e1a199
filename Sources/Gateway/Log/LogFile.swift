import CShims
import Reactor
import Synchronization

/// A file, or standard output or error, that whole lines are appended to from any thread. Nobody waits for the disk: a
/// `LogWriter` writes what has gathered.
///
/// Whoever writes to the log keeps this object: when the last of them lets it go, the writer writes what waits and closes
/// the file.
final class LogFile: Sendable {
    private let sink: LogSink

    init(_ sink: LogSink) { self.sink = sink }

    deinit { sink.wakeWriter() }

    /// `stderr`, `stdout`, or an absolute path.
    var path: String { sink.path }

    /// Appends a line; its end is added. Any thread.
    func append(_ line: String) { sink.append(line) }
}

/// The writer's end of a log. When it cannot keep up, lines are dropped and counted.
final class LogSink: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
    }

    let path: String
    private let state = Lock(State())
    private let descriptor: Atomic<Int32>
    private let wake: Int32

    /// Most bytes that wait for the disk.
    private static let capacity = 4 << 20

    /// `wake` is the eventfd of the writer.
    init(path: String, wake: Int32) throws(SystemError) {
        self.path = path
        self.wake = wake
        descriptor = Atomic(try Self.open(path))
    }

    /// Standard output and error stay open.
    deinit { if path.hasPrefix("/") { _ = CShims_close(descriptor.load(ordering: .relaxed)) } }

    private static func open(_ path: String) throws(SystemError) -> Int32 {
        switch path {
        case "stderr": return 2
        case "stdout": return 1
        default:
            let result = CShims_open(path, O_WRONLY | O_APPEND | O_CREAT, 0o640)
            guard result >= 0 else { throw SystemError("cannot open \(path)", code: -result) }
            return result
        }
    }

    func append(_ line: String) {
        let isFirst = state.withLock { state in
            guard state.waiting.count < Self.capacity else {
                state.dropped += 1
                return false
            }
            let isFirst = state.waiting.isEmpty
            state.waiting.append(contentsOf: line.utf8)
            state.waiting.append(UInt8(ascii: "\n"))
            return isFirst
        }
        if isFirst { wakeWriter() }
    }

    func wakeWriter() { CShims_eventfd_signal(wake) }

    /// Writes what waits. The writer's thread.
    func write() {
        let (bytes, dropped) = state.withLock { state in
            defer { (state.waiting, state.dropped) = ([], 0) }
            return (state.waiting, state.dropped)
        }
        write(bytes)
        if dropped > 0 {
            write(Array("sluice: \(dropped) lines were dropped: the log could not be written fast enough\n".utf8))
        }
    }

    private func write(_ bytes: [UInt8]) {
        let descriptor = descriptor.load(ordering: .relaxed)
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = CShims_write(descriptor, start, rest.count)
                guard count > 0 else { return }  // a full disk: there is nowhere to say so
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Says on standard error what no log can hold: that a log is missing.
    static func complain(_ message: String) {
        let line = Array("sluice: \(message)\n".utf8)
        _ = CShims_write(2, line, line.count)
    }

    /// Opens the path again, for log rotation; the old file stays when that fails. The writer's thread.
    func reopen() throws(SystemError) {
        guard path.hasPrefix("/") else { return }
        let old = descriptor.exchange(try Self.open(path), ordering: .relaxed)
        _ = CShims_close(old)
    }

    /// Gives the file to the user that the process is about to become, so that it can be opened again. Only a plain file of
    /// that very name: whoever may write in the folder could have put a link to another there.
    func give(user: uid_t, group: gid_t) {
        guard path.hasPrefix("/") else { return }
        let descriptor = descriptor.load(ordering: .relaxed)
        var (opened, named) = (stat(), stat())
        guard fstat(descriptor, &opened) == 0, lstat(path, &named) == 0,
            Int(CShims_file_kind(&named)) == CShims_REGULAR_FILE, named.st_nlink == 1,
            opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
        else { return }
        _ = fchown(descriptor, user, group)
    }
}

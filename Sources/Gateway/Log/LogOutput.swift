import CShims
import Reactor

/// Where the bytes of a log go. The writer's thread uses it, behind the lock of its `LogSink`; no call of it waits for a
/// reader.
final class LogOutput {
    /// Whoever reads it may be slow, or gone: a pipe, a socket, a terminal.
    private enum Kind { case disk, stream, datagrams(SyslogSocket) }

    private var descriptor: Int32
    private let path: String?
    private var kind: Kind
    /// Whole lines that were taken and not written yet; the first may have been written in part.
    private var unsent = ByteQueue()
    /// The last byte that was written is not the end of a line.
    private var isInsideLine = false
    /// The rest of that line is lost.
    private var isCutOff = false

    /// What became of what was to be written.
    struct Outcome {
        /// Lines that are lost, and why the last of them is.
        var lost = 0
        var reason: SystemError?
        /// Something was written.
        var hasWritten = false
        /// The reader does not take more now.
        var isStuck = false
    }

    /// Standard output or error, which somebody else has opened: others may use it at the same time.
    init(stream descriptor: Int32) {
        self.descriptor = descriptor
        path = nil
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && CShims_file_kind(&status) == CShims_REGULAR_FILE
        kind = isFile ? .disk : .stream
    }

    init(path: String) throws(SystemError) {
        self.path = path
        descriptor = try Self.open(path)
        kind = .disk
    }

    init(syslog address: SocketAddress) throws(SystemError) {
        path = nil
        descriptor = -1
        kind = .datagrams(try SyslogSocket(address))
    }

    deinit { if path != nil { _ = CShims_close(descriptor) } }

    /// Not to wait for the reader of a pipe: neither now, nor when it is written. Without one it is opened for both ways, fifo(7).
    private static func open(_ path: String) throws(SystemError) -> Int32 {
        var result = CShims_open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640)
        if result == -ENXIO { result = CShims_open(path, O_RDWR | O_NONBLOCK, 0) }
        guard result >= 0 else { throw SystemError("cannot open \(path)", code: -result) }
        return result
    }

    /// Opens a file again, for log rotation, and makes a new socket; the old one stays when that fails.
    func reopen() throws(SystemError) {
        if case .datagrams(let socket) = kind { return try redirect(to: socket.address) }
        guard let path else { return }
        let new = try Self.open(path)
        _ = CShims_close(descriptor)
        descriptor = new
        (isInsideLine, isCutOff) = (false, false)
    }

    /// Sends to another address of the server from now on.
    func redirect(to address: SocketAddress) throws(SystemError) {
        kind = .datagrams(try SyslogSocket(address))
    }

    /// Gives the file to a user; see `LogSink.give`.
    func give(user: uid_t, group: gid_t) {
        guard let path else { return }
        var (opened, named) = (stat(), stat())
        guard fstat(descriptor, &opened) == 0, lstat(path, &named) == 0,
            Int(CShims_file_kind(&named)) == CShims_REGULAR_FILE, named.st_nlink == 1,
            opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
        else { return }
        _ = fchown(descriptor, user, group)
    }

    // MARK: Writing

    /// Bytes that were taken and still wait.
    var backlog: Int { unsent.count }

    /// Takes whole lines.
    func take(_ lines: [UInt8]) { lines.withUnsafeBytes { unsent.append($0) } }

    /// Writes what it can.
    func write() -> Outcome {
        if case .datagrams(let socket) = kind {
            var outcome = Outcome()
            socket.send(UnsafeRawBufferPointer(unsent.bytes), &outcome)
            unsent.clear()
            return outcome
        }
        return writeBytes()
    }

    /// Gives up what waits.
    func abandon() -> Int {
        let lines = Self.lines(UnsafeRawBufferPointer(unsent.bytes))
        unsent.clear()
        isCutOff = isInsideLine
        return lines
    }

    private func writeBytes() -> Outcome {
        var outcome = Outcome()
        // A line that a full disk has cut off must not become a part of the next.
        if isCutOff, !unsent.isEmpty { isCutOff = !(CShims_write(descriptor, "\n", 1) == 1) }
        while !unsent.isEmpty {
            let waiting = UnsafeRawBufferPointer(unsent.bytes)
            guard let start = waiting.baseAddress else { break }
            let count = writeSome(start, waiting.count)
            if count > 0 {
                outcome.hasWritten = true
                isInsideLine = waiting[count - 1] != UInt8(ascii: "\n")
                unsent.consume(count)
            } else if count == -Int(EAGAIN) {
                outcome.isStuck = true
                return outcome
            } else {
                outcome.reason = SystemError("write", code: Int32(clamping: -count))
                outcome.lost = abandon()
            }
        }
        return outcome
    }

    /// One write. A stream of somebody else's may be one that waits: it is written when there is room, and no more than that.
    private func writeSome(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        guard case .stream = kind else { return CShims_write(descriptor, bytes, count) }
        guard CShims_is_writable(descriptor) != 0 else { return -Int(EAGAIN) }
        return CShims_write(descriptor, bytes, min(count, Int(PIPE_BUF)))
    }

    private static func lines(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count { $0 == UInt8(ascii: "\n") } }
}

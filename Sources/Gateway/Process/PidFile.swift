import CShims
import Reactor

/// `pid_file`: holds the process's id while it runs.
package struct PidFile: Sendable {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(StartError) {
        self.path = path
        if let running = try? Self.read(path), kill(running, 0) == 0, running != getpid() {
            throw StartError("pid_file \(path): process \(running) is running already")
        }
        let descriptor = CShims_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw StartError("pid_file \(path): \(SystemError.text(-descriptor))") }
        self.descriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        guard CShims_write(descriptor, text, text.count) == text.count else {
            Socket.close(descriptor)
            throw StartError("pid_file \(path): it cannot be written")
        }
    }

    /// Removes the file; where the process may not do that any more, empties it: a number that somebody else gets later must
    /// not stand there.
    func remove() {
        _ = ftruncate(descriptor, 0)
        Socket.close(descriptor)
        unlink(path)
    }

    /// The process that a pid file names.
    package static func read(_ path: String) throws(StartError) -> pid_t {
        let descriptor = CShims_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { throw StartError("pid_file \(path): \(SystemError.text(-descriptor))") }
        defer { Socket.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = CShims_read(descriptor, &bytes, bytes.count)
        let digits = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).prefix { $0.isNumber }
        guard let pid = pid_t(digits), pid > 1 else { throw StartError("pid_file \(path): it holds no process id") }
        return pid
    }
}

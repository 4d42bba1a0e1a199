import CShims
import Reactor

/// `pid_file`: holds the process's id while it runs, and its lock: whoever wants to know whether a gateway runs asks for that
/// one, not for the number, which may be another process's by now. The lock ends with the process, however it ends.
package struct PidFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Writes the file, over one that no running gateway holds.
    init(_ path: String) throws(StartError) {
        self.path = path
        descriptor = try Self.locked(path)
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, CShims_write(descriptor, text, text.count) == text.count else {
            Socket.close(descriptor)
            throw StartError("pid_file \(path): cannot be written")
        }
    }

    /// Removes the file; if the process is no longer allowed to, empties it.
    func remove() {
        _ = ftruncate(descriptor, 0)
        // Before the lock is free: behind that the file may be another gateway's.
        if CShims_is_file(descriptor, path) == 1 { unlink(path) }
        Socket.close(descriptor)
    }

    /// Gives the file to the user that the process is about to become: a process that succeeds this one is to write it.
    func give(user: uid_t, group: gid_t) { _ = fchown(descriptor, user, group) }

    /// Lets another process have the file.
    func release() { Socket.close(descriptor) }

    /// The gateway that runs and holds a file.
    package static func holder(of path: String) throws(StartError) -> pid_t {
        let descriptor = CShims_open(path, O_RDONLY | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw StartError("pid_file \(path): \(SystemError.text(-descriptor))") }
        defer { Socket.close(descriptor) }
        guard let holder = try lockHolder(descriptor, path) else {
            throw StartError("pid_file \(path): no running gateway holds it\(named(in: descriptor))")
        }
        guard holder > 0 else {
            throw StartError(
                "pid_file \(path): the gateway that holds it is not visible from here, probably because it runs in a container: "
                    + "send the signal there")
        }
        return holder
    }

    /// Opens a file and takes its lock.
    private static func locked(_ path: String) throws(StartError) -> Int32 {
        while true {
            // What root writes here, and gives away, is never what a link leads to.
            let descriptor = CShims_open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW, 0o644)
            guard descriptor != -ELOOP else { throw StartError("pid_file \(path): it is a link") }
            guard descriptor >= 0 else { throw StartError("pid_file \(path): \(SystemError.text(-descriptor))") }
            do throws(StartError) {
                try lock(descriptor, path)
            } catch {
                Socket.close(descriptor)
                throw error
            }
            if CShims_is_file(descriptor, path) == 1 { return descriptor }
            // Its last holder has removed it just now.
            Socket.close(descriptor)
        }
    }

    private static func lock(_ descriptor: Int32, _ path: String) throws(StartError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(CShims_file_kind(&status)) == CShims_REGULAR_FILE else {
            throw StartError("pid_file \(path): it exists and is not a regular file")
        }
        guard status.st_nlink <= 1 else { throw StartError("pid_file \(path): the file has other names, too") }
        let result = CShims_lock_file(descriptor)
        guard result != 0 else { return }
        guard result == -EAGAIN else { throw StartError("pid_file \(path): \(SystemError.text(-result))") }
        guard let holder = try lockHolder(descriptor, path), holder > 0 else {
            throw StartError("pid_file \(path): another gateway is running already")
        }
        throw StartError("pid_file \(path): process \(holder) is running already")
    }

    /// The process that has the lock; 0: one that has no id in this PID namespace; nil: nobody.
    private static func lockHolder(_ descriptor: Int32, _ path: String) throws(StartError) -> pid_t? {
        var holder: pid_t = 0
        let result = CShims_lock_holder(descriptor, &holder)
        guard result >= 0 else { throw StartError("pid_file \(path): \(SystemError.text(-result))") }
        return result == 0 ? nil : holder
    }

    /// What a file that nobody holds says of the process it is left from.
    private static func named(in descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = CShims_read(descriptor, &bytes, bytes.count)
        let digits = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).prefix { "0"..."9" ~= $0 }
        return digits.isEmpty ? "" : "; it is left over from process \(digits)"
    }
}

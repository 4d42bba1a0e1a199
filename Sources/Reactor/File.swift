import CShims

/// Whole files.
package enum File {
    /// Reads at most `limit` bytes: one more than may be there tells that it is too long. May block on a slow disk.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let descriptor = CShims_open(path, O_RDONLY | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw SystemError("open \(path)", code: -descriptor) }
        defer { Socket.close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < limit {
            let count = CShims_read(descriptor, &buffer, min(buffer.count, limit - bytes.count))
            guard count >= 0 else { throw SystemError("read \(path)", code: Int32(-count)) }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return bytes
    }
}

/// What tells whether a file has changed since it was read last.
package struct FileStamp: Equatable, Sendable {
    private let inode: UInt64
    private let size: Int64
    private let modified: [Int]
    /// Also tells of a mode that lets it be read again.
    private let changed: [Int]

    /// nil: there is no file that can be seen.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}

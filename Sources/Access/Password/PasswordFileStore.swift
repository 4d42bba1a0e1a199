import CShims
import Glibc
import Reactor

/// A password file on disk, to be changed: whoever reads it sees the old text or the new one, never a part.
package struct PasswordFileStore: Sendable {
    /// As it was given, for messages.
    private let given: String
    /// With symbolic links followed.
    private let path: String
    package let exists: Bool

    /// Follows symbolic links. A link that leads nowhere is an error.
    package init(_ path: String) throws(PasswordFileError) {
        given = path
        var status = stat()
        if let real = realpath(path, nil) {
            defer { free(real) }
            self.path = String(cString: real)
            guard stat(path, &status) == 0, Int(CShims_file_kind(&status)) == CShims_REGULAR_FILE else {
                throw PasswordFileError(path, nil, "not a regular file")
            }
            exists = true
        } else {
            let code = errno
            guard code == ENOENT, lstat(path, &status) != 0 else {
                throw PasswordFileError(
                    path, nil, code == ENOENT ? "a dangling symbolic link" : SystemError.text(code))
            }
            self.path = path
            exists = false
        }
    }

    /// Puts the text that `edit` makes of the present one in its place; of none, if the file does not exist.
    ///
    /// The new file has the mode and owner of the old one, else 0600. Two that do this at the same time go one after
    /// the other. Nothing is changed when it throws.
    package func change(_ edit: ([UInt8]) throws(PasswordFileError) -> [UInt8]) throws(PasswordFileError) {
        let folder = try check("open", CShims_open(Self.folder(of: path), O_RDONLY | O_DIRECTORY, 0))
        defer { _ = CShims_close(folder) }
        try check("flock", Self.result(flock(folder, LOCK_EX)))
        let bytes = try exists ? read() : []
        let edited = try edit(bytes)
        var name = Array("\(path).XXXXXX".utf8CString)
        let descriptor = try check("mkstemp", Self.result(mkstemp(&name)))  // mode 0600
        let temporary = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        defer {
            _ = CShims_close(descriptor)
            unlink(temporary)  // fails when it was renamed
        }
        if exists { try keepOwner(descriptor) }
        try write(edited, descriptor)
        try check("fsync", Self.result(fsync(descriptor)))
        // Not a rename: what somebody else has made in the meantime is not overwritten.
        let published = exists ? rename(temporary, path) : link(temporary, path)
        try check(exists ? "rename" : "link", Self.result(published))
        try check("fsync", Self.result(fsync(folder)))
    }

    private func read() throws(PasswordFileError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try File.read(path, limit: PasswordFile.largest + 1) } catch {
            throw PasswordFileError(given, nil, "cannot be read: \(SystemError.text(error.code))")
        }
        guard bytes.count <= PasswordFile.largest else {
            throw PasswordFileError(given, nil, "larger than \(PasswordFile.largest >> 20) MiB")
        }
        return bytes
    }

    private func keepOwner(_ descriptor: Int32) throws(PasswordFileError) {
        var (old, new) = (stat(), stat())
        try check("stat", Self.result(stat(path, &old)))
        try check("fstat", Self.result(fstat(descriptor, &new)))
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid) {
            try check("fchown", Self.result(fchown(descriptor, old.st_uid, old.st_gid)))
        }
        try check("fchmod", Self.result(fchmod(descriptor, old.st_mode & 0o777)))
    }

    private func write(_ bytes: [UInt8], _ descriptor: Int32) throws(PasswordFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { CShims_write(descriptor, $0.baseAddress, $0.count) }
            try check("write", Int32(clamping: min(count, 0)))
            rest = rest.dropFirst(count)
        }
    }

    @discardableResult
    private func check(_ operation: String, _ result: Int32) throws(PasswordFileError) -> Int32 {
        guard result >= 0 else {
            throw PasswordFileError(given, nil, "\(operation): \(SystemError.text(-result))")
        }
        return result
    }

    private static func result(_ value: Int32) -> Int32 { value < 0 ? -errno : value }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

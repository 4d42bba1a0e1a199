import CShims
import Reactor

/// The file of a unix socket that this process listens on. Another process may take its name over once nobody listens any
/// more: it is removed only while it is still the same file.
struct UnixSocketFile: Sendable {
    private let path: String
    /// Holds the file, so that no other gets its number while it may be asked for; -1: it could not be opened.
    private let descriptor: Int32

    /// The file that was just bound at `path`.
    init(_ path: String) {
        self.path = path
        descriptor = CShims_open_place(path)
    }

    func remove() {
        guard descriptor >= 0 else { return }
        if CShims_is_file(descriptor, path) == 1 { unlink(path) }
        Socket.close(descriptor)
    }

    /// Removes the file of a socket that nobody listens on any longer: it is in the way.
    static func removeStale(_ path: String, _ address: SocketAddress) throws(StartError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard Int(CShims_file_kind(&status)) == CShims_SOCKET_FILE else {
            throw StartError("listen unix:\(path): it exists and is not a socket")
        }
        do throws(SystemError) {
            let (descriptor, _) = try Socket.connect(address)
            Socket.close(descriptor)
        } catch {
            guard error.code == ECONNREFUSED else { throw StartError("listen unix:\(path): \(error)") }
            unlink(path)
            return
        }
        throw StartError("listen unix:\(path): another process listens there")
    }
}

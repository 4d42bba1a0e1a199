import CShims
import Reactor
import Wire

/// Opens what is below a folder, and nothing else: symbolic links work as long as they stay inside.
enum StaticFile {
    enum Found {
        case file(OpenFile, Validators)
        case folder
        case failure(HTTPStatus)
    }

    /// `folder` is a descriptor. Slashes at the start of `path` are no part of its name.
    static func open(_ path: String, below folder: Int32) -> Found {
        guard folder >= 0 else { return failure(folder) }
        let descriptor = path.withCString { text in
            var name = text
            while name.pointee == 0x2F { name += 1 }
            return name.pointee == 0 ? open(".", folder) : open(name, folder)
        }
        guard descriptor >= 0 else { return failure(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            Socket.close(descriptor)
            return .failure(.internalServerError)
        }
        switch Int(CShims_file_kind(&status)) {
        case CShims_REGULAR_FILE:
            return .file(
                OpenFile(descriptor), Validators(modified: Int64(status.st_mtim.tv_sec), size: status.st_size))
        case CShims_FOLDER:
            Socket.close(descriptor)
            return .folder
        default:
            Socket.close(descriptor)
            return .failure(.forbidden)
        }
    }

    private static func open(_ name: UnsafePointer<CChar>, _ folder: Int32) -> Int32 {
        let descriptor = CShims_open_beneath(folder, name)
        switch -descriptor {
        // An absolute link may stay inside; older kernels and the sandboxes of older containers do not have openat2.
        case EXDEV, ENOSYS, EPERM, EAGAIN: return openChecked(name, folder)
        default: return descriptor
        }
    }

    /// Opens a file and looks where it is: a descriptor, or -errno.
    private static func openChecked(_ name: UnsafePointer<CChar>, _ folder: Int32) -> Int32 {
        let place = CShims_open_place_at(folder, name)
        guard place >= 0 else { return place }
        defer { Socket.close(place) }
        guard let path = Self.place(of: place), let root = Self.place(of: folder) else { return -EACCES }
        let isInside =
            path.starts(with: root) && (path.count == root.count || root.count == 1 || path[root.count] == 0x2F)
        return isInside ? CShims_open_again(place) : -EACCES
    }

    private static func place(of descriptor: Int32) -> [CChar]? {
        let path = [CChar](unsafeUninitializedCapacity: Int(PATH_MAX)) { bytes, count in
            count = max(0, CShims_path_of(descriptor, bytes.baseAddress, bytes.count))
        }
        return path.isEmpty || path.count == Int(PATH_MAX) ? nil : path
    }

    private static func failure(_ result: Int32) -> Found {
        switch -result {
        case EACCES, EPERM: .failure(.forbidden)
        case EMFILE, ENFILE, ENOMEM: .failure(.serviceUnavailable)
        default: .failure(.notFound)
        }
    }
}

/// A file that is closed when nobody uses it.
final class OpenFile {
    let descriptor: Int32

    /// Takes over the descriptor.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { Socket.close(descriptor) }
}

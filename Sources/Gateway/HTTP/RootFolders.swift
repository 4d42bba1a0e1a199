import CShims
import Reactor

/// The folders that a loop serves files from, as descriptors. A folder is opened again once a second while it is used: what is
/// put in its place, as by a link that is switched to a new release, is served from then on.
struct RootFolders: ~Copyable {
    private struct Folder {
        let descriptor: Int32
        let openedAt: Int64
    }
    private var folders: [String: Folder] = [:]

    /// Milliseconds after which a folder is opened again.
    private static let lifetime: Int64 = 1000

    /// The descriptor of the folder at `path`, or -errno; `now` is the loop's clock. It is closed here.
    mutating func descriptor(of path: String, now: Int64) -> Int32 {
        let known = folders[path]
        if let known, now - known.openedAt < Self.lifetime { return known.descriptor }
        if let known { Socket.close(known.descriptor) }
        let descriptor = CShims_open_folder(path)
        folders[path] = descriptor < 0 ? nil : Folder(descriptor: descriptor, openedAt: now)
        return descriptor
    }

    /// Closes all, as when another configuration is served.
    mutating func removeAll() {
        for folder in folders.values { Socket.close(folder.descriptor) }
        folders = [:]
    }

    deinit {
        for folder in folders.values { Socket.close(folder.descriptor) }
    }
}

import CShims

/// Knows which of some files are being written just now (inotify(7)): whoever reads one then finds a part of it. It sees what
/// happens on this machine, in the folders where the files are; a network file system tells nothing.
package struct WriteWatch: ~Copyable {
    /// A file in a folder that is watched.
    private struct Place: Hashable {
        let watch: Int32
        let name: String
    }

    /// Milliseconds without a write after which a file that was not closed counts as written: its writer has crashed, or only
    /// keeps it open.
    package static let patience: Int64 = 60_000

    private let descriptor: Int32
    /// One for each folder.
    private var watches: Set<Int32> = []
    /// By the path that was asked for.
    private var places: [String: Place] = [:]
    /// One of the paths of each place.
    private var paths: [Place: String] = [:]
    /// Paths that the last call of `watch` has found elsewhere than the one before it: what was written there earlier is not
    /// known.
    package private(set) var moved: Set<String> = []
    /// When a file was written last, on the monotonic clock, for those that were not closed since.
    private var writtenAt: [Place: Int64] = [:]
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    /// Watches nothing yet.
    package init() throws(SystemError) {
        descriptor = try SystemError.check("inotify_init1", CShims_inotify())
    }

    deinit { Socket.close(descriptor) }

    /// Watches these files from now on, links followed as they are now. Returns why a folder cannot be watched; nil: all are.
    package mutating func watch(_ paths: Set<String>) -> SystemError? {
        var fault: SystemError?
        var folders: [String: Int32] = [:]
        var places: [String: Place] = [:]
        for path in paths {
            guard let real = Self.realPath(path), let slash = real.lastIndex(of: "/") else { continue }
            let folder = slash == real.startIndex ? "/" : String(real[..<slash])
            // The same number for the same folder, whatever it was called before.
            let watch = folders[folder] ?? CShims_inotify_watch(descriptor, folder)
            guard watch >= 0 else {
                fault = SystemError("inotify_add_watch \(folder)", code: -watch)
                continue
            }
            folders[folder] = watch
            places[path] = Place(watch: watch, name: String(real[real.index(after: slash)...]))
        }
        for watch in watches.subtracting(folders.values) { _ = CShims_inotify_forget(descriptor, watch) }
        moved = Set(places.filter { self.places[$0.key] != $0.value }.keys)
        (watches, self.places) = (Set(folders.values), places)
        self.paths = Dictionary(places.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        return fault
    }

    /// Takes in what has happened since the last call. `now`: milliseconds of the monotonic clock.
    package mutating func update(now: Int64) {
        while true {
            let count = buffer.withUnsafeMutableBytes { CShims_read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            take(count, now)
        }
        writtenAt = writtenAt.filter { now - $0.value < Self.patience }
    }

    /// Those of the paths whose file is being written, as far as `update` has seen.
    package var beingWritten: Set<String> { Set(places.filter { writtenAt[$0.value] != nil }.keys) }

    /// The events in the first `count` bytes: `struct inotify_event`, each followed by its name and zeros.
    private mutating func take(_ count: Int, _ now: Int64) {
        let head = 16
        var start = 0
        while start + head <= count {
            func field(_ index: Int) -> UInt32 {
                buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self) }
            }
            let (watch, mask, length) = (Int32(bitPattern: field(0)), field(1), Int(field(3)))
            guard start + head + length <= count else { return }
            let name = buffer[(start + head)..<(start + head + length)].prefix { $0 != 0 }
            note(Place(watch: watch, name: String(decoding: name, as: UTF8.self)), mask, now)
            start += head + length
        }
    }

    private mutating func note(_ place: Place, _ mask: UInt32, _ now: Int64) {
        if mask & UInt32(IN_Q_OVERFLOW) != 0 {
            // Any of them may be being written; not for longer than is waited for a writer, however often this happens.
            for place in places.values where writtenAt[place] == nil { writtenAt[place] = now }
        } else if mask & UInt32(IN_IGNORED) != 0 {
            // The folder is gone: one of its name is another, and is found by the next call of `watch`.
            watches.remove(place.watch)
            writtenAt = writtenAt.filter { $0.key.watch != place.watch }
        } else if mask & UInt32(IN_MODIFY | IN_CREATE) != 0 {
            guard let path = paths[place] else { return }
            writtenAt[place] = mask & UInt32(IN_CREATE) != 0 && Self.hasOtherNames(path) ? nil : now
        } else {
            writtenAt[place] = nil
        }
    }

    /// A link to a file that was there before: nobody has to write it, and close it.
    private static func hasOtherNames(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_nlink > 1
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}

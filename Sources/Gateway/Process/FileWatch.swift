import Configuration
import Reactor

/// `watch`: looks every second whether files have changed, and completely. The main thread's.
///
/// A file counts as changed when its stamp is another one, was the same at the look before, and nobody on this machine is
/// writing it. One that is found in another folder than before counts as being written at that look, as what happened there
/// is not known. A missing file is no change: it is about to be replaced.
struct FileWatch: ~Copyable {
    /// What files are like, by path.
    typealias Stamps = [String: FileStamp]

    /// Milliseconds between two looks.
    static let interval: Int64 = 1000

    /// What certificates were loaded from, as it was just before.
    private var loaded: Stamps = [:]
    /// What was there at the last look, where that is something else.
    private var changed: Stamps?
    /// All that is watched, and what it was like at the last look.
    private var (paths, seen): (Set<String>, Stamps) = ([], [:])
    /// nil: the kernel does not tell what is being written.
    private var writes: WriteWatch?
    /// Why it does not.
    private var fault: SystemError?
    private var isFaultKnown = false
    private(set) var nextAt: Int64 = 0

    init() {
        do throws(SystemError) { writes = try WriteWatch() } catch { fault = error }
    }

    /// What files are like now; one that is missing has no stamp.
    static func stamps(of paths: Set<String>) -> Stamps {
        var stamps: Stamps = [:]
        for path in paths { stamps[path] = FileStamp(path) }
        return stamps
    }

    /// Certificates have been loaded from files that were like this.
    mutating func adopt(_ stamps: Stamps) { (loaded, changed) = (stamps, nil) }

    /// Whether there are certificates.
    var hasFiles: Bool { !loaded.isEmpty }

    /// What a look has found.
    struct Look {
        /// What the files of certificates are like, if some have changed, completely.
        var change: Stamps?
        /// Files that are being written.
        var beingWritten: Set<String> = []
        /// Why the kernel cannot tell what is being written; once.
        var fault: SystemError?
    }

    /// Looks. `others`: files beside those of certificates.
    mutating func look(others: Set<String>, now: Int64) -> Look {
        nextAt = now + Self.interval
        var look = Look()
        let wanted = others.union(loaded.keys)
        let all = Self.stamps(of: wanted)
        let current = all.filter { loaded[$0.key] != nil }
        var moved: Set<String> = []
        if wanted != paths || all != seen {
            // Links may lead elsewhere now, and folders be others.
            fault = writes?.watch(wanted) ?? fault
            moved = writes?.moved ?? []
            (paths, seen) = (wanted, all)
        }
        if !isFaultKnown, let fault { (look.fault, isFaultKnown) = (fault, true) }
        writes?.update(now: now)
        look.beingWritten = writes?.beingWritten.union(moved) ?? []
        guard current != loaded, current.count == loaded.count else {
            changed = nil
            return look
        }
        if changed == current, look.beingWritten.isDisjoint(with: current.keys) { look.change = current }
        changed = current
        return look
    }
}

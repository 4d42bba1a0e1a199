import COpenSSL
import Reactor
import Synchronization

/// The users of one password file, for event loops: it answers at once from what was right a short while ago, or has
/// a thread compute the hash. For any thread.
package final class PasswordChecker: Sendable {
    package enum Reload: Sendable, Equatable {
        case unchanged
        /// The file is as it was found the last time: nobody is writing it any longer.
        case settled
        case reloaded(users: Int)
        /// The users stay as they were.
        case failed(String)
    }

    private struct State {
        var file: PasswordFile
        var stamp: FileStamp?
        /// The file has just been read, and may still be being written.
        var isSettling = false
        /// How often the file was read: what was right by an earlier reading proves nothing.
        var generation: UInt64 = 0
        /// Who waits for the same user and password.
        var waiting: [SuccessCache<Bool>.Key: [Waiter]] = [:]
        var waiters = 0
    }

    private struct Waiter {
        let ticket: Ticket
        let reply: @Sendable (Verdict) -> Void
    }

    /// Clients that may wait for hashes, over all users.
    private static let mostWaiting = 65_536

    package let path: String
    /// What names the file in the configuration.
    package let directive: String
    private let workers: PasswordWorkers
    private let cache: SuccessCache<Bool>
    private let state: Lock<State>
    private let hashed = Atomic<Int>(0)

    /// Reads the file. `cacheFor`: milliseconds for which a right password is remembered; 0: not at all.
    package init(
        path: String, cacheFor: Int64, workers: PasswordWorkers, directive: String = "auth_password_file"
    ) throws(PasswordFileError) {
        self.path = path
        self.directive = directive
        self.workers = workers
        cache = SuccessCache(life: cacheFor)
        let stamp = FileStamp(path)
        state = Lock(State(file: try Self.read(path), stamp: stamp))
    }

    /// Whether the file has such a user. While it may still be being written, everybody is in it.
    package func hasUser(_ user: String) -> Bool { state.withLock { $0.isSettling || $0.file.contains(user) } }

    /// The file has just been read, and may still be being written: `reloadIfChanged` is to be called again.
    package var isSettling: Bool { state.withLock(\.isSettling) }

    /// Hashes computed so far.
    package var hashCount: Int { hashed.load(ordering: .relaxed) }

    /// The verdict, if it is known at once: remembered, or `.busy`. Else nil, and `reply` is called once, on one of the
    /// workers' threads; never when `ticket` is cancelled. `now`: milliseconds of the monotonic clock.
    ///
    /// Clients that present the same user and password at the same time share one hash.
    package func check(
        username: String, password: Secret, now: Int64, ticket: Ticket, reply: @escaping @Sendable (Verdict) -> Void
    ) -> Verdict? {
        let generation = state.withLock(\.generation)
        let key = password.withBytes { password in
            var bytes = Array(password)
            defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
            return cache.key([withUnsafeBytes(of: generation) { Array($0) }, Array(username.utf8), bytes])
        }
        if cache.value(key, now: now) != nil { return .allow(Identity()) }
        let waiter = Waiter(ticket: ticket, reply: reply)
        let (isFull, isFirst) = state.withLock { state -> (Bool, Bool) in
            guard state.waiters < Self.mostWaiting else { return (true, false) }
            state.waiters += 1
            let isFirst = state.waiting[key] == nil
            state.waiting[key, default: []].append(waiter)
            return (false, isFirst)
        }
        guard !isFull else { return .busy }
        guard isFirst else { return nil }
        let job = PasswordWorkers.Job(
            isWanted: { [self] in isWanted(key) },
            run: { [self] in run(key, username, password) })
        guard workers.add(job) else {
            // Whoever has joined in the meantime is told on this thread; the caller is told by what is returned.
            answer(key, .busy, except: ticket)
            return .busy
        }
        return nil
    }

    /// Whether anybody still waits; if not, all are forgotten, and the next client starts over.
    private func isWanted(_ key: SuccessCache<Bool>.Key) -> Bool {
        state.withLock { state in
            guard let waiting = state.waiting[key] else { return false }
            if waiting.contains(where: { !$0.ticket.isCancelled }) { return true }
            state.waiting[key] = nil
            state.waiters -= waiting.count
            return false
        }
    }

    /// On a worker's thread.
    private func run(_ key: SuccessCache<Bool>.Key, _ username: String, _ password: Secret) {
        let file = state.withLock(\.file)
        hashed.add(1, ordering: .relaxed)
        if file.matches(username, password) {
            cache.insert(true, for: key, now: monotonicMilliseconds())
            answer(key, .allow(Identity()))
        } else {
            let detail = file.contains(username) ? "wrong password" : "unknown user"
            answer(key, .deny(Denial(.credentials, detail)))
        }
    }

    /// Tells all who wait for a key.
    private func answer(_ key: SuccessCache<Bool>.Key, _ verdict: Verdict, except: Ticket? = nil) {
        let waiters = state.withLock { state in
            let waiters = state.waiting.removeValue(forKey: key) ?? []
            state.waiters -= waiters.count
            return waiters
        }
        for waiter in waiters where waiter.ticket !== except && !waiter.ticket.isCancelled { waiter.reply(verdict) }
    }

    // MARK: The file

    /// Reads the file again if it has changed. For one thread, about once a second.
    package func reloadIfChanged() -> Reload {
        let stamp = FileStamp(path)
        guard stamp != state.withLock(\.stamp) else {
            return state.withLock { state in
                defer { state.isSettling = false }
                return state.isSettling ? .settled : .unchanged
            }
        }
        state.withLock { $0.stamp = stamp }
        do throws(PasswordFileError) {
            let file = try Self.read(path)
            state.withLock { state in
                state.file = file
                state.generation += 1
                state.isSettling = true
            }
            cache.removeAll()
            return .reloaded(users: file.count)
        } catch {
            return .failed("\(directive) \(error)")
        }
    }

    private static func read(_ path: String) throws(PasswordFileError) -> PasswordFile {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try File.read(path, limit: PasswordFile.largest + 1) } catch {
            throw PasswordFileError(path, nil, "cannot be read: \(SystemError.text(error.code))")
        }
        return try PasswordFile(bytes, path: path)
    }
}

import Reactor
import Testing

@testable import Access

@Suite("Password checker: cache, coalescing, bounds, reload")
struct PasswordCheckerTests {
    static let denied = Verdict.deny(Denial(.credentials, "wrong password"))
    static let unknown = Verdict.deny(Denial(.credentials, "unknown user"))
    static let allowed = Verdict.allow(Identity())

    /// A checker over a file of its own; its threads run once `start` was called.
    final class Bench: Sendable {
        let folder: TemporaryFolder
        let workers: PasswordWorkers
        let checker: PasswordChecker
        private let answers: AsyncStream<Verdict>
        private let sink: AsyncStream<Verdict>.Continuation

        init(cacheFor: Int64 = 0, queue: Int = 1024, threads: Int = 1) throws {
            folder = try TemporaryFolder()
            let path = try folder.write("users", "bob:\(PasswordFileTests.bob)\nzoe:\(PasswordFileTests.zoe)\n")
            workers = try PasswordWorkers(threads: threads, queue: queue)
            checker = try PasswordChecker(path: path, cacheFor: cacheFor, workers: workers)
            (answers, sink) = AsyncStream.makeStream()
        }

        deinit { workers.stop() }

        /// What is known at once; what comes later is for `next`.
        func check(_ user: String, _ password: String, now: Int64 = 0, ticket: Ticket = Ticket()) -> Verdict? {
            checker.check(username: user, password: Secret(password), now: now, ticket: ticket) { [sink] in
                sink.yield($0)
            }
        }

        func next(_ count: Int = 1) async -> [Verdict] {
            var found: [Verdict] = []
            for await verdict in answers {
                found.append(verdict)
                if found.count == count { break }
            }
            return found
        }
    }

    @Test(
        "Right, wrong, and unknown",
        arguments: [
            ("bob", "U*U", allowed), ("zoe", "pässwörd", allowed), ("bob", "u*u", denied), ("bob", "", denied),
            ("amy", "U*U", unknown), ("", "", unknown),
        ])
    func verdicts(user: String, password: String, expected: Verdict) async throws {
        let bench = try Bench()
        try bench.workers.start()
        #expect(bench.check(user, password) == nil)
        #expect(await bench.next() == [expected])
        #expect(bench.checker.hashCount == 1, "an unknown user costs a hash too")
    }

    @Test("What was right is remembered for its time") func cacheLife() async throws {
        let bench = try Bench(cacheFor: 10_000)
        try bench.workers.start()
        let before = monotonicMilliseconds()
        #expect(bench.check("bob", "U*U", now: before) == nil)
        #expect(await bench.next() == [Self.allowed])
        let after = monotonicMilliseconds()
        #expect(bench.check("bob", "U*U", now: before + 9_999) == Self.allowed)
        #expect(bench.check("bob", "U*u", now: before) == nil, "another password")
        #expect(await bench.next() == [Self.denied])
        #expect(bench.check("zoe", "U*U", now: before) == nil, "another user")
        #expect(await bench.next() == [Self.denied])
        #expect(bench.checker.hashCount == 3)
        #expect(bench.check("bob", "U*U", now: after + 10_000) == nil, "its time is over")
        #expect(await bench.next() == [Self.allowed])
        #expect(bench.checker.hashCount == 4)
    }

    @Test(
        "What was wrong is not remembered; nor anything, when that is switched off",
        arguments: [("U*U", 0), ("x", 10_000)])
    func notRemembered(password: String, life: Int64) async throws {
        let bench = try Bench(cacheFor: life)
        try bench.workers.start()
        for count in 1...3 {
            #expect(bench.check("bob", password, now: monotonicMilliseconds()) == nil)
            _ = await bench.next()
            #expect(bench.checker.hashCount == count)
        }
    }

    @Test("10,000 browsers with one credential cost one hash") func coalescing() async throws {
        let bench = try Bench()
        for _ in 0..<10_000 { #expect(bench.check("bob", "U*U") == nil) }
        #expect(bench.check("bob", "wrong") == nil)
        try bench.workers.start()
        let verdicts = await bench.next(10_001)
        #expect(verdicts.filter { $0 == Self.allowed }.count == 10_000)
        #expect(verdicts.filter { $0 == Self.denied }.count == 1)
        #expect(bench.checker.hashCount == 2)
    }

    @Test("No hash for clients that have left, and no answer") func cancelled() async throws {
        let bench = try Bench()
        let (gone, stays) = (Ticket(), Ticket())
        #expect(bench.check("bob", "U*U", ticket: gone) == nil)
        #expect(bench.check("zoe", "x", ticket: gone) == nil)
        #expect(bench.check("zoe", "x", ticket: stays) == nil, "somebody else waits for the same")
        gone.cancel()
        try bench.workers.start()
        #expect(await bench.next() == [Self.denied])
        #expect(bench.checker.hashCount == 1)
        #expect(bench.check("bob", "U*U") == nil, "who comes afterwards is not kept waiting")
        #expect(await bench.next() == [Self.allowed])
    }

    @Test("A full queue is busy at once; who has left makes room") func full() async throws {
        let bench = try Bench(queue: 2)
        let gone = Ticket()
        #expect(bench.check("bob", "1", ticket: gone) == nil)
        #expect(bench.check("bob", "2") == nil)
        #expect(bench.check("bob", "3") == .busy)
        #expect(bench.check("bob", "2") == nil, "joining costs no room")
        gone.cancel()
        #expect(bench.check("bob", "U*U") == nil)
        #expect(bench.check("bob", "3") == .busy)
        try bench.workers.start()
        #expect(await bench.next(3) == [Self.denied, Self.denied, Self.allowed])
        #expect(bench.checker.hashCount == 2)
        #expect(bench.check("bob", "3") == nil, "there is room again")
        #expect(await bench.next() == [Self.denied])
    }

    @Test("Stopped: what waits is dropped, and nothing more is taken") func stopped() throws {
        let bench = try Bench()
        #expect(bench.check("bob", "U*U") == nil)
        bench.workers.stop()
        #expect(bench.check("bob", "x") == .busy)
        #expect(bench.checker.hashCount == 0)
    }

    @Test("Who waits is counted: not more than 65,536, and who has left no longer") func waiters() async throws {
        let bench = try Bench()
        let gone = Ticket()
        for _ in 0..<65_536 where bench.check("bob", "U*U", ticket: gone) != nil { throw Unexpected() }
        #expect(bench.check("bob", "U*U") == .busy)
        gone.cancel()
        try bench.workers.start()
        // Busy until the thread has looked at the job that nobody wants.
        while bench.check("zoe", "x") == .busy { await Task.yield() }
        #expect(await bench.next() == [Self.denied])
        #expect(bench.checker.hashCount == 1)
        for _ in 0..<65_536 where bench.check("bob", "1", ticket: gone) == .busy { throw Unexpected() }
    }

    // MARK: The file

    @Test("A changed file is read; what was right by the old one says nothing") func reload() async throws {
        let bench = try Bench(cacheFor: 10_000)
        try bench.workers.start()
        let now = monotonicMilliseconds()
        #expect(bench.checker.reloadIfChanged() == .unchanged)
        _ = bench.check("bob", "U*U", now: now)
        #expect(await bench.next() == [Self.allowed])
        #expect(bench.check("bob", "U*U", now: now) == Self.allowed)

        try bench.folder.write("users", "bob:\(PasswordFileTests.zoe)\n")
        #expect(bench.checker.reloadIfChanged() == .reloaded(users: 1))
        // While it may still be being written nobody is gone.
        #expect(bench.checker.hasUser("zoe") && bench.checker.hasUser("bob"))
        #expect(bench.checker.reloadIfChanged() == .settled)
        #expect(!bench.checker.hasUser("zoe") && bench.checker.hasUser("bob"))
        #expect(bench.checker.reloadIfChanged() == .unchanged)
        #expect(bench.check("bob", "U*U", now: now) == nil)
        #expect(await bench.next() == [Self.denied])
        #expect(bench.check("zoe", "pässwörd", now: now) == nil)
        #expect(await bench.next() == [Self.unknown])
    }

    @Test("A file that is wrong, or gone, changes nothing and is told once") func failedReload() async throws {
        let bench = try Bench()
        try bench.workers.start()
        try bench.folder.write("users", "bob:hunter2\n")
        guard case .failed(let reason) = bench.checker.reloadIfChanged() else { throw Unexpected() }
        #expect(reason.contains("users:1: user \"bob\"") && !reason.contains("hunter2"), "\(reason)")
        #expect(bench.checker.reloadIfChanged() == .unchanged)
        #expect(bench.check("bob", "U*U") == nil)
        #expect(await bench.next() == [Self.allowed])

        try PasswordFileStore(bench.checker.path).change { bytes in
            PasswordFileEditor.setting("bob", to: PasswordFileTests.zoe, in: bytes)
        }
        #expect(bench.checker.reloadIfChanged() == .reloaded(users: 1))
    }

    struct Unexpected: Error {}

    @Test("A file that cannot be read") func unreadable() throws {
        let workers = try PasswordWorkers(threads: 1)
        let error = #expect(throws: PasswordFileError.self) {
            try PasswordChecker(path: "/nowhere/users", cacheFor: 0, workers: workers)
        }
        #expect(error?.description == "/nowhere/users: cannot be read: No such file or directory")
    }
}

import Glibc
import Reactor
import Testing

@testable import Access

@Suite("Threads that hash: no more is taken on than can be done in time")
struct PasswordWorkersTests {
    /// Opens once.
    private final class Gate: Sendable {
        private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() { sem_init(semaphore, 0, 0) }
        deinit { semaphore.deallocate() }
        func open() { sem_post(semaphore) }
        func wait() { while sem_wait(semaphore) != 0 {} }
    }

    private func job(_ run: @escaping @Sendable () -> Void = {}) -> PasswordWorkers.Job {
        PasswordWorkers.Job(isWanted: { true }, run: run)
    }

    @Test("A queue that would take longer than 2.5 seconds is full", arguments: [1, 2]) func slow(threads: Int) throws {
        let clock = Lock<Int64>(0)
        let workers = try PasswordWorkers(threads: threads, clock: { clock.withLock { $0 } })
        try workers.start()
        // One job that takes a second: the average of eight is 125 ms.
        let (began, end) = (Gate(), Gate())
        #expect(workers.add(job { clock.withLock { $0 += 1_000_000 } }))
        // Every thread is held by a job of no time; the first job's time is known before the same thread begins
        // another.
        for _ in 0..<threads {
            #expect(
                workers.add(
                    job {
                        began.open()
                        end.wait()
                    }))
        }
        for _ in 0..<threads { began.wait() }
        var taken = 0
        while taken < 1024, workers.add(job()) { taken += 1 }
        for _ in 0..<threads { end.open() }
        workers.stop()
        #expect(taken == 20 * threads + 1)
    }

    @Test("Every job runs once, on all threads") func runs() throws {
        let workers = try PasswordWorkers(threads: 4)
        let (count, done) = (Lock(0), Gate())
        for _ in 0..<1000 {
            #expect(
                workers.add(
                    job {
                        if count.withLock({
                            $0 += 1
                            return $0
                        }) == 1000 {
                            done.open()
                        }
                    }))
        }
        try workers.start()
        done.wait()
        workers.stop()
        #expect(count.withLock { $0 } == 1000)
    }

    @Test("A job that nobody wants does not run") func unwanted() throws {
        let workers = try PasswordWorkers(threads: 1)
        let (ran, done) = (Lock(false), Gate())
        #expect(workers.add(PasswordWorkers.Job(isWanted: { false }, run: { ran.withLock { $0 = true } })))
        #expect(workers.add(job { done.open() }))
        try workers.start()
        done.wait()
        workers.stop()
        #expect(!ran.withLock { $0 })
    }

    @Test("Stopped: jobs, and the secrets in them, are gone") func stop() throws {
        let workers = try PasswordWorkers(threads: 1)
        weak var password: Secret?
        do {
            let secret = Secret("U*U")
            password = secret
            #expect(workers.add(job { _ = secret.count }))
        }
        #expect(password != nil)
        workers.stop()
        #expect(password == nil)
        #expect(!workers.add(job()))
    }

    @Test("The bound of the queue", arguments: [1, 7, 1024]) func bound(queue: Int) throws {
        let workers = try PasswordWorkers(threads: 1, queue: queue)
        for _ in 0..<queue { #expect(workers.add(job())) }
        #expect(!workers.add(job()))
        workers.stop()
    }
}

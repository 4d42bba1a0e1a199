import CShims
import DequeModule
import Reactor

/// The threads that hash passwords, and the bounded queue in front of them. For any thread.
package final class PasswordWorkers: Sendable {
    struct Job: Sendable {
        /// Whether anybody still waits for the result. Once false, it is not asked again, and the job does not run.
        let isWanted: @Sendable () -> Bool
        /// On one of the threads.
        let run: @Sendable () -> Void
    }

    private struct State {
        var jobs: Deque<Job> = []
        /// What a job takes, in microseconds: a moving average.
        var average: Int64 = 0
        var isStopping = false
    }

    /// Longer than this no job waits, as its client would have left by then, or nearly so: half of the default of
    /// `auth_timeout`, in microseconds.
    private static let longestWait: Int64 = 2_500_000

    private let threads: Int
    private let queue: Int
    /// Monotonic, in microseconds.
    private let clock: @Sendable () -> Int64
    private let state = Lock(State())
    private let running = Lock<[Thread]>([])
    /// A semaphore: one for each job, and one for each thread at the end.
    private let wake: Int32

    /// `queue`: jobs that may wait, and fewer if they would wait for too long.
    package init(
        threads: Int, queue: Int = 1024, clock: @escaping @Sendable () -> Int64 = monotonicMicroseconds
    ) throws(SystemError) {
        self.threads = max(1, threads)
        self.queue = queue
        self.clock = clock
        wake = try SystemError.check("eventfd", CShims_semaphore())
    }

    deinit { _ = CShims_close(wake) }

    /// Starts the threads.
    package func start() throws(SystemError) {
        for index in 0..<threads {
            let thread = try Thread.start(name: "sluice hash \(index)") { self.work() }
            running.withLock { $0.append(thread) }
        }
    }

    /// Ends each thread once the hash that it has begun is done. What waits is dropped.
    package func stop() {
        state.withLock { state in
            state.isStopping = true
            state.jobs = []
        }
        for _ in 0..<threads { CShims_eventfd_signal(wake) }
        let threads = running.withLock { running in
            defer { running = [] }
            return running
        }
        for thread in threads { thread.join() }
    }

    /// False: the queue is full, or too slow.
    func add(_ job: Job) -> Bool {
        let isAdded = state.withLock { state -> Bool in
            // The oldest are at the front, and are the first to give up.
            while isFull(state), let oldest = state.jobs.first, !oldest.isWanted() { state.jobs.removeFirst() }
            guard !isFull(state), !state.isStopping else { return false }
            state.jobs.append(job)
            return true
        }
        // The semaphore counts the jobs that were taken away too, which costs a thread an idle turn.
        if isAdded { CShims_eventfd_signal(wake) }
        return isAdded
    }

    private func isFull(_ state: State) -> Bool {
        state.jobs.count >= queue || Int64(state.jobs.count) * state.average / Int64(threads) > Self.longestWait
    }

    private func work() {
        while true {
            CShims_eventfd_clear(wake)  // waits for one
            let (job, isStopping) = state.withLock { state in (state.jobs.popFirst(), state.isStopping) }
            if isStopping { return }
            guard let job, job.isWanted() else { continue }
            let start = clock()
            job.run()
            let taken = max(0, min(clock() - start, 60_000_000))
            state.withLock { $0.average += (taken - $0.average) / 8 }
        }
    }
}

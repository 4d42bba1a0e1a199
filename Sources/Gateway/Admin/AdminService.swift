import CShims
import DequeModule
import Reactor

/// A request for the admin thread, and where its answer goes.
struct AdminJob: Sendable {
    let request: AdminRequest
    /// The location that has taken it.
    let route: Route
    let listener: Listener
    /// The loop that carries the client, and the connection there.
    let mailbox: Mailbox<Loop.Order>
    let connection: ConnectionHandle

    func reply(_ answer: AdminAnswer) { mailbox.post(.answer(connection, answer)) }
}

/// The operator's side: a thread that answers requests, one after the other. It asks the loops for what they know, and waits
/// for it; no loop ever waits for it.
final class AdminService: Sendable {
    private struct State {
        var jobs = Deque<AdminJob>()
        /// nil: nothing runs yet.
        var world: AdminWorld?
        var isStopping = false
        var thread: Thread?
    }

    /// Requests that may wait.
    private static let queueLimit = 64

    private let state = Lock(State())
    private let log: ErrorLog
    /// Readable while there is something to do, one for each job and one for the stop.
    private let wake: Int32

    /// Starts no thread yet.
    init(log: ErrorLog) throws(SystemError) {
        self.log = log
        wake = try SystemError.check("eventfd", CShims_semaphore())
    }

    deinit { _ = CShims_close(wake) }

    /// Any thread.
    var isStopping: Bool { state.withLock(\.isStopping) }

    /// Takes a request; false: too many wait already. Any thread.
    func submit(_ job: AdminJob) -> Bool {
        let isTaken = state.withLock { state in
            guard state.world != nil, !state.isStopping, state.jobs.count < Self.queueLimit else { return false }
            state.jobs.append(job)
            return true
        }
        if isTaken { CShims_eventfd_signal(wake) }
        return isTaken
    }

    /// Begins to answer. The main thread's.
    func start(_ world: AdminWorld) throws(SystemError) {
        let started = try Thread.start(name: "sluice admin") { [self] in run() }
        state.withLock { state in
            state.world = world
            state.thread = started
        }
    }

    /// Requests are answered from this generation from here on.
    func adopt(_ generation: Generation) { state.withLock { $0.world?.generation = generation } }

    /// Ends the thread, once the job under way is done; those that wait are dropped.
    func stop() {
        let thread = state.withLock { state in
            defer { state.thread = nil }
            state.isStopping = true
            state.jobs.removeAll()
            state.world = nil
            return state.thread
        }
        CShims_eventfd_signal(wake)
        thread?.join()
    }

    private func run() {
        while true {
            CShims_eventfd_clear(wake)  // waits until there is something
            let (job, world, isStopping) = state.withLock { ($0.jobs.popFirst(), $0.world, $0.isStopping) }
            if isStopping { return }
            guard let job, let world else { continue }
            AdminDesk(world: world, log: log).answer(job)
        }
    }
}

import Reactor

/// One thread for what is asked of others, and for what is done now and then: HTTP requests, timers, small jobs.
/// No event loop ever waits for it; answers go back through the loops' mailboxes.
///
/// It sleeps until a connection is ready, a timer is due, or somebody posts. libcurl is there from the first request on: who
/// will send some calls `HTTPLibrary.load` before, and can say what it is needed for if that fails.
package final class ControlLoop: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var requests: [Transfer.Order] = []
        var timers: [Timer] = []
        var isStopping = false
    }

    private struct Timer {
        let interval: Int64
        let body: @Sendable () -> Void
        var dueAt: Int64
    }

    private let wakeUps: Mailbox<Void>
    private let state = Lock(State())
    private let thread = Lock<Thread?>(nil)

    /// An hour, in milliseconds.
    private static let longestTimeout: Int64 = 3_600_000

    package init() throws(SystemError) {
        wakeUps = try Mailbox()
    }

    /// Starts the thread, if there is none yet.
    package func start() throws(SystemError) {
        guard thread.withLock({ $0 == nil }) else { return }
        state.withLock { $0.isStopping = false }
        let started = try Thread.start(name: "sluice control") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Ends the thread, whatever servers do: requests that wait or are under way fail as cancelled, and so do later
    /// ones. Not to be called on the control thread.
    package func stop() {
        state.withLock { $0.isStopping = true }
        wakeUps.post(())
        let thread = self.thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
        let left = state.withLock { state in
            defer { (state.jobs, state.requests, state.timers) = ([], [], []) }
            return state.requests
        }
        // There are some only if the thread never started.
        for order in left { Self.cancel(order) }
    }

    /// Runs `body` on the control thread, soon. Any thread.
    package func post(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(body) }
        wakeUps.post(())
    }

    /// Runs `body` on the control thread again and again, first after one interval of at most a day. Any thread.
    package func every(milliseconds: Int64, _ body: @escaping @Sendable () -> Void) {
        let interval = min(max(1, milliseconds), 86_400_000)
        state.withLock {
            $0.timers.append(Timer(interval: interval, body: body, dueAt: monotonicMilliseconds() + interval))
        }
        wakeUps.post(())
    }

    /// Sends a request. `reply` is called once on the control thread; but at once, and on this one, when the pool is
    /// full (`.queueFull`) or the thread has ended (`.cancelled`). `isWanted` is asked when the request's turn comes:
    /// if it says no, the request is not sent, and there is no reply. Any thread.
    package func fetch(
        _ request: HTTPRequest, isWanted: @escaping @Sendable () -> Bool = { true },
        reply: @escaping @Sendable (Result<HTTPAnswer, HTTPFailure>) -> Void
    ) {
        guard request.pool.enter() else {
            return reply(.failure(HTTPFailure(kind: .queueFull, detail: "too many requests are waiting")))
        }
        let deadline = monotonicMilliseconds() + min(max(1, request.timeout), Self.longestTimeout)
        let order = Transfer.Order(request: request, deadline: deadline, isWanted: isWanted, reply: reply)
        let (isTaken, isFirst) = state.withLock { state in
            guard !state.isStopping else { return (false, false) }
            state.requests.append(order)
            return (true, state.requests.count == 1)
        }
        if !isTaken { Self.cancel(order) }
        // The first one wakes the thread for all that come until it has looked.
        if isFirst { wakeUps.post(()) }
    }

    private static func cancel(_ order: Transfer.Order) {
        order.request.pool.leave()
        order.reply(.failure(.cancelled))
    }

    // MARK: The thread

    private func run() {
        var transfers = Transfers()
        while true {
            let now = monotonicMilliseconds()
            let (jobs, requests, isStopping) = state.withLock { state in
                defer { (state.jobs, state.requests) = ([], []) }
                return (state.jobs + Self.takeDue(&state.timers, now: now), state.requests, state.isStopping)
            }
            for job in jobs { job() }
            for request in requests { transfers.add(request) }
            if isStopping { return transfers.cancelAll() }
            transfers.advance()
            transfers.wait(for: wakeUps.descriptor, milliseconds: waitTime(transfers.nextDeadline))
            _ = wakeUps.take()
        }
    }

    private static func takeDue(_ timers: inout [Timer], now: Int64) -> [@Sendable () -> Void] {
        var due: [@Sendable () -> Void] = []
        for index in timers.indices where timers[index].dueAt <= now {
            due.append(timers[index].body)
            timers[index].dueAt = now + timers[index].interval
        }
        return due
    }

    private func waitTime(_ deadline: Int64?) -> Int64 {
        let now = monotonicMilliseconds()
        let timer = state.withLock { state in
            state.jobs.isEmpty && state.requests.isEmpty && !state.isStopping ? state.timers.map(\.dueAt).min() : now
        }
        // libcurl's clock may be a little behind this one: no busy wait until it agrees.
        let next = min(timer ?? .max, deadline.map { max($0, now + 1) } ?? .max)
        return min(max(0, next == .max ? 60_000 : next - now), 60_000)
    }
}

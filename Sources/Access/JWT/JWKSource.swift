import Reactor

/// The keys of a URL: those fetched last, until newer ones arrive. For any thread.
///
/// A fetch that fails, or yields nothing usable, changes nothing: the old keys keep working.
package final class JWKSource: Sendable {
    /// How many clients may wait for one fetch.
    package static let mostWaiting = 4096

    /// Starts a fetch and calls the completion once, on a thread that is no event loop, within a time of its own.
    package typealias Fetch =
        @Sendable (_ completion: @escaping @Sendable (Result<[UInt8], JWKSFetchFailure>) -> Void) -> Void

    /// What a client that waited for a fetch is told.
    package enum Refreshed: Sendable, Equatable {
        /// There are keys that were fetched since: verify again, once.
        case fetched
        /// The fetch has failed.
        case failed
        /// The last fetch is too recent: the key does not exist.
        case tooSoon
        /// Too many wait already.
        case busy
    }

    /// For the operator's log, each once.
    package enum Notice: Sendable, Equatable {
        /// Fetching has begun to fail. The detail names the URL.
        case startsFailing(String)
        case recovers
        /// These keys of the set are not used; told again when they change.
        case skipped([JWTSkippedKey])
    }

    private struct State {
        var keys: JWTKeySet?
        var refresh: JWKSRefresh
        var waiting: [Waiter] = []
    }

    private struct Waiter {
        let ticket: Ticket
        let reply: @Sendable (Refreshed) -> Void
    }

    private let name: String
    private let fetch: Fetch
    private let clock: @Sendable () -> Int64
    private let notify: @Sendable (Notice) -> Void
    private let state: Lock<State>

    /// `name`: the URL, for messages. `keys`: the initial ones, such as those from before a reload. `clock`: monotonic, in
    /// milliseconds. `notify` is called on the thread that ends a fetch.
    package init(
        name: String, keys: JWTKeySet? = nil, refresh: JWKSRefresh = JWKSRefresh(),
        clock: @escaping @Sendable () -> Int64 = monotonicMilliseconds,
        notify: @escaping @Sendable (Notice) -> Void, fetch: @escaping Fetch
    ) {
        self.name = name
        self.fetch = fetch
        self.clock = clock
        self.notify = notify
        state = Lock(State(keys: keys, refresh: refresh))
    }

    /// The keys that tokens are verified with now; nil before the first fetch has succeeded.
    package var keys: JWTKeySet? { state.withLock(\.keys) }

    /// As `JWTKeySet.verify`; `JWTError.noKeys` before there are any. `now`: the wall clock, in milliseconds since 1970.
    package func verify(_ token: Secret, rules: JWTRules, now: Int64) throws(JWTError) -> JWTVerified {
        guard let keys else { throw .noKeys }
        return try keys.verify(token, rules: rules, now: now)
    }

    /// Starts a regular fetch when one is due. To be called about once a second.
    package func tick() {
        let step = state.withLock { $0.refresh.next(now: clock()) }
        if step == .fetch { start() }
    }

    /// Has newer keys fetched if it may, after `JWTError.unknownKey` or `.noKeys`.
    ///
    /// Answers at once, or nil: then `reply` is called once when the fetch has ended, on the thread that ended it, or
    /// before this returns; never when `ticket` is cancelled.
    package func refresh(ticket: Ticket, reply: @escaping @Sendable (Refreshed) -> Void) -> Refreshed? {
        let (answer, isFetching) = state.withLock { state -> (Refreshed?, Bool) in
            if state.waiting.count >= Self.mostWaiting { state.waiting.removeAll { $0.ticket.isCancelled } }
            guard state.waiting.count < Self.mostWaiting else { return (.busy, false) }
            let answer = state.refresh.unknownKeyID(now: clock())
            guard answer != .tooSoon else { return (.tooSoon, false) }
            state.waiting.append(Waiter(ticket: ticket, reply: reply))
            return (nil, answer == .fetch)
        }
        if isFetching { start() }
        return answer
    }

    private func start() {
        let isEnded = Lock(false)
        fetch { [self] answer in
            let isFirst = isEnded.withLock { ended in
                defer { ended = true }
                return !ended
            }
            if isFirst { end(answer) }
        }
    }

    private func end(_ answer: Result<[UInt8], JWKSFetchFailure>) {
        let keys: JWTKeySet?
        let detail: String
        do {
            keys = try JWTKeySet.load(try answer.get(), name: name)
            detail = ""
        } catch let error as JWKSFetchFailure {
            (keys, detail) = (nil, "\(name): \(error.detail)")
        } catch {
            (keys, detail) = (nil, "\(error)")  // a JWTKeyError, which names the URL
        }
        let (event, hasNewSkips, waiting) = state.withLock { state in
            let now = clock()
            let event = keys == nil ? state.refresh.failed(now: now) : state.refresh.fetched(now: now)
            let hasNewSkips = keys.map { $0.skipped != state.keys?.skipped ?? [] } ?? false
            if let keys { state.keys = keys }
            defer { state.waiting = [] }
            return (event, hasNewSkips, state.waiting)
        }
        switch event {
        case .startsFailing: notify(.startsFailing(detail))
        case .recovers: notify(.recovers)
        case nil: break
        }
        if hasNewSkips, let keys { notify(.skipped(keys.skipped)) }
        for waiter in waiting where !waiter.ticket.isCancelled { waiter.reply(keys == nil ? .failed : .fetched) }
    }
}

/// Why fetching a URL has yielded nothing. For the operator's log.
package struct JWKSFetchFailure: Error, Sendable, Equatable {
    package var detail: String

    package init(_ detail: String) { self.detail = detail }
}

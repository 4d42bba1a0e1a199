/// When the keys of a URL are fetched. Pure: the caller says what time it is, and what has become of a fetch.
///
///     next() ─▶ .fetch ─▶ fetched() or failed() ─▶ next() ─▶ .wait(until:) ─▶ …
///                ▲
///     unknownKeyID()      a token names a key that is not there: the issuer may have a new one
///
/// At most one fetch is under way, and at least `floor` passes from the end of one to the start of the next, whatever
/// tokens clients present. While the URL fails, the regular fetches start `floor` apart and fall back to `interval`.
/// All times are milliseconds of the monotonic clock.
package struct JWKSRefresh: Sendable, Equatable {
    package enum Step: Sendable, Equatable {
        /// Fetch now. The caller has to report the end.
        case fetch
        /// Nothing to be done before this time.
        case wait(until: Int64)
        /// A fetch is under way.
        case underWay
    }

    package enum Answer: Sendable, Equatable {
        /// Fetch now. The caller has to report the end.
        case fetch
        /// A fetch is under way: its end may help.
        case underWay
        /// The last one ended less than `floor` ago.
        case tooSoon
    }

    /// What an operator wants to know, once.
    package enum Event: Sendable, Equatable {
        case startsFailing
        case recovers
    }

    private let interval: Int64
    private let floor: Int64
    private var isUnderWay = false
    /// When the last one ended.
    private var lastEnd: Int64?
    /// In a row.
    private var failures = 0

    /// `interval`: between regular fetches, at least `floor`; both in milliseconds, at least one, at most thirty days.
    package init(interval: Int64 = 300_000, floor: Int64 = 10_000) {
        let longest: Int64 = 30 * 86_400_000
        self.floor = min(max(floor, 1), longest)
        self.interval = min(max(interval, self.floor), longest)
    }

    /// What is to be done. Nothing has been fetched yet: at once.
    package mutating func next(now: Int64) -> Step {
        if isUnderWay { return .underWay }
        if let lastEnd, now < lastEnd + delay { return .wait(until: lastEnd + delay) }
        isUnderWay = true
        return .fetch
    }

    /// A token names a key that is not there. The back-off does not hold this up, the floor does.
    package mutating func unknownKeyID(now: Int64) -> Answer {
        if isUnderWay { return .underWay }
        if let lastEnd, now < lastEnd + floor { return .tooSoon }
        isUnderWay = true
        return .fetch
    }

    /// The fetch has yielded keys.
    package mutating func fetched(now: Int64) -> Event? {
        let hasFailed = failures > 0
        ended(now: now)
        failures = 0
        return hasFailed ? .recovers : nil
    }

    /// The fetch has yielded nothing usable.
    package mutating func failed(now: Int64) -> Event? {
        ended(now: now)
        failures = min(failures + 1, 32)
        return failures == 1 ? .startsFailing : nil
    }

    private mutating func ended(now: Int64) {
        isUnderWay = false
        lastEnd = now
    }

    /// From the end of the last fetch to the start of the next regular one. With `floor` 10 s: 10, 20, 40 s …
    private var delay: Int64 {
        guard failures > 0 else { return interval }
        return min(floor << Int64(min(failures - 1, 31)), interval)
    }
}

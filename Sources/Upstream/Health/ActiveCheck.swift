/// What probes say about a peer: so many in a row that fail take it out, so many that pass bring it back.
package struct ActiveCheck: Sendable, Equatable {
    private var fails: Int
    private var passes: Int
    /// Probes in a row that speak against the present state.
    private var streak = 0
    /// A peer is healthy until probes say otherwise.
    package private(set) var isHealthy = true
    /// Whether it is healthy, and the last probe has passed: more than "healthy until probes say otherwise".
    package private(set) var isPassing = false

    /// `fails` and `passes` are from 1.
    package init(fails: Int, passes: Int) {
        self.fails = max(1, fails)
        self.passes = max(1, passes)
    }

    /// Other numbers count from the next probe on.
    package mutating func adopt(fails: Int, passes: Int) { (self.fails, self.passes) = (max(1, fails), max(1, passes)) }

    /// A probe has passed or failed. Returns whether that changes the state.
    package mutating func record(passed: Bool) -> Bool {
        defer { isPassing = passed && isHealthy }
        guard passed != isHealthy else {
            streak = 0
            return false
        }
        streak += 1
        guard streak >= (isHealthy ? fails : passes) else { return false }
        isHealthy.toggle()
        streak = 0
        return true
    }
}

/// When a peer is probed. Pure: the random words are arguments.
package struct ProbeSchedule: Sendable, Equatable {
    private let interval: Int64
    private let jitter: Int64

    /// `interval` in milliseconds; `jitter`: percent of it by which a probe comes earlier or later.
    package init(interval: Int64, jitter: Int) {
        self.interval = min(max(1, interval), Peer.longestTime)
        self.jitter = Int64(min(max(0, jitter), 100))
    }

    /// Milliseconds from the start to the first probe of the peer at `index` of `count`: spread over an interval, but over a
    /// second at most, so that a dead peer is soon known.
    package func first(_ index: Int, of count: Int) -> Int64 {
        min(interval, 1000) * Int64(min(max(0, index), count)) / Int64(max(1, count))
    }

    /// Milliseconds from the start of one probe to the next.
    package func next(random: UInt64) -> Int64 {
        let reach = interval * jitter / 100
        guard reach > 0 else { return interval }
        return max(1, interval - reach + Int64(random % UInt64(2 * reach + 1)))
    }
}

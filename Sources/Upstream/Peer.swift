/// One broker address of a pool: what the operator configured, and what was observed.
package struct Peer: Sendable {
    /// The operator's wishes.
    package struct Settings: Sendable, Equatable {
        /// Tells this peer from others, on every replica of the gateway alike: a hash of its address.
        package var identity: UInt64
        /// Share of the sessions, from 1 to 65,535.
        package var weight: Int
        /// Maximum number of concurrent sessions, over all loops; 0 is no limit.
        package var maxConnections: Int
        /// Failures within `failTimeout` that take the peer out for `failTimeout`; 0 never does.
        package var maxFails: Int
        /// Milliseconds.
        package var failTimeout: Int64
        /// Milliseconds over which a peer that comes back is given its full share; 0: at once.
        package var slowStart: Int64
        package var isBackup: Bool
        package var isDown: Bool
        /// It gets no new sessions, and keeps those it has.
        package var isDraining: Bool

        package init(
            identity: UInt64 = 0, weight: Int = 1, maxConnections: Int = 0, maxFails: Int = 1,
            failTimeout: Int64 = 10_000, slowStart: Int64 = 0, isBackup: Bool = false, isDown: Bool = false,
            isDraining: Bool = false
        ) {
            self.identity = identity
            self.weight = min(max(1, weight), 65_535)
            self.maxConnections = max(0, maxConnections)
            self.maxFails = max(0, maxFails)
            self.failTimeout = min(max(0, failTimeout), Peer.longestTime)
            self.slowStart = min(max(0, slowStart), Peer.longestTime)
            self.isBackup = isBackup
            self.isDown = isDown
            self.isDraining = isDraining
        }

        /// Whether the operator wants new sessions there.
        package var isWanted: Bool { !isDown && !isDraining }
    }

    package internal(set) var settings: Settings
    /// What failed attempts say.
    package internal(set) var passive = PassiveCheck()
    /// What probes say; true while there are none.
    package internal(set) var isHealthy = true
    /// Whether the last probe has seen it serve: what a client meets there is then about that client.
    package internal(set) var isVouchedFor = false
    /// Whether it has answered a CONNECT since it could last not be connected to.
    package internal(set) var hasAnswered = false
    /// When it came back, or came new; nil: it has been here from the start.
    var backSince: Int64?
    /// Its state in the smooth round robin.
    var turn = 0

    package init(_ settings: Settings) { self.settings = settings }

    /// Units of `effectiveWeight` in a weight of 1.
    package static let weightUnit = 256

    /// Milliseconds, some ten thousand years: sums with longer times could overflow.
    static let longestTime: Int64 = 1 << 48

    /// Its share of new sessions now, in `weightUnit`s: it grows from almost nothing to the whole weight during
    /// the slow start. Never 0, never falling while time passes.
    package func effectiveWeight(now: Int64) -> Int {
        let full = settings.weight * Self.weightUnit
        guard settings.slowStart > 0, let backSince else { return full }
        let elapsed = max(0, now - backSince)
        guard elapsed < settings.slowStart else { return full }
        return max(1, Int(Double(full) * Double(elapsed) / Double(settings.slowStart)))
    }

    /// Whether it does not have its full share yet.
    package func isStartingSlowly(now: Int64) -> Bool {
        guard settings.slowStart > 0, let backSince else { return false }
        return now >= backSince && now - backSince < settings.slowStart
    }
}

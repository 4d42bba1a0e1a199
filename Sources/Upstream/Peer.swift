/// One broker address of a pool: what the operator says of it, and what was seen of it.
package struct Peer: Sendable {
    /// The operator's wishes.
    package struct Settings: Sendable, Equatable {
        /// Share of the sessions, from 1.
        package var weight: Int
        /// Sessions at the same time, over all loops; 0 is no limit.
        package var maxConnections: Int
        /// Failures within `failTimeout` that take the peer out for `failTimeout`; 0 never does.
        package var maxFails: Int
        /// Milliseconds.
        package var failTimeout: Int64
        package var isBackup: Bool
        package var isDown: Bool

        package init(
            weight: Int = 1, maxConnections: Int = 0, maxFails: Int = 1, failTimeout: Int64 = 10_000,
            isBackup: Bool = false, isDown: Bool = false
        ) {
            self.weight = max(1, weight)
            self.maxConnections = maxConnections
            self.maxFails = maxFails
            self.failTimeout = failTimeout
            self.isBackup = isBackup
            self.isDown = isDown
        }
    }

    package let settings: Settings
    package var passive = PassiveCheck()

    package init(_ settings: Settings) { self.settings = settings }
}

/// What failed attempts say about a peer, as one loop has seen them. "Down" is the operator's wish and stands elsewhere.
package struct PassiveCheck: Sendable, Equatable {
    private var fails = 0
    private var windowStart: Int64 = 0
    /// The time until which the peer is left alone.
    package private(set) var unavailableUntil: Int64 = 0

    package func isAvailable(now: Int64) -> Bool { now >= unavailableUntil }

    /// An attempt has failed. Returns whether this one takes the peer out.
    package mutating func failed(now: Int64, _ settings: Peer.Settings) -> Bool {
        guard settings.maxFails > 0 else { return false }
        if fails == 0 || now - windowStart > settings.failTimeout {
            fails = 0
            windowStart = now
        }
        fails += 1
        guard fails >= settings.maxFails else { return false }
        let wasAvailable = isAvailable(now: now)
        unavailableUntil = now + settings.failTimeout
        // After that time one more failure is enough: it has shown nothing good since.
        fails = settings.maxFails - 1
        windowStart = unavailableUntil
        return wasAvailable
    }

    /// An attempt has succeeded. Returns whether the peer was out before.
    package mutating func succeeded() -> Bool {
        let wasOut = unavailableUntil != 0
        self = PassiveCheck()
        return wasOut
    }
}

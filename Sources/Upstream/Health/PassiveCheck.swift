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

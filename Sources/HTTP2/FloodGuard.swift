/// Counts the frames of one client that only cost work (RFC 9113 §10.5): a budget that time refills, far above what browsers
/// and proxies need. Pure.
package struct FloodGuard: Sendable {
    /// What a client may spend at once.
    package static let capacity = 2000
    /// What comes back a second.
    package static let refill = 200

    private var left = Self.capacity
    private var refilledAt: Int64

    /// `now`: milliseconds of any clock that does not go back.
    package init(now: Int64) { refilledAt = now }

    /// Frames that are counted.
    package enum Frame {
        /// SETTINGS, PING, PRIORITY, GOAWAY. Frames of unknown types are not reported, and cost what their bytes cost.
        case control
        /// A request's head: what it costs comes back when the request is served, and not when it was refused, as one stream too
        /// many, or reset at once.
        case head
        /// RST_STREAM: a request that was started for nothing (CVE-2023-44487).
        case reset
        /// A piece of a head (CVE-2024-27316 and its like).
        case continuation
        /// DATA without a byte and without an end.
        case emptyData
        /// WINDOW_UPDATE: at least one follows much of what we send.
        case windowUpdate
        /// A head that is longer than any that is taken.
        case oversizedHead

        var cost: Int {
            switch self {
            case .control, .emptyData: 1
            case .head, .reset: 2
            case .continuation: 20
            case .windowUpdate: 1
            case .oversizedHead: 100
            }
        }
    }

    /// A request is being served.
    package mutating func served() { left = min(left + Frame.head.cost, Self.capacity) }

    /// A DATA frame of ours has left, which a WINDOW_UPDATE or two may answer.
    package mutating func sentData() { left = min(left + 2, Self.capacity) }

    /// Takes note of a frame. False: it was one too many.
    package mutating func allows(_ frame: Frame, now: Int64) -> Bool {
        let elapsed = now - refilledAt
        if elapsed >= 100 {
            let fresh = min(elapsed, 60_000) * Int64(Self.refill) / 1000
            left = min(left + Int(fresh), Self.capacity)
            refilledAt = now
        }
        left -= frame.cost
        return left >= 0
    }
}

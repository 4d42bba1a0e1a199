import Upstream

/// Ending the connections of a loop, and what they carry, at an even pace, a few a turn: clients that all come back at once would be
/// a storm for whoever takes them, and those that stay have their turns in between. Connections that end by themselves count.
///
/// Idle ones go first. One that is busy when its turn comes is given a moment, until its exchange is over. No client is
/// accepted once the drain has begun, so two passes through the slots of the slab meet everyone.
struct Drain {
    /// Connections that one turn ends, and slots that it looks at, at most; and how many may have their moment at one time.
    static let endsPerTurn = 64
    static let reach = 1024
    /// Milliseconds without a byte, after which a connection is idle, and after which an exchange is taken to be over.
    static let idle: Int64 = 1000
    static let pause: Int64 = 200
    /// Milliseconds that a busy connection has at most.
    static let moment: Int64 = 2000
    private static let lookInterval: Int64 = 50

    /// What has become of the connection in a slot that was to end.
    enum Outcome { case nobody, busy, ended }

    /// A busy connection that ends when it pauses, or at `until`.
    private struct Waiting {
        let slot: Int
        let until: Int64
    }

    /// On the loop's clock.
    private let since: Int64
    private let until: Int64
    /// How many connections there were at first.
    private let connections: Int
    /// Of the jitter; nil: there is none.
    private let seed: UInt64?
    private var slot = 0
    private var sparesBusy: Bool
    private var waiting: [Waiting] = []
    private var lookAt = Int64.max

    /// An empty window ends everyone, busy or not, as fast as turns allow.
    init(connections: Int, since: Int64, milliseconds: Int64, seed: UInt64? = nil) {
        self.connections = connections
        self.since = since
        self.seed = seed
        until = since + milliseconds
        sparesBusy = milliseconds > 0
    }

    /// When there is something to do, of so many connections that are not ending yet; nil: never more.
    func nextDue(staying: Int, slots: Int) -> Int64? {
        let look = waiting.isEmpty ? nil : lookAt
        let left = staying - waiting.count
        guard left > 0, slot < slots else { return look }
        return min(due(left), look ?? .max)
    }

    /// Does what one turn may of what is due. `end` ends the connection in a slot if nothing has passed there for so many
    /// milliseconds, 0: in any case.
    mutating func step(now: Int64, staying: Int, slots: Int, end: (_ slot: Int, _ silence: Int64) -> Outcome) {
        var ends = lookAtWaiting(now: now, end)
        var left = staying - ends - waiting.count
        var looked = 0
        while ends < Self.endsPerTurn, looked < Self.reach, slot < slots, left > 0, now >= due(left) {
            let isLate = now >= until || waiting.count >= Self.reach
            switch end(slot, isLate ? 0 : sparesBusy ? Self.idle : Self.pause) {
            case .nobody: break
            case .ended: (ends, left) = (ends + 1, left - 1)
            case .busy where sparesBusy: break
            case .busy:
                waiting.append(Waiting(slot: slot, until: min(until, now + Self.moment)))
                lookAt = min(lookAt, now + Self.lookInterval)
                left -= 1
            }
            looked += 1
            slot += 1
            if sparesBusy, slot == slots { (slot, sparesBusy) = (0, false) }
        }
    }

    /// Ends those that had their moment. Returns how many.
    private mutating func lookAtWaiting(now: Int64, _ end: (Int, Int64) -> Outcome) -> Int {
        guard !waiting.isEmpty, now >= lookAt else { return 0 }
        var ends = 0
        waiting.removeAll { one in
            guard ends < Self.endsPerTurn else { return false }
            let outcome = end(one.slot, now < one.until ? Self.pause : 0)
            if outcome == .ended { ends += 1 }
            return outcome != .busy
        }
        lookAt = waiting.isEmpty ? .max : ends < Self.endsPerTurn ? now + Self.lookInterval : now
        return ends
    }

    /// When one of so many connections is to end: each has a part of the window, and ends in the second half of it.
    private func due(_ left: Int) -> Int64 {
        let window = until - since
        let end = until - Int64(left - 1) * window / Int64(max(1, connections))
        guard let seed else { return end }
        let jitter = window / Int64(max(1, connections)) / 2
        return end - Int64(Hash.mix(seed &+ UInt64(left)) % UInt64(jitter + 1))
    }
}

/// Ending the connections of a loop, and what they carry, at an even pace, a few a turn: clients that all come back at once would be
/// a storm for whoever takes them, and those that stay have their turns in between. Connections that end by themselves count.
///
/// No client is accepted once it has begun, so one pass through the slots of the slab meets everyone.
struct Drain {
    /// Connections that one turn ends, and slots that it looks at, at most.
    static let endsPerTurn = 64
    static let reach = 1024

    /// On the loop's clock.
    private let since: Int64
    private let until: Int64
    /// How many connections there were at first.
    private let connections: Int
    private var slot = 0

    /// An empty window ends everyone as fast as turns allow.
    init(connections: Int, since: Int64, milliseconds: Int64) {
        self.connections = connections
        self.since = since
        until = since + milliseconds
    }

    /// When there is something to do, of so many connections that are not ending yet; nil: never more.
    func nextDue(staying: Int, slots: Int) -> Int64? {
        guard staying > 0, slot < slots else { return nil }
        // The first moment at which one fewer may stay: `keep` is below `staying` from then on.
        let left = Int64(staying - 1) * (until - since) / Int64(max(1, connections))
        return until - left
    }

    /// Does what one turn may of what is due. `end` ends the connection in a slot, and says whether there was one that
    /// was not ending yet.
    mutating func step(now: Int64, staying: Int, slots: Int, end: (Int) -> Bool) {
        var left = min(Self.endsPerTurn, staying - keep(now: now))
        let last = min(slots, slot + Self.reach)
        while left > 0, slot < last {
            if end(slot) { left -= 1 }
            slot += 1
        }
    }

    /// How many connections may stay: those of the part of the window that is left, the last one until its end.
    private func keep(now: Int64) -> Int {
        let window = max(1, until - since)
        return Int((Int64(connections) * max(0, until - now) + window - 1) / window)
    }
}

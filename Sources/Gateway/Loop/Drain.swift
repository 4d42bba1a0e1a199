/// Closing the sessions of a loop at an even pace, a few a turn: clients that all come back at once would be a storm for
/// whoever takes them, and the sessions that stay have their turns in between. Sessions that end by themselves count.
///
/// Nobody comes any more once it has begun, so one way through the slots of the table meets everyone.
struct Drain {
    /// Sessions that one turn closes, and slots that it looks at, at most.
    static let closesPerTurn = 64
    static let reach = 1024

    /// On the loop's clock.
    private let since: Int64
    private let until: Int64
    /// How many sessions there were at first.
    private let sessions: Int
    private var slot = 0

    /// An empty window closes everyone as fast as turns allow.
    init(sessions: Int, since: Int64, milliseconds: Int64) {
        self.sessions = sessions
        self.since = since
        until = since + milliseconds
    }

    /// When there is something to do, of so many sessions that are not closing yet; nil: never more.
    func nextDue(staying: Int, slots: Int) -> Int64? {
        guard staying > 0, slot < slots else { return nil }
        // The first moment at which one fewer may stay: `keep` is below `staying` from then on.
        let left = Int64(staying - 1) * (until - since) / Int64(max(1, sessions))
        return until - left
    }

    /// Does what one turn may of what is due. `close` closes the session in a slot, and says whether there was one that was
    /// not closing yet.
    mutating func step(now: Int64, staying: Int, slots: Int, close: (Int) -> Bool) {
        var left = min(Self.closesPerTurn, staying - keep(now: now))
        let end = min(slots, slot + Self.reach)
        while left > 0, slot < end {
            if close(slot) { left -= 1 }
            slot += 1
        }
    }

    /// How many sessions may stay: those of the part of the window that is left, the last one until its end.
    private func keep(now: Int64) -> Int {
        let window = max(1, until - since)
        return Int((Int64(sessions) * max(0, until - now) + window - 1) / window)
    }
}

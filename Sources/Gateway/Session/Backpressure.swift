/// How often, and for how long, one side of a session was not read because the other side did not take what it had sent.
/// Milliseconds of the loop's clock.
struct Backpressure: BitwiseCopyable {
    /// How often, with the time under way.
    private(set) var count: UInt32 = 0
    private var over: UInt32 = 0  // milliseconds of the times that are over
    private var since: Int64 = -1  // when the one under way began; -1: there is none

    /// Whether the side is not read now.
    var isUnderWay: Bool { @inline(__always) get { since >= 0 } }

    /// How long by now, with the time under way; those that are over count 49 days at most.
    func milliseconds(now: Int64) -> Int64 { Int64(over) + (isUnderWay ? max(0, now - since) : 0) }

    mutating func begin(now: Int64) {
        guard !isUnderWay else { return }
        count &+= 1
        since = now
    }

    /// Returns how long the time that ends was; nil: none was under way.
    mutating func end(now: Int64) -> Int64? {
        guard isUnderWay else { return nil }
        let length = max(0, now - since)
        over = UInt32(clamping: Int64(over) + length)
        since = -1
        return length
    }
}

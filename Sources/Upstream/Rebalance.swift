/// The pace at which one loop moves sessions. Pure.
package struct Rebalance: Sendable, Equatable {
    /// Sessions a second, of this loop.
    private let rate: Double
    private var allowance = 0.0
    private var countedAt: Int64?

    /// `rate`: sessions a second over all `loops`.
    package init(rate: Int, loops: Int) { self.rate = Double(rate) / Double(max(1, loops)) }

    /// How many sessions may be moved now: what was not used before counts for a second at most.
    package mutating func allowance(now: Int64) -> Int {
        allowance += rate * Double(max(0, now - (countedAt ?? now))) / 1000
        allowance = min(allowance, max(1, rate))
        countedAt = now
        return Int(allowance)
    }

    /// So many sessions were moved.
    package mutating func spend(_ count: Int) { allowance -= Double(count) }
}

extension Pool {
    /// For each peer, how many sessions it has above its share of all and `threshold` percent of it: by weight among the peers
    /// that sessions may go to. A backup has no share while a primary may be chosen. What is drained, down or dead keeps its
    /// sessions.
    package mutating func surplus(now: Int64, threshold: Int) -> [Int] {
        var surplus = Array(repeating: 0, count: peers.count)
        let members = peers.indices.filter { peers[$0].settings.isWanted && peers[$0].isHealthy }
        let well = members.filter { peers[$0].passive.isAvailable(now: now) }
        let primaries = well.filter { !peers[$0].settings.isBackup }
        let owners = primaries.isEmpty ? well : primaries
        let weight = owners.reduce(0) { $0 + peers[$1].effectiveWeight(now: now) }
        guard weight > 0 else { return surplus }
        let total = members.reduce(0) { $0 + counts[$1] }
        for index in members {
            let isOwner = owners.contains(index)
            let share = isOwner ? Double(total) * Double(peers[index].effectiveWeight(now: now)) / Double(weight) : 0
            let allowed = Int((share * Double(100 + threshold) / 100).rounded(.up))
            surplus[index] = max(0, counts[index] - allowed)
        }
        return surplus
    }

    /// Whether a peer is still getting to its full share.
    package func hasSlowStart(now: Int64) -> Bool { peers.contains { $0.isStartingSlowly(now: now) } }
}

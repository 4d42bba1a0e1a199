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
    /// For each peer, how many sessions it has above its share of all and `threshold` percent of it. Sessions without a peer
    /// that has room for them are not surplus: moving them would never end.
    ///
    /// The share goes by weight among the peers that sessions may go to, none more than its `max_conns`; a backup has one of
    /// what the primaries have no room for. Peers that are drained, down, dead or have failed recently keep their sessions.
    ///
    /// `before`: sessions that there were before any was moved; those that are on their way back count, too.
    package mutating func surplus(now: Int64, threshold: Int, total before: Int = 0) -> [Int] {
        var surplus = Array(repeating: 0, count: peers.count)
        let members = peers.indices.filter { isWell($0, now: now) }
        var shares = Array(repeating: 0.0, count: peers.count)
        var rest = max(Double(before), members.reduce(0.0) { $0 + Double(counts[$1]) })
        rest = share(rest, among: members.filter { !peers[$0].settings.isBackup }, now: now, &shares)
        _ = share(rest, among: members.filter { peers[$0].settings.isBackup }, now: now, &shares)
        var room = members.reduce(0) { $0 + max(0, Int(shares[$1].rounded(.up)) - counts[$1]) }
        for index in members {
            let allowed = (shares[index] * (100 + Double(threshold)) / 100).rounded(.up)
            surplus[index] = min(room, max(0, Int(Double(counts[index]) - allowed)))
            room -= surplus[index]
        }
        return surplus
    }

    /// Shares out `sessions` by weight, no peer getting more than its `max_conns`. Returns what is left.
    private func share(_ sessions: Double, among owners: [Int], now: Int64, _ shares: inout [Double]) -> Double {
        var (rest, owners) = (sessions, owners)
        while !owners.isEmpty {
            let weight = owners.reduce(0.0) { $0 + Double(peers[$1].effectiveWeight(now: now)) }
            for index in owners { shares[index] = rest * Double(peers[index].effectiveWeight(now: now)) / weight }
            // What the full ones cannot have, the others share once more.
            var open: [Int] = []
            var held = 0.0
            for index in owners {
                let limit = Double(peers[index].settings.maxConnections)
                guard limit > 0, shares[index] > limit else {
                    open.append(index)
                    continue
                }
                shares[index] = limit
                held += limit
            }
            guard open.count < owners.count else { return 0 }
            rest -= held
            owners = open
        }
        return rest
    }

    /// Sessions on peers that sessions may go to.
    package var total: Int {
        peers.indices.reduce(0) { $0 + (peers[$1].settings.isWanted && peers[$1].isHealthy ? counts[$1] : 0) }
    }

    /// Whether a peer that sessions may go to is still getting to its full share.
    package func hasSlowStart(now: Int64) -> Bool {
        peers.indices.contains { isWell($0, now: now) && peers[$0].isStartingSlowly(now: now) }
    }

    /// Whether nothing speaks against a peer: the operator wants it, probes pass, and no attempt has failed recently.
    package func isWell(_ peer: Int, now: Int64) -> Bool {
        let peer = peers[peer]
        return peer.settings.isWanted && peer.isHealthy && peer.passive.isAvailable(now: now)
    }

    /// How many more sessions a peer may get, by `max_conns` and `hash_balance_factor`; `.max`: no limit.
    package func room(on peer: Int, now: Int64) -> Int {
        var room = Int.max
        let limit = peers[peer].settings.maxConnections
        if limit > 0 { room = max(0, limit - counts[peer]) }
        guard case .hash(_, let factor) = balancer, factor > 0 else { return room }
        let isBackup = peers[peer].settings.isBackup
        let members = peers.indices.filter { isWell($0, now: now) && peers[$0].settings.isBackup == isBackup }
        let load = members.reduce(0) { $0 + counts[$1] }
        let weight = members.reduce(0) { $0 + peers[$1].effectiveWeight(now: now) }
        guard weight > 0 else { return room }
        let share = Double(load) * Double(peers[peer].effectiveWeight(now: now)) / Double(weight)
        let allowed = Int((share * Double(factor) / 1000).rounded(.up))
        return min(room, max(0, allowed - counts[peer]))
    }
}

/// The peers of one upstream, as one loop sees them: chooses, and learns from what happens. Pure but for the counts,
/// which all loops share. Times are milliseconds of a monotonic clock.
package struct Pool: Sendable {
    package private(set) var peers: [Peer]
    private var balancer: Balancer
    private let counts: SessionCounts

    /// `counts` has a place for each peer.
    package init(_ settings: [Peer.Settings], counts: SessionCounts) {
        peers = settings.map(Peer.init)
        balancer = .roundRobin(SmoothRoundRobin(count: settings.count))
        self.counts = counts
    }

    /// Chooses a peer that was not tried yet, and takes a place on it: give it back with `release`.
    ///
    /// Primaries first, then backups. When all that are left have failed of late they are tried all the same, the
    /// primaries first: one of them may be back, and the client would be refused otherwise. nil: none is left.
    package mutating func choose(now: Int64, tried: [Int]) -> Int? {
        for needsHealth in [true, false] {
            for isBackup in [false, true] {
                if let peer = take(now: now, tried: tried, isBackup: isBackup, needsHealth: needsHealth) { return peer }
            }
        }
        return nil
    }

    private mutating func take(now: Int64, tried: [Int], isBackup: Bool, needsHealth: Bool) -> Int? {
        var full: [Int] = []
        let (peers, counts) = (self.peers, self.counts)
        while true {
            let choice = balancer.choose(peers) { index in
                let peer = peers[index]
                let limit = peer.settings.maxConnections
                return !peer.settings.isDown && peer.settings.isBackup == isBackup
                    && (!needsHealth || peer.passive.isAvailable(now: now))
                    && (limit == 0 || counts[index] < limit) && !tried.contains(index) && !full.contains(index)
            }
            guard let choice else { return nil }
            if counts.acquire(choice, limit: peers[choice].settings.maxConnections) { return choice }
            full.append(choice)  // another loop took the last place
        }
    }

    /// The session on `peer` is over, or the attempt was.
    package func release(_ peer: Int) { counts.release(peer) }

    /// The attempt on `peer` failed. Returns whether that takes it out of the pool for a while.
    package mutating func failed(_ peer: Int, now: Int64) -> Bool {
        peers[peer].passive.failed(now: now, peers[peer].settings)
    }

    /// `peer` answered as a broker does. Returns whether that brings it back.
    package mutating func succeeded(_ peer: Int) -> Bool { peers[peer].passive.succeeded() }
}

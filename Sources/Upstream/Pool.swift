/// The peers of one upstream, as one loop sees them: chooses, and learns from what happens. Pure except for the counts,
/// which all loops share. Times are milliseconds of a monotonic clock.
///
/// A peer keeps its index for as long as it is there. A place whose peer is gone is down until another peer gets it.
package struct Pool: Sendable {
    package private(set) var peers: [Peer]
    package private(set) var balancer: Balancer
    package private(set) var counts: SessionCounts
    /// Sessions are being moved to peers that have too few: new ones go there too, whatever the balancer.
    package var isRebalancing = false
    private var candidates: [Candidate] = []
    /// Primaries and backups as `hash` spreads keys over them.
    private var primaries: [Candidate] = []
    private var backups: [Candidate] = []

    /// `counts` has a place for each peer.
    package init(_ settings: [Peer.Settings], balancer: Balancer = .roundRobin, counts: SessionCounts) {
        peers = settings.map(Peer.init)
        self.balancer = balancer
        self.counts = counts
        list()
    }

    private mutating func list() {
        (primaries, backups) = ([], [])
        guard case .hash(isConsistent: false, _) = balancer else { return }
        let all = peers.enumerated().map { index, peer in
            Candidate(index: index, weight: peer.settings.weight * Peer.weightUnit, load: 0)
        }
        primaries = all.filter { !peers[$0.index].settings.isBackup }
        backups = all.filter { peers[$0.index].settings.isBackup }
    }

    // MARK: Choosing

    /// Chooses a peer that was not tried yet, and takes a place on it: give it back with `release`.
    ///
    /// Primaries first, then backups. If all that are left have failed recently they are tried all the same, the
    /// primaries first: one of them may be back, and the client would be refused otherwise. What the operator has taken
    /// out, what probes have found dead and what is full is never chosen. nil: none is left. `key` is the hash of the
    /// session's key; `random` a word of chance.
    package mutating func choose(now: Int64, key: UInt64 = 0, random: UInt64 = 0, tried: [Int] = []) -> Int? {
        var full: [Int] = []
        while true {
            let isBackup = collect(now: now, without: tried, full)
            guard let choice = pick(key: key, random: random, isBackup: isBackup) else { return nil }
            if counts.acquire(choice, limit: peers[choice].settings.maxConnections) { return choice }
            full.append(choice)  // another loop took the last place
        }
    }

    /// Takes a place on this very peer, if it may be chosen.
    package func take(_ peer: Int, tried: [Int]) -> Bool {
        guard peers.indices.contains(peer), !tried.contains(peer), peers[peer].settings.isWanted, peers[peer].isHealthy
        else { return false }
        return counts.acquire(peer, limit: peers[peer].settings.maxConnections)
    }

    /// Whether a peer is there that new sessions should reach: the operator wants them there, probes have not found it dead, and
    /// failed attempts have not set it aside. One that is full counts: it is well.
    package func hasUsablePeer(now: Int64) -> Bool {
        peers.contains { $0.settings.isWanted && $0.isHealthy && $0.passive.isAvailable(now: now) }
    }

    /// The session on `peer` is over, or the attempt was.
    package func release(_ peer: Int) { counts.release(peer) }

    /// Puts the best that may be chosen into `candidates`; returns whether they are backups. `spared` is not full even when
    /// it is.
    private mutating func collect(
        now: Int64, without tried: [Int], _ full: [Int], sparing spared: Int? = nil
    ) -> Bool {
        var found: [Candidate] = []
        swap(&found, &candidates)
        found.removeAll(keepingCapacity: true)
        let (peers, counts) = (peers, counts)
        var best = Int.max
        for index in peers.indices where peers[index].settings.isWanted && peers[index].isHealthy {
            let isAvailable = peers[index].passive.isAvailable(now: now)
            let rank = (isAvailable ? 0 : 2) + (peers[index].settings.isBackup ? 1 : 0)
            guard rank <= best, tried.isEmpty || !tried.contains(index), full.isEmpty || !full.contains(index) else {
                continue
            }
            let (load, limit) = (counts[index], peers[index].settings.maxConnections)
            guard limit == 0 || load < limit || index == spared else { continue }
            if rank < best {
                best = rank
                found.removeAll(keepingCapacity: true)
            }
            found.append(Candidate(index: index, weight: peers[index].effectiveWeight(now: now), load: load))
        }
        swap(&found, &candidates)
        return best & 1 == 1
    }

    /// One of `candidates`.
    private mutating func pick(key: UInt64, random: UInt64, isBackup: Bool) -> Int? {
        switch balancer {
        case .roundRobin where !isRebalancing: return SmoothRoundRobin.choose(candidates, &peers)
        case .randomTwo where !isRebalancing: return RandomTwo.choose(candidates, random: random)
        case .roundRobin, .randomTwo, .leastConnections: return LeastConnections.choose(&candidates, &peers)
        case .hash(let isConsistent, let factor):
            let bound = factor > 0 ? LoadBound(candidates, factor: factor) : nil
            if isConsistent { return RendezvousHash.choose(key, candidates, peers, bound: bound) }
            if let bound, candidates.contains(where: { !bound.isExceeded(by: $0) }) {
                candidates.removeAll { bound.isExceeded(by: $0) }
            }
            return ModuloHash.choose(key, members: isBackup ? backups : primaries, candidates: candidates)
        }
    }

    /// The peer that a session with this key belongs to now, and would go to if it were new. `peer` is where it is: it
    /// counts there already. nil: there is none.
    package mutating func home(of key: UInt64, on peer: Int, now: Int64) -> Int? {
        guard balancer.usesKey else { return nil }
        let isBackup = collect(now: now, without: [], [], sparing: peer)
        if let place = candidates.firstIndex(where: { $0.index == peer }) {
            let own = candidates[place]
            candidates[place] = Candidate(index: own.index, weight: own.weight, load: max(0, own.load - 1))
        }
        return pick(key: key, random: 0, isBackup: isBackup)
    }

    // MARK: Learning

    /// The attempt on `peer` failed: to connect, or, if `client` is given, after the CONNECT of that one (`PassiveCheck`).
    /// Returns whether that takes it out of the pool for a while. A pool's only peer is never taken out: there is no
    /// other. Where probes see the peer serve, what a client meets says nothing of it.
    package mutating func failed(_ peer: Int, by client: ClientKey? = nil, now: Int64) -> Bool {
        guard peers.indices.contains(peer) else { return false }
        if client == nil { peers[peer].hasAnswered = false }
        guard peers.count(where: { $0.settings.isWanted }) > 1, client == nil || !peers[peer].isVouchedFor else {
            return false
        }
        let isOut = peers[peer].passive.failed(now: now, peers[peer].settings, by: client)
        if !peers[peer].passive.isAvailable(now: now) { peers[peer].backSince = peers[peer].passive.unavailableUntil }
        return isOut
    }

    /// `peer` answered as a broker does. Returns whether that brings it back. `now`: when a peer that was to be left alone
    /// for longer begins its slow start; nil: it begins when that time is over.
    package mutating func succeeded(_ peer: Int, now: Int64? = nil) -> Bool {
        guard peers.indices.contains(peer) else { return false }
        peers[peer].hasAnswered = true
        if let now, !peers[peer].passive.isAvailable(now: now) { peers[peer].backSince = now }
        return peers[peer].passive.succeeded()
    }

    /// Probes have found out something about `peer`, at the time `now`. `isVouchedFor`: the last one has seen it serve.
    package mutating func record(_ peer: Int, isHealthy: Bool, isVouchedFor: Bool = false, now: Int64) {
        guard peers.indices.contains(peer) else { return }
        peers[peer].isVouchedFor = isVouchedFor
        guard peers[peer].isHealthy != isHealthy else { return }
        peers[peer].isHealthy = isHealthy
        guard isHealthy else { return }
        peers[peer].backSince = now
        _ = peers[peer].passive.succeeded()
    }

    /// The operator's wishes have changed, or the addresses of a name. Peers keep their places; those of which the identity
    /// is another are new ones, and start slowly; places beyond the last of `settings` are down. `counts` has a place for each;
    /// `balancer`: nil leaves it as it is. Returns whether sessions may have to move.
    package mutating func update(
        _ settings: [Peer.Settings], balancer: Balancer? = nil, counts: SessionCounts, now: Int64
    ) -> Bool {
        var isChanged = false
        if let balancer, balancer != self.balancer {
            self.balancer = balancer
            isChanged = true
        }
        for (index, new) in settings.enumerated() {
            guard peers.indices.contains(index), peers[index].settings.identity == new.identity else {
                var peer = Peer(new)
                peer.backSince = now
                if peers.indices.contains(index) { peers[index] = peer } else { peers.append(peer) }
                isChanged = isChanged || new.isWanted
                continue
            }
            let old = peers[index].settings
            if new.isWanted, !old.isWanted { peers[index].backSince = now }
            // It has not been probed meanwhile: it starts as a new one.
            if old.isDown, !new.isDown { (peers[index].isHealthy, peers[index].isVouchedFor) = (true, false) }
            isChanged = isChanged || new.isWanted && (new.weight != old.weight || !old.isWanted)
            peers[index].settings = new
        }
        for index in peers.indices.dropFirst(settings.count) { peers[index].settings.isDown = true }
        self.counts = counts
        list()
        return isChanged
    }
}

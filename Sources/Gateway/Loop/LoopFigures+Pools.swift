import Telemetry
import Tunnel
import Upstream

/// What one loop has counted for one upstream, and how it sees the peers.
struct PoolFigures: Sendable {
    fileprivate(set) var name = ""
    /// Attempts with a CONNECT that another peer had failed before.
    fileprivate(set) var failovers: UInt64 = 0
    /// From the CONNECT to the CONNACK.
    fileprivate(set) var connackTimes = Histogram(.waits)
    fileprivate(set) var peers: [PeerFigures] = []
    /// Whether the generation in use has the upstream. In a copy only.
    fileprivate(set) var isConfigured = true
}

/// One peer. Its counters begin again when its place gets another peer.
struct PeerFigures: Sendable {
    fileprivate(set) var identity: UInt64
    /// The address, as the log shows it.
    fileprivate(set) var text: String
    fileprivate(set) var attempts: UInt64 = 0
    fileprivate(set) var failures: [AttemptFailure: UInt64] = [:]
    /// Sessions that it has accepted.
    fileprivate(set) var opened: UInt64 = 0
    /// How the loop sees it. In a copy only.
    fileprivate(set) var state = State()

    struct State: Sendable {
        /// No longer among the addresses of the upstream: it keeps its sessions.
        var isGone = false
        /// The operator wants new sessions there.
        var isWanted = true
        /// What probes say.
        var isHealthy = true
        /// The loop has not set it aside for its `fail_timeout`.
        var isAvailable = true
        var weight = 0
        var effectiveWeight = 0.0
        /// 0: no limit.
        var maxSessions = 0
        /// Sessions that it has now, over all loops.
        var sessions = 0
    }

    fileprivate init(_ target: ResolvedUpstream.Target) {
        identity = target.settings.identity
        text = target.text
    }

    /// Whether it gets new sessions, as far as this loop knows.
    var isUp: Bool { state.isWanted && state.isHealthy && state.isAvailable && !state.isGone }
}

extension LoopFigures {
    /// The loop has a pool, or the pool has other peers.
    mutating func adopt(_ upstream: ResolvedUpstream, _ pool: Int) {
        while pools.count <= pool { pools.append(PoolFigures()) }
        pools[pool].name = upstream.name
        for (index, target) in upstream.peers.enumerated() {
            if !pools[pool].peers.indices.contains(index) {
                pools[pool].peers.append(PeerFigures(target))
            } else if pools[pool].peers[index].identity != target.settings.identity {
                pools[pool].peers[index] = PeerFigures(target)
            }
        }
    }

    mutating func attemptBegan(_ place: Session.Place, isFailover: Bool) {
        update(place) { $0.attempts &+= 1 }
        if isFailover { pools[Int(place.pool)].failovers &+= 1 }
    }

    mutating func attemptFailed(_ place: Session.Place, _ failure: AttemptFailure) {
        update(place) { $0.failures[failure, default: 0] &+= 1 }
    }

    /// The peer has answered a CONNECT that it got at `sentAt`, in microseconds of the monotonic clock.
    mutating func connackCame(_ place: Session.Place, after microseconds: Int64) {
        pools[Int(place.pool)].connackTimes.record(microseconds: microseconds)
    }

    mutating func sessionOpened(_ place: Session.Place) { update(place) { $0.opened &+= 1 } }

    private mutating func update(_ place: Session.Place, _ body: (inout PeerFigures) -> Void) {
        body(&pools[Int(place.pool)].peers[Int(place.peer)])
    }
}

extension LoopContext {
    /// A copy for another thread: what was counted, and how the peers are seen now.
    func currentFigures(turns: Histogram) -> LoopFigures {
        var figures = figures
        figures.turns = turns
        for pool in figures.pools.indices {
            figures.pools[pool].isConfigured = generation.upstreams[pool] != nil
            for peer in figures.pools[pool].peers.indices where pools[pool].peers.indices.contains(peer) {
                figures.pools[pool].peers[peer].state = state(of: peer, in: pool)
            }
        }
        return figures
    }

    private func state(of index: Int, in pool: Int) -> PeerFigures.State {
        let (peer, upstream) = (pools[pool].peers[index], upstreams[pool])
        return PeerFigures.State(
            isGone: upstream.hasLost(index), isWanted: peer.settings.isWanted, isHealthy: peer.isHealthy,
            isAvailable: peer.passive.isAvailable(now: now), weight: peer.settings.weight,
            effectiveWeight: Double(peer.effectiveWeight(now: now)) / Double(Peer.weightUnit),
            maxSessions: peer.settings.maxConnections,
            sessions: index < pools[pool].counts.peers ? pools[pool].counts[index] : 0)
    }
}

extension ResolvedUpstream {
    /// Whether the peer at a place is there for its last sessions only: the configuration or its name no longer has it.
    func hasLost(_ index: Int) -> Bool { !peers.indices.contains(index) || peers[index].isGone }
}

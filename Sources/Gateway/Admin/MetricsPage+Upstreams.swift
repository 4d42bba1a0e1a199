import Telemetry
import Tunnel

/// Upstreams and their peers, over all loops.
extension MetricsPage {
    mutating func writeUpstreams() {
        let pools = UpstreamSummary.list(input.loops.map(\.figures.pools))
        let peers = pools.flatMap { pool in
            pool.peers.map { (labels: [.upstream: pool.name, .peer: $0.text] as MetricLabels, peer: $0) }
        }
        page.begin(MetricCatalogue.peerSessions)
        for (labels, peer) in peers { page.sample(labels, peer.sessions) }
        page.begin(MetricCatalogue.sessionsOpened)
        for (labels, peer) in peers { page.sample(labels, peer.opened) }
        page.begin(MetricCatalogue.attempts)
        for (labels, peer) in peers { page.sample(labels, peer.attempts) }
        page.begin(MetricCatalogue.attemptFailures)
        for (labels, peer) in peers {
            for reason in AttemptFailure.allCases {
                guard let count = peer.failures[reason] else { continue }
                page.sample(labels.with(.reason, reason.rawValue), count)
            }
        }
        page.begin(MetricCatalogue.failovers)
        for pool in pools where pool.isConfigured { page.sample([.upstream: pool.name], pool.failovers) }
        page.begin(MetricCatalogue.connackDuration)
        for pool in pools where pool.isConfigured { page.histogram([.upstream: pool.name], pool.connackTimes) }
        page.begin(MetricCatalogue.peerUp)
        for (labels, peer) in peers { page.sample(labels, peer.isUp) }
        page.begin(MetricCatalogue.peerWanted)
        for (labels, peer) in peers { page.sample(labels, peer.isWanted) }
        page.begin(MetricCatalogue.peerHealthy)
        for (labels, peer) in peers { page.sample(labels, peer.isHealthy) }
        page.begin(MetricCatalogue.peerAvailable)
        for (labels, peer) in peers { page.sample(labels, fraction: peer.available) }
        page.begin(MetricCatalogue.peerWeight)
        for (labels, peer) in peers { page.sample(labels, peer.weight) }
        page.begin(MetricCatalogue.peerEffectiveWeight)
        for (labels, peer) in peers { page.sample(labels, fraction: peer.effectiveWeight) }
        page.begin(MetricCatalogue.peerLimit)
        for (labels, peer) in peers { page.sample(labels, peer.maxSessions) }
    }
}

/// One upstream as all loops together see it.
struct UpstreamSummary {
    let name: String
    let isConfigured: Bool
    private(set) var failovers: UInt64 = 0
    private(set) var connackTimes = Histogram(.waits)
    /// One for each address.
    private(set) var peers: [PeerSummary] = []

    /// `pools` are those of each loop.
    static func list(_ pools: [[PoolFigures]]) -> [UpstreamSummary] {
        let count = pools.map(\.count).max() ?? 0
        return (0..<count).map { pool in UpstreamSummary(pools.compactMap { pool < $0.count ? $0[pool] : nil }) }
            .filter { $0.isConfigured || !$0.peers.isEmpty }
    }

    /// `views`: what each loop has of the pool.
    private init(_ views: [PoolFigures]) {
        name = views.first?.name ?? ""
        isConfigured = views.contains(where: \.isConfigured)
        for view in views {
            failovers &+= view.failovers
            connackTimes.add(view.connackTimes)
        }
        var places: [String: Int] = [:]
        for index in 0..<(views.map(\.peers.count).max() ?? 0) {
            let peer = PeerSummary(views.compactMap { index < $0.peers.count ? $0.peers[index] : nil })
            // Those that are gone, or whose upstream is, are of interest as long as they have sessions.
            guard isConfigured && !peer.isGone || peer.sessions > 0 else { continue }
            if let place = places[peer.text] {
                peers[place].add(peer)
            } else {
                places[peer.text] = peers.count
                peers.append(peer)
            }
        }
    }
}

/// One address of an upstream as all loops together see it.
struct PeerSummary {
    let text: String
    let isGone: Bool
    private(set) var attempts: UInt64 = 0
    private(set) var opened: UInt64 = 0
    private(set) var failures: [AttemptFailure: UInt64] = [:]
    private(set) var isUp = false
    private(set) var isWanted: Bool
    private(set) var isHealthy: Bool
    /// Share of the loops that have not set it aside.
    private(set) var available = 0.0
    private(set) var weight: Int
    private(set) var effectiveWeight = 0.0
    private(set) var maxSessions: Int
    private(set) var sessions: Int

    /// `views`: what each loop has of the peer.
    fileprivate init(_ views: [PeerFigures]) {
        let state = views.first?.state ?? PeerFigures.State()
        text = views.first?.text ?? ""
        isGone = state.isGone
        isWanted = views.contains(where: \.state.isWanted)
        isHealthy = views.allSatisfy(\.state.isHealthy)
        (weight, maxSessions, sessions) = (state.weight, state.maxSessions, state.sessions)
        for view in views {
            attempts &+= view.attempts
            opened &+= view.opened
            failures.merge(view.failures, uniquingKeysWith: &+)
            isUp = isUp || view.isUp
            available += (view.state.isAvailable ? 1 : 0) / Double(views.count)
            effectiveWeight += view.state.effectiveWeight / Double(views.count)
        }
    }

    /// Adds another place with the same address: two `server` lines may name it. No limit together with a limit is none.
    fileprivate mutating func add(_ other: PeerSummary) {
        attempts &+= other.attempts
        opened &+= other.opened
        failures.merge(other.failures, uniquingKeysWith: &+)
        (isUp, isWanted) = (isUp || other.isUp, isWanted || other.isWanted)
        isHealthy = isHealthy || other.isHealthy
        available = max(available, other.available)
        maxSessions = maxSessions == 0 || other.maxSessions == 0 ? 0 : maxSessions + other.maxSessions
        weight += other.weight
        effectiveWeight += other.effectiveWeight
        sessions += other.sessions
    }
}

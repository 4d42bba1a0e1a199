import Configuration
import Telemetry
import Upstream

/// Upstreams with their peers, and changes to a peer.
extension API {
    func upstreams() -> JSONWriter {
        let figures: [LoopFigures] = world.askAll { .figures(reply: $0) }
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.array("upstreams") { writer in
                for pool in world.services.upstreams.overview {
                    let peers = Self.peers(of: pool, figures)
                    writer.object { writer in
                        writer.field("name", pool.upstream.name)
                        writer.field("balancer", pool.upstream.settings.balancer.name)
                        writer.field("sessions", peers.reduce(0) { $0 + $1.sessions })
                        writer.array("peers") { writer in for peer in peers { writer.value(peer) } }
                    }
                }
            }
        }
        return writer
    }

    /// `path`: "NAME/peers/ADDRESS".
    func peer(_ path: String) throws(Problem) -> JSONWriter {
        let figures: [LoopFigures] = world.askAll { .figures(reply: $0) }
        for pool in world.services.upstreams.overview {
            guard let address = Self.address(in: path, below: pool.upstream.name) else { continue }
            guard let peer = Self.peers(of: pool, figures).first(where: { $0.address == address }) else {
                throw .notFound("The upstream \"\(pool.upstream.name)\" has no peer with the address \"\(address)\".")
            }
            var writer = JSONWriter(capacity: 1024)
            writer.value(peer)
            return writer
        }
        throw .notFound("There is no such upstream: GET upstreams lists them.")
    }

    func changePeer(_ path: String, _ request: APIRequest) throws(Problem) -> JSONWriter {
        let change = try PeerChange(request.body)
        for pool in world.services.upstreams.overview {
            guard let address = Self.address(in: path, below: pool.upstream.name) else { continue }
            switch world.services.upstreams.change(pool.identity, peer: address, { change.apply(to: &$0) }) {
            case .changed(let settings):
                note(
                    "changed the server \(address) of \(pool.upstream.name): weight=\(settings.weight) "
                        + "max_conns=\(settings.maxConnections)\(settings.isDown ? " down" : "")"
                        + (settings.isDraining ? " drain" : ""), request)
                return try peer(path)
            case .noSuchPeer:
                throw .notFound("The upstream \"\(pool.upstream.name)\" has no peer with the address \"\(address)\".")
            case .tooMany: throw .unprocessable("Too many peers are changed already: put some back with null first.")
            }
        }
        throw .notFound("There is no such upstream: GET upstreams lists them.")
    }

    private static func address(in path: String, below name: String) -> String? {
        let prefix = "\(name)/peers/"
        return path.utf8.starts(with: prefix.utf8)
            ? String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
    }

    /// Those that are gone are among them only while they have sessions.
    private static func peers(of pool: UpstreamOverview, _ figures: [LoopFigures]) -> [APIPeer] {
        let upstream = pool.upstream
        var peers: [APIPeer] = []
        for (index, target) in upstream.peers.enumerated() {
            let sessions = index < upstream.counts.peers ? upstream.counts[index] : 0
            guard !target.isGone || sessions > 0 else { continue }
            peers.append(
                APIPeer(
                    address: target.text, server: target.configured.text, settings: target.settings,
                    changed: pool.overrides[target.text] ?? PeerOverride(), isGone: target.isGone, sessions: sessions,
                    isChecked: upstream.probes != nil,
                    views: figures.compactMap { $0.view(of: index, target, in: pool.identity) }))
        }
        peers.share()
        return peers
    }
}

extension LoopFigures {
    /// nil: the loop does not know the peer yet.
    fileprivate func view(of index: Int, _ target: ResolvedUpstream.Target, in pool: Int) -> APIPeer.View? {
        guard pools.indices.contains(pool), pools[pool].peers.indices.contains(index) else { return nil }
        let peer = pools[pool].peers[index]
        guard peer.identity == target.settings.identity else { return nil }
        return APIPeer.View(
            isHealthy: peer.state.isHealthy, isAvailable: peer.state.isAvailable,
            effectiveWeight: peer.state.effectiveWeight, opened: peer.opened, attempts: peer.attempts,
            failures: peer.failures)
    }
}

extension BalancerSettings {
    /// Its name in the API.
    fileprivate var name: String {
        switch self {
        case .roundRobin: "round_robin"
        case .leastConnections: "least_conn"
        case .randomTwo: "random_two"
        case .hash: "hash"
        }
    }
}

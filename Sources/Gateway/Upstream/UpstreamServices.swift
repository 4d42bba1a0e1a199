import Configuration
import Control
import Reactor
import Upstream
import Wire

/// What happens beside the sessions: probes, and names that are looked up again. What they find out goes to the loops as
/// orders. Made once; each generation brings its upstreams.
final class UpstreamServices: Sendable {
    private struct State {
        /// By the pool's identity. An upstream that is gone keeps its places: its sessions go on, and count when it returns.
        var places: [Int: PeerPlaces] = [:]
        /// Pools of the generation in use.
        var current: Set<Int> = []
        /// Pools that the prober knows of.
        var probed: Set<Int> = []
        /// Names that do not resolve now.
        var failing: Set<Configuration.Address> = []
        /// Reaches every loop; nil: nothing runs yet. Only ever called with the lock held, so that all loops see the states
        /// of an upstream in the order in which they came about.
        var post: (@Sendable (Loop.Order) -> Void)?
    }

    private let state = Lock(State())
    private let control: ControlLoop
    private let log: ErrorLog
    private let prober: Prober
    private let names: NameWatch

    /// Starts no thread yet.
    init(control: ControlLoop, log: ErrorLog) throws(StartError) {
        self.control = control
        self.log = log
        prober = try StartError.wrap { () throws(SystemError) in try Prober(log: log, control: control) }
        names = try StartError.wrap { () throws(SystemError) in try NameWatch() }
    }

    // MARK: Generations

    /// Starts the threads that these upstreams need, as far as they do not run yet.
    func start(for upstreams: [Int: ResolvedUpstream]) throws(StartError) {
        let checks = upstreams.values.compactMap(\.probes)
        let hasNames = upstreams.values.contains { $0.settings.servers.contains(where: \.resolves) }
        try StartError.wrap { () throws(SystemError) in
            if checks.contains(where: { $0.settings.kind == .http }) { try control.start() }
            if !checks.isEmpty {
                try prober.start { [weak self] pool, peer, health in
                    self?.state.withLock { $0.post?(.health(pool: pool, peer: peer, health)) }
                }
            }
            if hasNames { try names.start { [weak self] name, result in self?.resolved(name, result) } }
        }
    }

    /// The upstreams of the next generation, as the resolver has just answered: peers that stay keep their places; nil: they are
    /// those of the generation before. `publish` gets them with every peer at its place, and brings them to the loops before
    /// anything else does.
    func adopt<Published>(
        _ upstreams: [Int: ResolvedUpstream]?, publish: ([Int: ResolvedUpstream]) -> Published
    ) -> Published {
        let now = monotonicMilliseconds()
        return state.withLock { state in
            guard let upstreams else {
                return publish(state.places.filter { state.current.contains($0.key) }.mapValues(\.current))
            }
            for (pool, upstream) in upstreams {
                var places = state.places[pool] ?? PeerPlaces(upstream)
                places.adopt(upstream, now: now)
                state.places[pool] = places
            }
            state.current = Set(upstreams.keys)
            let published = publish(state.places.filter { upstreams[$0.key] != nil }.mapValues(\.current))
            if state.post != nil { watch(&state) }
            return published
        }
    }

    /// Begins to watch the upstreams that were adopted; `post` reaches every loop.
    func begin(post: @escaping @Sendable (Loop.Order) -> Void) {
        state.withLock { state in
            state.post = post
            watch(&state)
        }
    }

    // MARK: The operator

    /// The upstreams of the generation in use, in the order of their names.
    var overview: [UpstreamOverview] {
        state.withLock { state in
            state.current.compactMap { pool in
                state.places[pool].map {
                    UpstreamOverview(identity: pool, upstream: $0.current, overrides: $0.overrides)
                }
            }
        }.sorted { $0.upstream.name < $1.upstream.name }
    }

    /// Changes a peer for as long as the process runs, and tells the loops and the probes.
    func change(
        _ pool: Int, peer address: String, _ body: (inout PeerOverride) -> Void
    ) -> PeerPlaces.ChangeResult {
        state.withLock { state in
            guard state.current.contains(pool), let result = state.places[pool]?.change(address, body),
                let upstream = state.places[pool]?.current
            else { return .noSuchPeer }
            guard case .changed = result else { return result }
            state.post?(.upstream(pool, upstream))
            probe(pool, upstream, &state)
            return result
        }
    }

    func stop() {
        names.stop()
        prober.stop()
    }

    private func watch(_ state: inout State) {
        for pool in state.probed where state.places[pool]?.upstream.probes == nil || !state.current.contains(pool) {
            prober.forget(pool: pool)
            state.probed.remove(pool)
        }
        var list: [NameWatch.Name] = []
        for pool in state.current.sorted() {
            guard let upstream = state.places[pool]?.current else { continue }
            probe(pool, upstream, &state)
            let interval = upstream.settings.resolveInterval.milliseconds
            for server in upstream.settings.servers where server.resolves {
                list.append(NameWatch.Name(pool: pool, address: server.address, interval: interval))
            }
            for (address, text) in upstream.unresolved { logUnresolved(address, text, upstream) }
        }
        names.watch(list)
    }

    private func logUnresolved(_ address: Configuration.Address, _ text: String, _ upstream: ResolvedUpstream) {
        let isKept = upstream.peers.contains { $0.configured == address && !$0.settings.isDown }
        let rest = isKept ? "it keeps its addresses" : "it has no address until its name resolves"
        log.write(.warn, "\(text): \(rest)")
    }

    // MARK: Probes

    /// Tells the prober which peers the pool has now.
    private func probe(_ pool: Int, _ upstream: ResolvedUpstream, _ state: inout State) {
        guard let plan = upstream.probes else { return }
        state.probed.insert(pool)
        let targets = upstream.peers.indices.filter { !upstream.peers[$0].settings.isDown }.map { index in
            let peer = upstream.peers[index]
            return ProbeTarget(
                pool: pool, peer: index, name: upstream.name, text: peer.text, address: peer.address,
                source: upstream.sources.filter { $0.family == peer.address.family })
        }
        prober.watch(pool: pool, plan, targets: targets)
    }

    // MARK: Names

    /// What the resolver says of a name, on the watch's thread.
    private func resolved(_ name: NameWatch.Name, _ result: Result<[SocketAddress], ResolveError>) {
        switch result {
        case .failure(let error):
            let isNew = state.withLock { $0.failing.insert(name.address).inserted }
            if isNew { log.write(.error, "cannot resolve \(error); \(name.address) keeps its addresses") }
        case .success(let addresses):
            let (wasFailing, change) = state.withLock { state in
                (state.failing.remove(name.address) != nil, update(&state, name, addresses))
            }
            if wasFailing { log.write(.notice, "\(name.address) resolves again") }
            guard !change.isEmpty else { return }
            let words =
                (change.added.isEmpty ? [] : ["new: " + change.added.joined(separator: " ")])
                + (change.removed.isEmpty ? [] : ["gone: " + change.removed.joined(separator: " ")])
            log.write(.notice, "\(name.address) has changed addresses, \(words.joined(separator: ", "))")
        }
    }

    private func update(
        _ state: inout State, _ name: NameWatch.Name, _ addresses: [SocketAddress]
    ) -> PeerPlaces.Change {
        let servers = state.places[name.pool]?.upstream.settings.servers ?? []
        guard state.current.contains(name.pool),
            let server = servers.first(where: { $0.address == name.address && $0.resolves }),
            let change = state.places[name.pool]?.update(server, addresses, now: monotonicMilliseconds()),
            !change.isEmpty, let upstream = state.places[name.pool]?.current
        else { return PeerPlaces.Change() }
        state.post?(.upstream(name.pool, upstream))
        probe(name.pool, upstream, &state)
        return change
    }
}

/// An upstream of the generation in use, as the operator sees it.
struct UpstreamOverview: Sendable {
    let identity: Int
    /// With the operator's changes.
    let upstream: ResolvedUpstream
    /// Those changes, by the peer's address.
    let overrides: [String: PeerOverride]
}

extension ProxyProtocolSettings.Version {
    /// nil: no header is sent.
    var header: ProxyHeader.Version? {
        switch self {
        case .off: nil
        case .v1: .v1
        case .v2: .v2
        }
    }
}

extension ProxyHeader.Endpoint {
    init(_ address: SocketAddress) { self.init(CompactAddress(address)) }

    init(_ address: CompactAddress) { self.init(address: address.bytes, port: address.port) }
}

import Configuration
import Control
import Reactor
import Upstream
import Wire

/// What happens beside the sessions: probes, and names that are looked up again. What they find out goes to the loops as
/// orders.
final class UpstreamServices: Sendable {
    private struct State {
        var places: [PeerPlaces]
        /// Names that do not resolve now.
        var failing: Set<Configuration.Address> = []
        var post: @Sendable (Loop.Order) -> Void = { _ in }
    }

    private let state: Lock<State>
    private let control: ControlLoop
    private let log: ErrorLog
    private let passwords: [Int: [UInt8]]
    private let prober = Lock<Prober?>(nil)
    private let names = Lock<NameWatch?>(nil)

    init(_ upstreams: [ResolvedUpstream], control: ControlLoop, log: ErrorLog) throws(StartError) {
        state = Lock(State(places: upstreams.map(PeerPlaces.init)))
        self.control = control
        self.log = log
        var passwords: [Int: [UInt8]] = [:]
        for (index, upstream) in upstreams.enumerated() {
            guard let path = upstream.settings.healthCheck?.passwordFile else { continue }
            passwords[index] = try Self.firstLine(of: path)
        }
        self.passwords = passwords
    }

    private static func firstLine(of path: String) throws(StartError) -> [UInt8] {
        do throws(SystemError) {
            let text = try File.read(path, limit: 64 * 1024)
            return Array(text.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        } catch {
            throw StartError("health_check password_file \(path): \(error)")
        }
    }

    /// Starts what is asked for; `post` reaches every loop.
    func start(post: @escaping @Sendable (Loop.Order) -> Void) throws(SystemError) {
        let upstreams = state.withLock { state in
            state.post = post
            return state.places.map(\.upstream)
        }
        for text in upstreams.flatMap(\.unresolved) {
            log.write(.warn, "\(text): it has no peer until its name resolves")
        }
        try startProber(upstreams)
        try startNames(upstreams)
    }

    func stop() {
        names.withLock { $0 }?.stop()
        prober.withLock { $0 }?.stop()
    }

    // MARK: Probes

    private func startProber(_ upstreams: [ResolvedUpstream]) throws(SystemError) {
        let checks = upstreams.compactMap(\.settings.healthCheck)
        guard !checks.isEmpty else { return }
        if checks.contains(where: { $0.kind == .http }) { try control.start() }
        let prober = try Prober(log: log, control: control) { [weak self] pool, peer, health in
            self?.post(.health(pool: pool, peer: peer, health))
        }
        self.prober.withLock { $0 = prober }
        for (pool, upstream) in upstreams.enumerated() { watch(pool, upstream) }
        try prober.start()
    }

    /// Tells the prober which peers the pool has now.
    private func watch(_ pool: Int, _ upstream: ResolvedUpstream) {
        guard let settings = upstream.settings.healthCheck, let prober = prober.withLock({ $0 }) else { return }
        let targets = upstream.peers.indices.filter { !upstream.peers[$0].settings.isDown }.map { index in
            let peer = upstream.peers[index]
            return ProbeTarget(
                pool: pool, peer: index, name: upstream.name, text: peer.text, address: peer.address,
                source: upstream.sources.filter { $0.family == peer.address.family })
        }
        let plan = ProbePlan(
            settings: settings, password: passwords[pool], proxyHeader: upstream.settings.proxyProtocol.version.header)
        prober.watch(pool: pool, plan, targets: targets)
    }

    private func post(_ order: Loop.Order) {
        let post = state.withLock(\.post)
        post(order)
    }

    // MARK: Names

    private func startNames(_ upstreams: [ResolvedUpstream]) throws(SystemError) {
        var list: [NameWatch.Name] = []
        for (pool, upstream) in upstreams.enumerated() {
            for server in upstream.settings.servers where server.resolves {
                let interval = upstream.settings.resolveInterval.milliseconds
                list.append(
                    NameWatch.Name(address: server.address, interval: interval) { [weak self] result in
                        self?.resolved(pool, server, result)
                    })
            }
        }
        let watch = try NameWatch(list)
        names.withLock { $0 = watch }
        try watch.start()
    }

    /// What the resolver says of a name, on the watch's thread.
    private func resolved(
        _ pool: Int, _ server: UpstreamServerSettings, _ result: Result<[SocketAddress], ResolveError>
    ) {
        switch result {
        case .failure(let error):
            let isNew = state.withLock { $0.failing.insert(server.address).inserted }
            if isNew { log.write(.error, "cannot resolve \(error); the peers of \(server.address) stay as they were") }
        case .success(let addresses):
            let wasFailing = state.withLock { $0.failing.remove(server.address) != nil }
            if wasFailing { log.write(.notice, "\(server.address) resolves again") }
            let (change, upstream) = state.withLock { state in
                (
                    state.places[pool].update(server, addresses, now: monotonicMilliseconds()),
                    state.places[pool].upstream
                )
            }
            guard !change.isEmpty else { return }
            let words =
                (change.added.isEmpty ? [] : ["new: " + change.added.joined(separator: " ")])
                + (change.removed.isEmpty ? [] : ["gone: " + change.removed.joined(separator: " ")])
            log.write(.notice, "\(server.address) has other addresses, \(words.joined(separator: ", "))")
            post(.upstream(pool, upstream))
            watch(pool, upstream)
        }
    }
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

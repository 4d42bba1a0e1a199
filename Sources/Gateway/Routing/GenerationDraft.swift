import Configuration
import TLS

/// A configuration that was checked and has all it takes to serve: logs are open, certificates loaded, names resolved. It
/// becomes a generation when it is published; dropped instead, it leaves nothing behind but empty logs that it has made.
struct GenerationDraft {
    let snapshot: Snapshot
    let listeners: [Listener]
    let tlsNames: [[TLSServerNames?]]
    let certificates: [ServedCertificate]
    let errorLog: LogFile
    /// By identity, as the resolver has just answered.
    let upstreams: [Int: ResolvedUpstream]
    /// With the upstreams that are new.
    let pools: PoolTable

    /// Checks what a configuration names, and blocks while the resolver is asked. `listeners` are the addresses in the order
    /// of the listening sockets.
    init(_ snapshot: Snapshot, listeners: [Address], services: Services, pools: PoolTable) throws(StartError) {
        self.snapshot = snapshot
        errorLog = try services.logs.file(snapshot.process.errorLog.target)
        var pools = pools
        let identities = snapshot.upstreams.map { pools.identity(of: $0.name) }
        self.pools = pools
        var servers: [VirtualServer] = []
        var read: Set<String> = []
        for settings in snapshot.servers {
            servers.append(try Self.server(settings, snapshot.upstreams, identities, services, &read))
        }
        let settings = listeners.compactMap { address in snapshot.listeners.first { $0.address == address } }
        self.listeners = settings.enumerated().map { Listener($1, index: $0, servers: servers) }
        var upstreams: [Int: ResolvedUpstream] = [:]
        for (identity, upstream) in zip(identities, snapshot.upstreams) {
            upstreams[identity] = try ResolvedUpstream(upstream)
        }
        self.upstreams = upstreams
        var names: [[TLSServerNames?]] = []
        var certificates: [ServedCertificate] = []
        var warnings: [String] = []
        for _ in 0..<services.loops {
            let contexts = try snapshot.makeContexts(services.resumption)
            certificates = snapshot.served(contexts)
            warnings = snapshot.staplingWarnings(contexts)
            names.append(zip(settings, self.listeners).map { $1.makeTLSNames($0, contexts) })
        }
        tlsNames = names
        self.certificates = certificates
        for warning in warnings { services.logs.error.write(.warn, warning) }
        if let user = snapshot.process.user { _ = try Privileges.find(user.text) }
        for case .files(let root) in snapshot.servers.flatMap({ $0.locations.map(\.action) })
        where !ConfigurationFiles.isFolder(root.folder) {
            throw StartError("\(root.mapping == .root ? "root" : "alias") \(root.folder): there is no such folder")
        }
    }

    private static func server(
        _ settings: ServerSettings, _ upstreams: [UpstreamSettings], _ identities: [Int], _ services: Services,
        _ read: inout Set<String>
    ) throws(StartError) -> VirtualServer {
        let site = Site(settings, accessLog: try services.logs.open(settings.accessLog))
        var routes: [Route] = []
        for location in settings.locations {
            var place: Int?
            if case .mqtt(let index) = location.action, upstreams.indices.contains(index) { place = index }
            let upstream = place.map { upstreams[$0] }
            let policy = try services.access.policy(location, key: upstream?.balancer.key, read: &read)
            let admission = try services.access.admission(location, read: &read)
            routes.append(
                Route(
                    location, of: site, policy: policy, admission: admission, pool: place.map { identities[$0] },
                    upstream: upstream,
                    accessLog: try services.logs.open(location.accessLog)))
        }
        return VirtualServer(site, routes: routes)
    }

    /// The generation that the draft becomes. `upstreams`: its own, with every peer at its place.
    func generation(number: Int, upstreams: [Int: ResolvedUpstream]) -> Generation {
        Generation(
            number: number, snapshot: snapshot, listeners: listeners, tlsNames: tlsNames, upstreams: upstreams,
            certificates: certificates)
    }
}

extension Listener {
    /// What chooses among the contexts of this listener's servers; nil for a plain listener. `contexts` are by server of the
    /// whole configuration.
    fileprivate func makeTLSNames(_ settings: ListenerSettings, _ contexts: [Int: TLSContext]) -> TLSServerNames? {
        guard isTLS else { return nil }
        return TLSServerNames(contexts: settings.servers.compactMap { contexts[$0] }) { [names] in names.index(of: $0) }
    }
}

extension BalancerSettings {
    /// What sessions are hashed by; nil: the balancer uses no key.
    var key: Template? { if case .hash(let key, _) = self { key } else { nil } }
}

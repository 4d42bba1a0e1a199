import Configuration
import Control
import TLS

/// A configuration that was checked and has all it takes to serve: logs are open, certificates loaded, names resolved. It
/// becomes a generation when it is published; dropped instead, it leaves nothing behind but empty logs that it has made.
struct GenerationDraft {
    let snapshot: Snapshot
    let listeners: [Listener]
    let certificates: [ServedCertificate]
    let revoked: RevokedCertificates
    let errorLog: LogFile
    /// By identity, as the resolver has just answered.
    let upstreams: [Int: ResolvedUpstream]
    /// In place of `upstreams`, those of the generation in use stay.
    let keepsUpstreams: Bool
    /// With those of the upstreams and listeners that are new.
    let identities: Identities

    /// Checks what a configuration names, and blocks while the resolver is asked. `known`: identities so far.
    init(_ snapshot: Snapshot, services: Services, known: Identities = Identities()) throws(StartError) {
        try self.init(snapshot, services: services, known: known, renewing: false)
    }

    /// The configuration of `generation` with its certificates loaded again: users and upstreams stay as they are.
    init(renewing generation: Generation, services: Services, known: Identities) throws(StartError) {
        try self.init(generation.snapshot, services: services, known: known, renewing: true)
    }

    private init(
        _ snapshot: Snapshot, services: Services, known: Identities, renewing: Bool
    ) throws(StartError) {
        self.snapshot = snapshot
        try Self.loadLibrary(for: snapshot)
        errorLog = try services.logs.file(snapshot.process.errorLog.target)
        var identities = known
        let pools = snapshot.upstreams.map { identities.pools.identity(of: $0.name) }
        let listeners = snapshot.listeners.map { identities.listeners.identity(of: $0.address) }
        self.identities = identities
        var servers: [VirtualServer] = []
        var read = renewing ? services.access.files : []
        for index in snapshot.servers.indices {
            servers.append(try Self.server(index, of: snapshot, pools, services, &read))
        }
        keepsUpstreams = renewing
        upstreams = try renewing ? [:] : Self.resolve(zip(pools, snapshot.upstreams))
        var contexts: [[Int: TLSContext]] = []
        var certificates: [ServedCertificate] = []
        var warnings: [String] = []
        for _ in 0..<services.loops {
            let own = try snapshot.makeContexts(services.resumption)
            certificates = snapshot.served(own)
            warnings = snapshot.staplingWarnings(own)
            contexts.append(own)
        }
        self.listeners = zip(snapshot.listeners, listeners).map {
            Listener($0, identity: $1, servers: servers, contexts: contexts)
        }
        self.certificates = certificates
        var revoked = RevokedCertificates()
        for context in (contexts.first ?? [:]).values { revoked.add(context) }
        self.revoked = revoked
        for warning in warnings { services.logs.error.write(.warn, warning) }
        // What does not concern certificates is no reason to go on with old ones.
        guard !renewing else { return }
        if let user = snapshot.process.user { _ = try Privileges.find(user.text) }
        for case .files(let root) in snapshot.servers.flatMap({ $0.locations.map(\.action) })
        where !ConfigurationFiles.isFolder(root.folder) {
            throw StartError("\(root.mapping == .root ? "root" : "alias") \(root.folder): there is no such folder")
        }
    }

    /// libcurl, if something in the configuration sends HTTP requests.
    private static func loadLibrary(for snapshot: Snapshot) throws(StartError) {
        guard let directive = snapshot.requestingDirective else { return }
        do throws(HTTPLibrary.Fault) { try HTTPLibrary.load() } catch { throw StartError("\(directive): \(error)") }
    }

    private static func resolve(
        _ upstreams: some Sequence<(Int, UpstreamSettings)>
    ) throws(StartError) -> [Int: ResolvedUpstream] {
        var resolved: [Int: ResolvedUpstream] = [:]
        for (identity, upstream) in upstreams { resolved[identity] = try ResolvedUpstream(upstream) }
        return resolved
    }

    private static func server(
        _ index: Int, of snapshot: Snapshot, _ pools: [Int], _ services: Services, _ read: inout Set<String>
    ) throws(StartError) -> VirtualServer {
        let (settings, upstreams) = (snapshot.servers[index], snapshot.upstreams)
        var blocks = LimitService.Blocks(
            main: snapshot.limits, server: settings.limits, serverName: snapshot.limitName(ofServer: index))
        let site = Site(
            settings, accessLog: try services.logs.open(settings.accessLog), limits: services.limits.limits(blocks))
        var routes: [Route] = []
        for location in settings.locations {
            var place: Int?
            if case .mqtt(let index) = location.action, upstreams.indices.contains(index) { place = index }
            let upstream = place.map { upstreams[$0] }
            let policy = try services.access.policy(location, key: upstream?.balancer.key, read: &read)
            let admission = try services.access.admission(location, read: &read)
            (blocks.location, blocks.locationName) = (location.limits, "\(location.match)")
            routes.append(
                Route(
                    location, of: site, policy: policy, admission: admission, pool: place.map { pools[$0] },
                    upstream: upstream,
                    accessLog: try services.logs.open(location.accessLog), limits: services.limits.limits(blocks)))
        }
        return VirtualServer(site, routes: routes, pools: snapshot.upstreams(ofServer: index).map { pools[$0] })
    }

    /// The generation that the draft becomes. `upstreams`: its own, with every peer at its place.
    func generation(number: Int, upstreams: [Int: ResolvedUpstream]) -> Generation {
        Generation(
            number: number, snapshot: snapshot, listeners: listeners, addresses: identities.listeners.names,
            upstreams: upstreams, certificates: certificates, revoked: revoked)
    }
}

extension Snapshot {
    /// A directive that has the gateway send HTTP requests itself; nil: there is none.
    var requestingDirective: String? {
        for access in servers.flatMap({ $0.locations.map(\.access) }) {
            if let http = access.http { return "auth_http \(http.url)" }
            if let url = access.jwt?.jwksURL { return "auth_jwt_jwks_url \(url)" }
        }
        let asks = upstreams.contains { $0.healthCheck?.kind == .http }
        return asks ? "health_check type=http" : nil
    }
}

extension BalancerSettings {
    /// What sessions are hashed by; nil: the balancer uses no key.
    var key: Template? { if case .hash(let key, _) = self { key } else { nil } }
}

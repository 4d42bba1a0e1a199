import Configuration
import Reactor
import Upstream
import Wire

/// An upstream with its names resolved: every address is a peer. The loops share one, and get another when addresses change.
struct ResolvedUpstream: Sendable {
    /// One peer. It keeps its index for as long as it is there.
    struct Target: Sendable {
        let address: SocketAddress
        /// As the log shows it.
        let text: String
        /// As the configuration writes it.
        let configured: Configuration.Address
        var settings: Peer.Settings
        /// No longer among the addresses of the upstream: it keeps its sessions.
        var isGone = false
    }

    let settings: UpstreamSettings
    /// Where connections come from, beside the system's choice.
    let sources: [SocketAddress]
    var peers: [Target]
    var counts: SessionCounts
    /// Names that had no address when they were looked up first, and what is wrong with them.
    private(set) var unresolved: [Configuration.Address: String] = [:]
    /// nil: nobody probes the peers.
    let probes: ProbePlan?

    var name: String { settings.name }

    /// Asks the resolver, and may block; reads the password of probes.
    init(_ upstream: UpstreamSettings) throws(StartError) {
        settings = upstream
        var peers: [Target] = []
        for server in upstream.servers {
            do throws(StartError) {
                var seen: Set<UInt64> = []  // a name may answer with an address twice
                for address in try server.address.resolve() {
                    let target = Target(address, server)
                    if seen.insert(target.settings.identity).inserted { peers.append(target) }
                }
            } catch {
                // A name that is looked up again may get its addresses later.
                guard server.resolves else { throw error }
                unresolved[server.address] = error.description
            }
        }
        self.peers = peers
        counts = SessionCounts(peers: peers.count)
        sources = try Self.sources(upstream)
        probes = try upstream.healthCheck.map { check throws(StartError) in
            ProbePlan(
                settings: check, password: try check.passwordFile.map(Self.firstLine),
                proxyHeader: upstream.proxyProtocol.version.header)
        }
    }

    private static func firstLine(of path: String) throws(StartError) -> [UInt8] {
        do throws(SystemError) {
            let text = try File.read(path, limit: 64 * 1024)
            return Array(text.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        } catch {
            throw StartError("health_check password_file \(path): \(error)")
        }
    }

    private static func sources(_ upstream: UpstreamSettings) throws(StartError) -> [SocketAddress] {
        var sources: [SocketAddress] = []
        for text in upstream.bindAddresses {
            guard let source = try Configuration.Address.inet(host: text, port: 0).resolve().first else { continue }
            do throws(SystemError) {
                try Socket.checkSource(source)
            } catch {
                throw StartError("proxy_bind \(text): not an address of this machine (\(error))")
            }
            sources.append(source)
        }
        return sources
    }

    var balancer: Balancer {
        switch settings.balancer {
        case .roundRobin: .roundRobin
        case .leastConnections: .leastConnections
        case .randomTwo: .randomTwo
        case .hash(_, let isConsistent):
            .hash(isConsistent: isConsistent, balanceFactor: settings.hashBalanceFactor)
        }
    }

    /// What sessions are hashed by.
    var hashKey: Template? { settings.balancer.key }

    /// The peers that a Server Reference (5.0 §4.11) names: by address, or as the configuration writes them.
    func peers(named references: [ServerReference]) -> [Int] {
        references.flatMap { reference in
            peers.indices.filter { peers[$0].isNamed(reference) && !peers[$0].settings.isDown }
        }
    }
}

extension ResolvedUpstream.Target {
    init(_ address: SocketAddress, _ server: UpstreamServerSettings) {
        self.address = address
        configured = server.address
        if case .unix(let path) = server.address { text = "unix:\(path)" } else { text = CompactAddress(address).text }
        settings = Peer.Settings(
            identity: Hash.of(text.utf8), weight: server.weight, maxConnections: server.maxConnections,
            maxFails: server.maxFails, failTimeout: server.failTimeout.milliseconds,
            slowStart: server.slowStart.milliseconds, isBackup: server.isBackup, isDown: server.isDown,
            isDraining: server.isDraining)
    }

    fileprivate func isNamed(_ reference: ServerReference) -> Bool {
        let own = CompactAddress(address)
        guard !address.isUnix, reference.port == nil || reference.port == own.port else { return false }
        if CompactAddress(literal: reference.host, port: own.port) == own { return true }
        if case .inet(let name, _) = configured { return name == reference.host }
        return false
    }
}

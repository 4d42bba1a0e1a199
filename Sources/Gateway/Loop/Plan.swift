import Configuration
import Reactor
import TLS
import Upstream

/// All that the loops are made of, checked and resolved: built once on the main thread, then shared unchanged.
struct Plan: Sendable {
    let snapshot: Snapshot
    let sites: [Site]
    let tokenPlaces: TokenPlaces
    let upstreams: [ResolvedUpstream]
    let ticketKeys: [UInt8]
    let logs: Logs
    let access: AccessServices

    /// Checks what a configuration names: opens the logs, resolves names (and blocks while the resolver is asked), loads
    /// certificates once.
    init(checked snapshot: Snapshot) throws(StartError) {
        self.snapshot = snapshot
        logs = try Logs(snapshot)
        access = try AccessServices(hashThreads: snapshot.process.hashThreads, log: logs.error)
        var sites: [Site] = []
        for server in snapshot.servers {
            var policies: [AccessPolicy?] = []
            for location in server.locations { policies.append(try access.policy(location)) }
            sites.append(Site(server, policies: policies))
        }
        self.sites = sites
        tokenPlaces = TokenPlaces(snapshot.servers)
        var resolved: [ResolvedUpstream] = []
        for upstream in snapshot.upstreams { resolved.append(try ResolvedUpstream(upstream)) }
        upstreams = resolved
        ticketKeys = TLSOptions.makeTicketKeys()
        _ = try makeContexts()
        if let user = snapshot.process.user { _ = try Privileges.find(user) }
        for case .files(let root, _) in sites.flatMap({ $0.locations.map(\.action) })
        where !ConfigurationFiles.isFolder(root) {
            throw StartError("root \(root): there is no such folder")
        }
    }

    /// The TLS contexts of one loop, by server.
    func makeContexts() throws(StartError) -> [Int: TLSContext] {
        var contexts: [Int: TLSContext] = [:]
        for (index, server) in snapshot.servers.enumerated() {
            guard let settings = server.tls else { continue }
            let options = TLSOptions(
                certificates: settings.certificates.map { ($0.certificate, $0.key) },
                allowsTLS12: settings.versions.contains(.v1_2), allowsTLS13: settings.versions.contains(.v1_3),
                ciphers: settings.ciphers, ticketKeys: settings.sessionTickets ? ticketKeys : nil,
                clientVerification: settings.clientVerification.map(ClientVerification.init), contextID: index)
            do throws(TLSError) {
                contexts[index] = try TLSContext(options)
            } catch {
                throw StartError("\(error)")
            }
        }
        return contexts
    }
}

extension ClientVerification {
    fileprivate init(_ settings: ClientVerificationSettings) {
        self.init(
            authorities: settings.authorities, mode: settings.mode == .required ? .required : .optional,
            depth: settings.depth, revocationLists: settings.revocationLists)
    }
}

/// An upstream with its names resolved: every address is a peer.
struct ResolvedUpstream: Sendable {
    struct Target: Sendable {
        let address: SocketAddress
        /// As the log shows it.
        let text: String
        let settings: Peer.Settings
    }

    let name: String
    let peers: [Target]
    let counts: SessionCounts

    init(_ upstream: UpstreamSettings) throws(StartError) {
        name = upstream.name
        var peers: [Target] = []
        for server in upstream.servers {
            let settings = Peer.Settings(
                weight: server.weight, maxConnections: server.maxConnections, maxFails: server.maxFails,
                failTimeout: server.failTimeout.milliseconds, isBackup: server.isBackup, isDown: server.isDown)
            for address in try server.address.resolve() {
                var text = CompactAddress(address).text
                if case .unix(let path) = server.address { text = "unix:\(path)" }
                peers.append(Target(address: address, text: text, settings: settings))
            }
        }
        self.peers = peers
        counts = SessionCounts(peers: peers.count)
    }
}

/// Why the gateway cannot start, in words for the operator.
package struct StartError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }

    /// Runs `body`; a system call that fails in it becomes a reason not to start.
    static func wrap<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(StartError) -> Value {
        do throws(SystemError) { return try body() } catch { throw StartError("\(error)") }
    }
}

extension Configuration.Address {
    /// Every address that it stands for.
    func resolve() throws(StartError) -> [SocketAddress] {
        switch self {
        case .unix(let path):
            guard let address = SocketAddress(unixPath: path) else {
                throw StartError("unix:\(path): the path is longer than a socket's may be")
            }
            return [address]
        case .inet(let host, let port):
            do throws(ResolveError) {
                return try SocketAddress.resolve(host: host == "*" ? "0.0.0.0" : host, port: port)
            } catch {
                throw StartError("cannot resolve \(error)")
            }
        }
    }

    /// As a configuration writes it.
    var text: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .inet(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}

import Configuration
import Reactor
import TLS
import Upstream

/// All that the loops are made of, checked and resolved: built once on the main thread, then shared unchanged.
struct Plan: Sendable {
    let snapshot: Snapshot
    let sites: [PlanSite]
    let tokenPlaces: TokenPlaces
    let upstreams: [ResolvedUpstream]
    let ticketKeys: [UInt8]
    let logs: Logs
    let access: AccessServices
    let upstreamServices: UpstreamServices
    /// How many loops there are.
    let loops: Int

    /// Checks what a configuration names: opens the logs, resolves names (and blocks while the resolver is asked), loads
    /// certificates once.
    init(checked snapshot: Snapshot) throws(StartError) {
        self.snapshot = snapshot
        loops = snapshot.process.workerThreads ?? processorCount()
        logs = try Logs(snapshot)
        access = try AccessServices(hashThreads: snapshot.process.hashThreads, log: logs.error)
        var sites: [PlanSite] = []
        for server in snapshot.servers {
            var policies: [AccessPolicy?] = []
            for location in server.locations {
                policies.append(try access.policy(location, key: snapshot.hashKey(of: location)))
            }
            sites.append(PlanSite(server, policies: policies))
        }
        self.sites = sites
        tokenPlaces = TokenPlaces(snapshot.servers)
        var resolved: [ResolvedUpstream] = []
        for upstream in snapshot.upstreams { resolved.append(try ResolvedUpstream(upstream)) }
        upstreams = resolved
        upstreamServices = try UpstreamServices(resolved, control: access.control, log: logs.error)
        ticketKeys = TLSOptions.makeTicketKeys()
        _ = try makeContexts()
        if let user = snapshot.process.user { _ = try Privileges.find(user.text) }
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
                certificates: settings.certificates.map { ($0.certificate.text, $0.key.text) },
                allowsTLS12: settings.versions.contains(.v1_2), allowsTLS13: settings.versions.contains(.v1_3),
                ciphers: settings.ciphers?.text, ticketKeys: settings.sessionTickets ? ticketKeys : nil,
                clientVerification: settings.clientVerification.map(ClientVerification.init), contextID: index)
            do throws(TLSError) {
                contexts[index] = try TLSContext(options)
            } catch {
                throw settings.fault(error)
            }
        }
        return contexts
    }
}

extension Snapshot {
    /// What the upstream of a location hashes sessions by.
    fileprivate func hashKey(of location: LocationSettings) -> Template? {
        guard case .mqtt(let index) = location.action, upstreams.indices.contains(index),
            case .hash(let key, _) = upstreams[index].balancer
        else { return nil }
        return key
    }
}

extension TLSSettings {
    /// `error` at the place of the directive that it is about.
    fileprivate func fault(_ error: TLSError) -> StartError {
        let (directive, place): (String, Written?) =
            switch error.subject {
            case .certificate(let index): ("ssl_certificate", certificates[index].certificate)
            case .key(let index): ("ssl_certificate_key", certificates[index].key)
            case .ciphers: ("ssl_ciphers", ciphers)
            case .authorities: ("ssl_client_certificate", clientVerification?.authorities)
            case .revocationLists: ("ssl_crl", clientVerification?.revocationLists)
            case nil: ("", nil)
            }
        guard let place else { return StartError(error.description) }
        return StartError(
            ConfigurationError(at: place.position, "\"\(directive)\" \(error.message)", hint: error.hint).description)
    }
}

extension ClientVerification {
    fileprivate init(_ settings: ClientVerificationSettings) {
        self.init(
            authorities: settings.authorities.text, mode: settings.mode == .required ? .required : .optional,
            depth: settings.depth, revocationLists: settings.revocationLists?.text)
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

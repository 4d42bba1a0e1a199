import Configuration
import TLS

/// A listening address, and the servers behind it.
final class Listener: Sendable {
    /// The same in every generation (`Identities.listeners`).
    let identity: Int
    let address: Address
    let isTLS: Bool
    /// Whether every connection begins with a header of the PROXY protocol.
    let readsProxyHeader: Bool
    /// Whether connections carry MQTT as it is, without HTTP and WebSocket.
    let carriesMQTT: Bool
    /// 0 for a unix socket.
    let port: UInt16
    let defaultServer: VirtualServer
    let names: ServerNames
    /// The names of all servers.
    let serverNames: [String]
    private let servers: [VirtualServer]
    /// By loop: what chooses among the TLS contexts of its servers; empty for a plain one.
    let tlsNames: [TLSServerNames]

    /// Whether all that is behind it is for the operator.
    var isForOperators: Bool { servers.allSatisfy(\.isForOperators) }

    /// `servers` are those of the whole configuration; so are the contexts of each loop, by server.
    init(
        _ settings: ListenerSettings, identity: Int, servers: [VirtualServer], contexts: [[Int: TLSContext]] = []
    ) {
        self.identity = identity
        address = settings.address
        isTLS = settings.isTLS
        readsProxyHeader = settings.readsProxyHeader
        carriesMQTT = settings.carriesMQTT
        if case .inet(_, let port) = settings.address { self.port = port } else { port = 0 }
        let own = settings.servers.compactMap { servers.indices.contains($0) ? servers[$0] : nil }
        // A configuration has a server for each listener.
        let first = own.first ?? VirtualServer(Site(ServerSettings()), routes: [])
        defaultServer = first
        self.servers = own.isEmpty ? [first] : own
        let names = ServerNames(self.servers.map(\.site.settings.names))
        self.names = names
        tlsNames =
            settings.isTLS
            ? contexts.map { contexts in
                TLSServerNames(contexts: settings.servers.compactMap { contexts[$0] }) { names.index(of: $0) }
            } : []
        serverNames = self.servers.flatMap(\.site.settings.names)
    }

    /// The server for a lower-case name.
    func server(named name: String) -> VirtualServer { servers[names.index(of: name)] }

    /// The server of one of the contexts of this listener's `TLSServerNames`.
    func server(ofContext index: Int) -> VirtualServer {
        servers.indices.contains(index) ? servers[index] : defaultServer
    }
}

/// Which of several servers a name means.
struct ServerNames: Sendable {
    private var exact: [String: Int] = [:]
    private var wildcards: [(suffix: String, server: Int)] = []

    /// The names of each server; the first server is the one for names that none has.
    init(_ servers: [[String]]) {
        for (server, names) in servers.enumerated() {
            for name in names {
                if name.hasPrefix("*.") {
                    wildcards.append((String(name.dropFirst()), server))
                } else {
                    exact[name] = exact[name] ?? server
                }
            }
        }
        wildcards.sort { $0.suffix.utf8.count > $1.suffix.utf8.count }  // the longest wins
    }

    /// The index of the server for a lower-case name.
    func index(of name: String) -> Int {
        if let server = exact[name] { return server }
        return wildcards.first { name.hasSuffix($0.suffix) && name != $0.suffix }?.server ?? 0
    }
}

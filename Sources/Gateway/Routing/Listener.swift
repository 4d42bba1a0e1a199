import Configuration

/// A listening address, and the servers behind it.
final class Listener: Sendable {
    /// Its place among all, which is the same in every generation.
    let index: Int
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

    /// `servers` are those of the whole configuration.
    init(_ settings: ListenerSettings, index: Int, servers: [VirtualServer]) {
        self.index = index
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
        names = ServerNames(self.servers.map(\.site.settings.names))
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

import Configuration
import TLS

/// A listening socket of one loop, and the servers behind it.
struct ListenerState {
    /// -1 after the loop has stopped to accept.
    var descriptor: Int32
    let isTLS: Bool
    /// Whether every connection begins with a header of the PROXY protocol.
    let readsProxyHeader: Bool
    /// 0 for a unix socket.
    let port: UInt16
    let defaultServer: Int
    /// nil for a plain listener.
    let tlsNames: TLSServerNames?
    private let names: ServerNames
    private let servers: [Int]

    init(
        _ settings: ListenerSettings, descriptor: Int32, servers: [ServerSettings], contexts: [Int: TLSContext]
    ) {
        self.descriptor = descriptor
        isTLS = settings.isTLS
        readsProxyHeader = settings.readsProxyHeader
        defaultServer = settings.servers.first ?? 0
        self.servers = settings.servers
        if case .inet(_, let port) = settings.address { self.port = port } else { port = 0 }
        let names = ServerNames(settings.servers, servers)
        self.names = names
        let order = settings.servers
        tlsNames =
            settings.isTLS
            ? TLSServerNames(contexts: order.compactMap { contexts[$0] }) { name in
                order.firstIndex(of: names.server(for: name)) ?? 0
            } : nil
    }

    func server(named name: String) -> Int { names.server(for: name) }

    /// The server of one of `tlsNames`' contexts.
    func server(ofContext index: Int) -> Int { servers.indices.contains(index) ? servers[index] : defaultServer }
}

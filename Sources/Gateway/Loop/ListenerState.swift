import Configuration
import Reactor
import TLS

/// A listening socket of one loop, and the servers behind it.
struct ListenerState {
    /// -1: it has no socket of its own, or the loop accepts nothing any more.
    var descriptor: Int32
    /// Listeners whose connections come through this one's socket, by the address that the client has connected to.
    let shares: [ListeningPlan.Specific]
    let isTLS: Bool
    /// Whether every connection begins with a header of the PROXY protocol.
    let readsProxyHeader: Bool
    /// 0 for a unix socket.
    let port: UInt16
    let defaultServer: Int
    /// nil for a plain listener.
    let tlsNames: TLSServerNames?
    private let names: PlanServerNames
    private let servers: [Int]

    init(
        _ settings: ListenerSettings, descriptor: Int32, shares: [ListeningPlan.Specific], servers: [ServerSettings],
        contexts: [Int: TLSContext]
    ) {
        self.descriptor = descriptor
        self.shares = shares
        isTLS = settings.isTLS
        readsProxyHeader = settings.readsProxyHeader
        defaultServer = settings.servers.first ?? 0
        self.servers = settings.servers
        if case .inet(_, let port) = settings.address { self.port = port } else { port = 0 }
        let names = PlanServerNames(settings.servers, servers)
        self.names = names
        let order = settings.servers
        tlsNames =
            settings.isTLS
            ? TLSServerNames(contexts: order.compactMap { contexts[$0] }) { name in
                order.firstIndex(of: names.server(for: name)) ?? 0
            } : nil
    }

    /// The listener that a connection through this one's socket means; nil: this one.
    func listener(of connection: Int32) -> Int? {
        guard !shares.isEmpty, let local = Kernel.localAddress(connection).map(CompactAddress.init) else { return nil }
        return shares.first { $0.address == local }?.listener
    }

    func server(named name: String) -> Int { names.server(for: name) }

    /// The server of one of `tlsNames`' contexts.
    func server(ofContext index: Int) -> Int { servers.indices.contains(index) ? servers[index] : defaultServer }
}

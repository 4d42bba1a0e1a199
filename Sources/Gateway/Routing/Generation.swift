import Configuration
import TLS

/// One loaded configuration, ready to serve. It never changes, and lives until the last that uses something of it is gone:
/// sessions keep the route that they were given, however many generations follow.
final class Generation: Sendable {
    /// 1 is the one that the process started with.
    let number: Int
    let snapshot: Snapshot
    /// In the order of the listening sockets, which is the same for the life of the process.
    let listeners: [Listener]
    /// By loop, then by listener; nil for a plain one.
    let tlsNames: [[TLSServerNames?]]
    /// By the identity of the pool, which is the same in every generation. As they were when the generation was published:
    /// an upstream whose names have other addresses since reaches the loops as an order of its own.
    let upstreams: [Int: ResolvedUpstream]
    let tokenPlaces: TokenPlaces

    init(
        number: Int, snapshot: Snapshot, listeners: [Listener], tlsNames: [[TLSServerNames?]],
        upstreams: [Int: ResolvedUpstream]
    ) {
        self.number = number
        self.snapshot = snapshot
        self.listeners = listeners
        self.tlsNames = tlsNames
        self.upstreams = upstreams
        tokenPlaces = TokenPlaces(snapshot.servers)
    }
}

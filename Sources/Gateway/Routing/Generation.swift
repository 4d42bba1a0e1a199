import Configuration
import TLS

/// One loaded configuration, ready to serve. It never changes, and lives until the last that uses something of it is gone:
/// sessions keep the route that they were given, however many generations follow.
final class Generation: Sendable {
    /// 1 is the one that the process started with.
    let number: Int
    let snapshot: Snapshot
    /// In the order of the file.
    let listeners: [Listener]
    /// Every address that was listened on since the process started, by the identity of the listener.
    let addresses: [Address]
    /// By the identity of the pool, which is the same in every generation. As they were when the generation was published:
    /// an upstream whose names have other addresses since reaches the loops as an order of its own.
    let upstreams: [Int: ResolvedUpstream]
    let tokenPlaces: TokenPlaces
    /// In the order of the servers.
    let certificates: [ServedCertificate]
    /// What the revocation lists of all servers name.
    let revoked: RevokedCertificates
    /// Whether a location shows the operator what happens here.
    let hasAdmin: Bool

    init(
        number: Int, snapshot: Snapshot, listeners: [Listener], addresses: [Address],
        upstreams: [Int: ResolvedUpstream], certificates: [ServedCertificate] = [],
        revoked: RevokedCertificates = RevokedCertificates()
    ) {
        self.number = number
        self.snapshot = snapshot
        self.listeners = listeners
        self.addresses = addresses
        self.upstreams = upstreams
        self.certificates = certificates
        self.revoked = revoked
        tokenPlaces = TokenPlaces(snapshot.servers)
        hasAdmin = snapshot.servers.contains { $0.locations.contains { $0.action.isAdmin } }
    }
}

/// A certificate that a server of the generation shows its clients: as it was loaded, whatever the file has now.
struct ServedCertificate: Sendable {
    /// The first name of the server; empty: it has none.
    let serverName: String
    /// The addresses that the server listens on with TLS, as configured.
    let listeners: [String]
    let facts: CertificateFacts
}

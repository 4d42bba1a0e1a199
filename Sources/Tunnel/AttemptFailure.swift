/// Why an attempt to reach a broker failed. The raw value is its name in logs and metrics: this file is the one place for
/// them.
package enum AttemptFailure: String, Sendable, BitwiseCopyable, CaseIterable {
    /// Nobody listens there.
    case connectRefused = "connect_refused"
    case connectTimeout = "connect_timeout"
    /// Another error of connect: no route, a reset.
    case connectFailed = "connect_failed"
    /// A unix socket's queue stayed full.
    case queueFull = "queue_full"
    /// Every port of every source address is already used for this peer.
    case sourcePortsExhausted = "source_ports_exhausted"
    /// The gateway has no file descriptor or memory left.
    case shortage = "out_of_resources"
    /// Reset before the CONNACK.
    case reset = "reset"
    /// End of file before the CONNACK.
    case closed = "closed"
    case connackTimeout = "connack_timeout"
    /// What came is not a CONNACK.
    case connackInvalid = "connack_invalid"
    /// A CONNACK with the code for an unavailable server (5.0 0x88).
    case unavailable = "server_unavailable"
    /// A CONNACK that refuses for now (3.x 0x03, 5.0 0x89, 0x97, 0x9F).
    case busy = "server_busy"
    /// A CONNACK that names another server of the pool (5.0 0x9C, 0x9D).
    case redirected = "redirected"
    /// The time for all tries, `upstream_tries_timeout`, is over.
    case outOfTime = "tries_timeout"

    /// Whose fault it may be: a peer that is to blame is tried last for a while.
    package enum Blame: Sendable, Equatable {
        /// The peer's, whichever client meets it.
        case peer
        /// The peer's, or this client's: brokers close, reset, fall silent or call themselves unavailable when they dislike a
        /// CONNECT. One client must not make the pool unavailable to all others, so it takes several to blame the peer.
        case peerOrClient
        /// Nobody's: other clients are not affected.
        case nobody
    }

    /// The fault, for each kind of failure.
    package var blame: Blame {
        switch self {
        case .connectRefused, .connectTimeout, .connectFailed, .queueFull: .peer
        case .reset, .closed, .connackTimeout, .connackInvalid, .unavailable: .peerOrClient
        case .sourcePortsExhausted, .shortage, .busy, .redirected, .outOfTime: .nobody
        }
    }
}

import Tunnel

/// Where a connection has got to, its session's phase included. The raw value is its name in metrics and in the API.
enum ConnectionState: String, Sendable, CaseIterable {
    case proxyHeader = "proxy_header"
    case handshaking
    case readingRequest = "reading_request"
    case answering, sending
    /// HTTP/2, with requests or between two of them.
    case multiplexing
    case awaitingConnect = "awaiting_connect"
    case authenticating, connecting
    case waitingForQueue = "waiting_for_queue"
    case awaitingConnack = "awaiting_connack"
    case exchanging, open, closing, closed

    /// `session`: the phase of the session that the connection carries; nil: it carries none (any longer).
    init(_ connection: ConnectionMachine.Phase, _ session: SessionMachine.Phase?) {
        switch connection {
        case .readingProxyHeader: self = .proxyHeader
        case .handshaking: self = .handshaking
        case .readingRequest: self = .readingRequest
        case .answering: self = .answering
        case .sending: self = .sending
        case .tunnelling: self = session.map(ConnectionState.init) ?? .closing
        case .multiplexing: self = .multiplexing
        case .closing: self = .closing
        case .closed: self = .closed
        }
    }

    private init(_ session: SessionMachine.Phase) {
        switch session {
        case .awaitingConnect: self = .awaitingConnect
        case .authenticating: self = .authenticating
        case .connecting: self = .connecting
        case .waitingForQueue: self = .waitingForQueue
        case .awaitingConnack: self = .awaitingConnack
        case .exchanging: self = .exchanging
        case .open: self = .open
        case .closing, .closed: self = .closing  // the connection is to close, too
        }
    }
}

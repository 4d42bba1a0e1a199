/// The life of a session: what has happened so far, and what is to be done when something happens next. Pure.
///
///     readingProxyHeader ─▶ handshaking, or readingRequest on a plain listener
///     handshaking ─▶ readingRequest ─▶ awaitingConnect ─▶ authenticating ─▶ connecting ─▶ awaitingConnack ─▶ open
///                                                                            ▲      │           │
///                                                                            └──────┴───────────┘  next peer, while
///                                                                                                  tries are left
///     any ─▶ closing ─▶ closed
///
/// - `readingProxyHeader`: accepted; the front's header of the PROXY protocol is on its way. Only where a listener says so.
/// - `handshaking`: the TLS handshake runs. A plain listener skips it.
/// - `readingRequest`: the HTTP request head is on its way.
/// - `awaitingConnect`: the WebSocket stands (101 is sent); the CONNECT is on its way. Nothing has reached a broker.
/// - `authenticating`: the CONNECT is whole and valid, and kept; whether the client may in is being found out. What it
///   sends behind its CONNECT is held, bounded.
/// - `connecting`: the client may in; a peer is being connected to. What the client sends is still held.
/// - `awaitingConnack`: the peer has the CONNECT. Until its CONNACK another peer can still be tried.
/// - `open`: bytes go both ways. The CONNECT is forgotten.
/// - `closing`: the last bytes, the WebSocket Close, close_notify and FIN go out; then a bounded wait for the other side.
/// - `closed`: both sockets are closed; nothing may follow.
package enum SessionMachine: ~Copyable {
    case readingProxyHeader(isTLS: Bool)
    case handshaking
    case readingRequest
    case awaitingConnect
    case authenticating
    case connecting(Attempt)
    case awaitingConnack(Attempt)
    case open
    case closing(EndCause)
    case closed(EndCause)

    /// Which try to reach a peer this is.
    package struct Attempt: Equatable, Sendable {
        /// From 1.
        package var number: Int
        /// Tries that one CONNECT has.
        package var limit: Int

        var isLast: Bool { number >= limit }
        var next: Attempt { isLast ? self : Attempt(number: number + 1, limit: limit) }
    }

    /// A copyable name of the state.
    package enum Phase: UInt8, Sendable, CaseIterable {
        case readingProxyHeader, handshaking, readingRequest, awaitingConnect, authenticating, connecting,
            awaitingConnack, open, closing, closed
    }

    package var phase: Phase {
        @inline(__always) get {
            switch self {
            case .readingProxyHeader: .readingProxyHeader
            case .handshaking: .handshaking
            case .readingRequest: .readingRequest
            case .awaitingConnect: .awaitingConnect
            case .authenticating: .authenticating
            case .connecting: .connecting
            case .awaitingConnack: .awaitingConnack
            case .open: .open
            case .closing: .closing
            case .closed: .closed
            }
        }
    }

    /// A new session of a TLS listener starts with the handshake, one of a plain listener with the request; the front's header
    /// comes before either.
    package init(isTLS: Bool, readsProxyHeader: Bool = false) {
        if readsProxyHeader {
            self = .readingProxyHeader(isTLS: isTLS)
        } else {
            self = isTLS ? .handshaking : .readingRequest
        }
    }

    // MARK: The client's way in

    /// The front has said whom it speaks for.
    package mutating func proxyHeaderRead() {
        switch consume self {
        case .readingProxyHeader(let isTLS): self = isTLS ? .handshaking : .readingRequest
        case let other: self = other
        }
    }

    package mutating func handshakeCompleted() {
        switch consume self {
        case .handshaking: self = .readingRequest
        case let other: self = other
        }
    }

    /// The 101 response is sent.
    package mutating func upgraded() {
        switch consume self {
        case .readingRequest: self = .awaitingConnect
        case let other: self = other
        }
    }

    package enum ConnectAction: Equatable { case authenticate, ignore }

    /// A whole, valid CONNECT has arrived.
    package mutating func connectArrived() -> ConnectAction {
        switch consume self {
        case .awaitingConnect:
            self = .authenticating
            return .authenticate
        case let other:
            self = other
            return .ignore
        }
    }

    package enum AdmitAction: Equatable { case choosePeer, ignore }

    /// The client may in. `tries` is how many peers its CONNECT may be offered to.
    package mutating func admitted(tries: Int) -> AdmitAction {
        switch consume self {
        case .authenticating:
            self = .connecting(Attempt(number: 1, limit: max(1, tries)))
            return .choosePeer
        case let other:
            self = other
            return .ignore
        }
    }

    // MARK: The way to the broker

    package enum ConnectedAction: Equatable { case sendConnect, ignore }

    /// The peer has accepted the connection.
    package mutating func peerConnected() -> ConnectedAction {
        switch consume self {
        case .connecting(let attempt):
            self = .awaitingConnack(attempt)
            return .sendConnect
        case let other:
            self = other
            return .ignore
        }
    }

    package enum FailureAction: Equatable {
        /// Take another peer, with the same CONNECT.
        case choosePeer
        /// Tell the client that no server is available.
        case refuse
        case ignore
    }

    /// The peer could not be reached, or did not answer the CONNECT as a broker does.
    package mutating func attemptFailed() -> FailureAction {
        switch consume self {
        case .connecting(let attempt):
            self = .connecting(attempt.next)
            return attempt.isLast ? .refuse : .choosePeer
        case .awaitingConnack(let attempt):
            self = .connecting(attempt.next)
            return attempt.isLast ? .refuse : .choosePeer
        case let other:
            self = other
            return .ignore
        }
    }

    package enum ConnackAction: Equatable {
        /// Pass it on, and everything after it.
        case open
        /// Pass it on, then close.
        case passRefusal
        case ignore
    }

    /// The broker has answered: a CONNACK, or the AUTH that begins an exchange (5.0 §4.12), which opens the pipe too.
    package mutating func connackArrived(isAccepted: Bool) -> ConnackAction {
        switch consume self {
        case .awaitingConnack(let attempt):
            guard isAccepted else {
                self = .awaitingConnack(attempt)
                return .passRefusal
            }
            self = .open
            return .open
        case let other:
            self = other
            return .ignore
        }
    }

    // MARK: Ends

    package enum TimeAction: Equatable {
        /// Answer 408, then close.
        case answerRequestTimeout
        /// Close with this cause.
        case end(EndCause)
        /// Tell the client that nobody could say in time whether it may in.
        case refuseUndecided
        /// This attempt has failed.
        case failAttempt
        /// Look at keep alive and pings.
        case checkIdle
        /// Close both sockets at once.
        case abort
        case ignore
    }

    /// The time limit of the phase has passed.
    package func timeLimit() -> TimeAction {
        switch self {
        case .readingProxyHeader: .end(.proxyHeaderTimeout)
        case .handshaking: .end(.handshakeTimeout)
        case .readingRequest: .answerRequestTimeout
        case .awaitingConnect: .end(.connectTimeout)
        case .authenticating: .refuseUndecided
        case .connecting: .failAttempt
        case .awaitingConnack: .failAttempt
        case .open: .checkIdle
        case .closing: .abort
        case .closed: .ignore
        }
    }

    package enum EndAction: Equatable {
        /// Flush, say goodbye and wait for the other side, for this cause.
        case beginClosing
        /// It has begun already, for an earlier cause.
        case ignore
    }

    /// The session is to end in good order. The first cause stays.
    package mutating func end(_ cause: EndCause) -> EndAction {
        switch consume self {
        case .closing(let first):
            self = .closing(first)
            return .ignore
        case .closed(let first):
            self = .closed(first)
            return .ignore
        case _:
            self = .closing(cause)
            return .beginClosing
        }
    }

    /// Both sockets are closed; `cause` counts if nothing has ended the session before. Returns the cause to log, once.
    package mutating func close(_ cause: EndCause) -> EndCause? {
        switch consume self {
        case .closed(let first):
            self = .closed(first)
            return nil
        case .closing(let first):
            self = .closed(first)
            return first
        case _:
            self = .closed(cause)
            return cause
        }
    }

    /// Why the session ended, or is ending.
    package var cause: EndCause? {
        switch self {
        case .closing(let cause): cause
        case .closed(let cause): cause
        default: nil
        }
    }

    /// How many peers were tried, the current one included.
    package var attempt: Attempt? {
        switch self {
        case .connecting(let attempt): attempt
        case .awaitingConnack(let attempt): attempt
        default: nil
        }
    }
}

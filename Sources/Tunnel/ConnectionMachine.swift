/// The life of a client's connection: HTTP exchanges one after the other, until one of them makes it a tunnel; a listener
/// that carries MQTT has tunnels alone. Pure.
///
///     readingProxyHeader ─▶ handshaking, or readingRequest on a plain listener
///     handshaking ─▶ readingRequest ─▶ tunnelling
///                     ▲ │ ▲     │
///                     │ │ └ sending ┘  the next request, on a connection that is kept open
///                     │ ▼
///                     answering
///     any ─▶ closing ─▶ closed
///
/// - `readingProxyHeader`: accepted; the front's PROXY protocol header is on its way. Only where a listener asks for it.
/// - `handshaking`: the TLS handshake runs. A plain listener skips it.
/// - `readingRequest`: an HTTP request head is on its way.
/// - `answering`: another thread makes the answer to the request. No request is read meanwhile.
/// - `sending`: a response goes out over several turns of the loop: a file. No request is read meanwhile.
/// - `tunnelling`: a session has the connection, as the 101 response is sent. With MQTT alone it comes in the place of the
///   first `readingRequest`.
/// - `multiplexing`: HTTP/2 is spoken, and streams have the connection. Each goes through the phases from `readingRequest` on
///   itself.
/// - `closing`: the last bytes, close_notify and FIN go out; then a bounded wait for the other side.
/// - `closed`: the socket is closed; nothing may follow.
///
/// An event that cannot happen in a phase is a fault of the gateway's: it stops a debug build, and changes nothing in a
/// release build.
package enum ConnectionMachine: Equatable, Sendable, BitwiseCopyable {
    case readingProxyHeader(isTLS: Bool)
    case handshaking
    case readingRequest
    case answering
    case sending
    case tunnelling
    case multiplexing
    case closing(EndCause)
    case closed(EndCause)

    /// The name of the state alone. The phases of the end come last: `closing` and those after it.
    package enum Phase: UInt8, Sendable, BitwiseCopyable, CaseIterable {
        case readingProxyHeader, handshaking, readingRequest, answering, sending, tunnelling, multiplexing
        case closing, closed
    }

    /// The state's name.
    package var phase: Phase {
        @inline(__always) get {
            switch self {
            case .readingProxyHeader: .readingProxyHeader
            case .handshaking: .handshaking
            case .readingRequest: .readingRequest
            case .answering: .answering
            case .sending: .sending
            case .tunnelling: .tunnelling
            case .multiplexing: .multiplexing
            case .closing: .closing
            case .closed: .closed
            }
        }
    }

    /// A connection to a TLS listener begins with the handshake, one to a plain listener with the request, or with the
    /// session where it carries MQTT; the front's header comes before all of them.
    package init(isTLS: Bool, readsProxyHeader: Bool, carriesMQTT: Bool) {
        if readsProxyHeader {
            self = .readingProxyHeader(isTLS: isTLS)
        } else {
            self = isTLS ? .handshaking : Self.first(carriesMQTT)
        }
    }

    /// What comes first when the way to the client is set up.
    private static func first(_ carriesMQTT: Bool) -> Self { carriesMQTT ? .tunnelling : .readingRequest }

    // MARK: Requests

    /// The front has said whom it speaks for.
    package mutating func proxyHeaderRead(carriesMQTT: Bool) {
        guard case .readingProxyHeader(let isTLS) = self else { return isWrong("proxyHeaderRead") }
        self = isTLS ? .handshaking : Self.first(carriesMQTT)
    }

    /// TLS is set up.
    package mutating func handshakeCompleted(carriesMQTT: Bool) {
        guard case .handshaking = self else { return isWrong("handshakeCompleted") }
        self = Self.first(carriesMQTT)
    }

    /// The client speaks HTTP/2.
    package mutating func multiplexingBegan() {
        guard case .readingRequest = self else { return isWrong("multiplexingBegan") }
        self = .multiplexing
    }

    /// The request was handed to another thread, which makes the answer.
    package mutating func answerAwaited() {
        guard case .readingRequest = self else { return isWrong("answerAwaited") }
        self = .answering
    }

    /// The answer has come, and can be sent.
    package mutating func answerCame() {
        guard case .answering = self else { return isWrong("answerCame") }
        self = .readingRequest
    }

    /// A response has begun whose content goes out over several turns.
    package mutating func sendingBegan() {
        guard case .readingRequest = self else { return isWrong("sendingBegan") }
        self = .sending
    }

    /// The response is out, at once or over several turns, and the connection is kept for the next request.
    package mutating func responseSent() {
        switch phase {
        case .readingRequest, .sending: self = .readingRequest
        default: isWrong("responseSent")
        }
    }

    /// The 101 response is sent.
    package mutating func upgraded() {
        guard case .readingRequest = self else { return isWrong("upgraded") }
        self = .tunnelling
    }

    // MARK: Ends

    /// What to do when the time limit of a phase has passed.
    package enum TimeAction: Equatable, Sendable {
        /// Answer 408, then close.
        case answerRequestTimeout
        /// Answer 503, then close: whoever was to make the answer has not done so.
        case answerUnavailable
        /// Close with this cause.
        case end(EndCause)
        /// Close the socket at once.
        case abort
        case ignore
    }

    /// The time limit of the phase has passed.
    package func timeLimit() -> TimeAction {
        switch self {
        case .readingProxyHeader: .end(.proxyHeaderTimeout)
        case .handshaking: .end(.handshakeTimeout)
        case .readingRequest: .answerRequestTimeout
        case .answering: .answerUnavailable
        case .sending: .end(.sendTimeout)
        case .tunnelling: .ignore  // the session keeps the time
        case .multiplexing: .end(.keepaliveTimeout)
        case .closing: .abort
        case .closed: .ignore
        }
    }

    /// The connection is to end in good order, for this cause. The first cause stays.
    package mutating func end(_ cause: EndCause) -> EndAction {
        guard self.cause == nil else { return .ignore }
        self = .closing(cause)
        return .beginClosing
    }

    /// The socket is closed; `cause` counts if nothing has ended the connection before. Returns the cause to log, once.
    package mutating func close(_ cause: EndCause) -> EndCause? {
        if case .closed = self { return nil }
        let first = self.cause ?? cause
        self = .closed(first)
        return first
    }

    /// Why the connection ended, or is ending.
    package var cause: EndCause? {
        switch self {
        case .closing(let cause), .closed(let cause): cause
        default: nil
        }
    }

    private func isWrong(_ event: StaticString) {
        assertionFailure("a connection in phase \(phase): the event \(event) cannot happen there")
    }
}

/// What to do when a connection or a session is to end.
package enum EndAction: Equatable, Sendable {
    /// Flush, say goodbye and wait for the other side, for this cause.
    case beginClosing
    /// It has begun already, for an earlier cause.
    case ignore
}

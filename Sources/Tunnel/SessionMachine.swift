/// The life of an MQTT session: what has happened so far, and what is to be done when something happens next. Pure.
///
///     awaitingConnect ─▶ authenticating ─▶ connecting ─▶ awaitingConnack ─▶ open
///                                           ▲ │  ▲ │            │     │      ▲
///                         waitingForQueue ◀─┼─┘  │ │            │     └─▶ exchanging
///                                   └───────┘    └─┴────────────┘  next peer, while tries are left
///     any ─▶ closing ─▶ closed
///
/// - `awaitingConnect`: the client may speak MQTT; its CONNECT is on its way.
/// - `authenticating`: the CONNECT is whole; it is being decided whether the client is allowed in. What else it sends is
///   held, bounded.
/// - `connecting`: the client is allowed in; a peer is being connected to. What the client sends is still held.
/// - `waitingForQueue`: the queue of the peer's unix socket is full; the next connect to it comes soon.
/// - `awaitingConnack`: the peer has the CONNECT. Until its CONNACK another peer can still be tried.
/// - `exchanging`: an exchange of AUTH packets has opened the pipe; the CONNACK is still to come (5.0 §4.12).
/// - `open`: bytes go both ways. The CONNECT is forgotten.
/// - `closing`: the last bytes and the goodbye go out; then a bounded wait for the other side.
/// - `closed`: both legs are closed; nothing may follow.
///
/// An event that cannot happen in a phase is a fault of the gateway's: it stops a debug build, and changes nothing in a
/// release build.
package enum SessionMachine: Equatable, Sendable, BitwiseCopyable {
    case awaitingConnect
    case authenticating
    case connecting(Try)
    case waitingForQueue(Try)
    case awaitingConnack(Try)
    case exchanging
    case open
    case closing(EndCause)
    case closed(EndCause)

    /// Which try to reach a peer this is.
    package struct Try: Equatable, Sendable, BitwiseCopyable {
        /// From 1.
        package var number: Int
        /// Tries that one CONNECT has.
        package var limit: Int

        var isLast: Bool { number >= limit }
        var next: Try { isLast ? self : Try(number: number + 1, limit: limit) }
    }

    /// The name of the state alone. The phases of the end come last: `closing` and those after it.
    package enum Phase: UInt8, Sendable, BitwiseCopyable, CaseIterable {
        case awaitingConnect, authenticating, connecting, waitingForQueue, awaitingConnack, exchanging, open
        case closing, closed
    }

    /// The state's name.
    package var phase: Phase {
        @inline(__always) get {
            switch self {
            case .awaitingConnect: .awaitingConnect
            case .authenticating: .authenticating
            case .connecting: .connecting
            case .waitingForQueue: .waitingForQueue
            case .awaitingConnack: .awaitingConnack
            case .exchanging: .exchanging
            case .open: .open
            case .closing: .closing
            case .closed: .closed
            }
        }
    }

    /// A session whose client has still to send its CONNECT.
    package init() { self = .awaitingConnect }

    // MARK: The client's way in

    /// A whole, valid CONNECT has arrived: authenticate.
    package mutating func connectArrived() {
        guard case .awaitingConnect = self else { return isWrong("connectArrived") }
        self = .authenticating
    }

    /// The client is allowed in: choose a peer. `tries` is how many peers its CONNECT may be offered to.
    package mutating func admitted(tries: Int) {
        guard case .authenticating = self else { return isWrong("admitted") }
        self = .connecting(Try(number: 1, limit: max(1, tries)))
    }

    // MARK: The way to the broker

    /// The queue of the peer's unix socket is full: connect again soon.
    package mutating func queueIsFull() {
        guard case .connecting(let current) = self else { return isWrong("queueIsFull") }
        self = .waitingForQueue(current)
    }

    /// Another connect to the peer whose queue was full, in the same try.
    package mutating func connectAgain() {
        guard case .waitingForQueue(let current) = self else { return isWrong("connectAgain") }
        self = .connecting(current)
    }

    /// The peer has accepted the connection: send the CONNECT.
    package mutating func peerConnected() {
        guard case .connecting(let current) = self else { return isWrong("peerConnected") }
        self = .awaitingConnack(current)
    }

    /// What to do when a try has failed.
    package enum FailureAction: Equatable, Sendable {
        /// Take another peer, with the same CONNECT.
        case choosePeer
        /// Tell the client that no server is available.
        case refuse
        case ignore
    }

    /// The peer could not be reached, or did not answer the CONNECT as a broker does.
    package mutating func attemptFailed() -> FailureAction {
        guard let current = currentTry else {
            isWrong("attemptFailed")
            return .ignore
        }
        self = .connecting(current.next)
        return current.isLast ? .refuse : .choosePeer
    }

    /// The broker has begun an exchange of AUTH packets (5.0 §4.12): they go both ways from now on.
    package mutating func exchangeBegan() {
        guard case .awaitingConnack = self else { return isWrong("exchangeBegan") }
        self = .exchanging
    }

    /// What to do with a CONNACK.
    package enum ConnackAction: Equatable, Sendable {
        /// Pass it on, and everything after it.
        case open
        /// Pass it on, then close.
        case passRefusal
        case ignore
    }

    /// The broker has answered the CONNECT.
    package mutating func connackArrived(isAccepted: Bool) -> ConnackAction {
        switch phase {
        case .awaitingConnack, .exchanging:
            guard isAccepted else { return .passRefusal }
            self = .open
            return .open
        default:
            isWrong("connackArrived")
            return .ignore
        }
    }

    // MARK: Ends

    /// What to do when the time limit of a phase has passed.
    package enum TimeAction: Equatable, Sendable {
        /// Close with this cause.
        case end(EndCause)
        /// Tell the client that there was no decision in time.
        case refuseUndecided
        /// Try the peer whose queue was full once more.
        case connectAgain
        /// This attempt has failed.
        case failAttempt
        /// Look at keep alive and pings.
        case checkIdle
        /// Close both legs at once.
        case abort
        case ignore
    }

    /// The time limit of the phase has passed.
    package func timeLimit() -> TimeAction {
        switch self {
        case .awaitingConnect: .end(.connectTimeout)
        case .authenticating: .refuseUndecided
        case .waitingForQueue: .connectAgain
        case .connecting, .awaitingConnack: .failAttempt
        case .exchanging, .open: .checkIdle
        case .closing: .abort
        case .closed: .ignore
        }
    }

    /// The session is to end in good order, for this cause. The first cause stays.
    package mutating func end(_ cause: EndCause) -> EndAction {
        guard self.cause == nil else { return .ignore }
        self = .closing(cause)
        return .beginClosing
    }

    /// Both legs are closed; `cause` counts if nothing has ended the session before. Returns the cause to log, once.
    package mutating func close(_ cause: EndCause) -> EndCause? {
        if case .closed = self { return nil }
        let first = self.cause ?? cause
        self = .closed(first)
        return first
    }

    /// Why the session ended, or is ending.
    package var cause: EndCause? {
        switch self {
        case .closing(let cause), .closed(let cause): cause
        default: nil
        }
    }

    /// The try that is under way.
    package var currentTry: Try? {
        switch self {
        case .connecting(let current), .waitingForQueue(let current), .awaitingConnack(let current): current
        default: nil
        }
    }

    private func isWrong(_ event: StaticString) {
        assertionFailure("a session in phase \(phase): the event \(event) cannot happen there")
    }
}

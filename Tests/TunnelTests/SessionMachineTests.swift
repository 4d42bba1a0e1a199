import Testing

@testable import Tunnel

@Suite("SessionMachine: every event in every state")
struct SessionMachineTests {
    /// The states of the table's columns, in its order. Two tries: the first, and the last.
    enum State: Int, CaseIterable {
        case readingProxyHeader, handshaking, readingRequest, awaitingConnect, authenticating, connecting,
            connectingLast
        case awaitingConnack, awaitingConnackLast, open, closing, closed
    }

    enum Event: CaseIterable, Sendable {
        case proxyHeaderRead, handshakeCompleted, upgraded, connectArrived, admitted, peerConnected, attemptFailed
        case connackAccepted, connackRefused, timeLimit, end, close
    }

    /// One event: for each state the action, then `>` and the phase it leads to. A lone word is an action that stays in the
    /// phase, `-` nothing at all, `ignore` the action of that name.
    struct Row: Sendable, CustomTestStringConvertible {
        let event: Event
        let cells: [String]
        var testDescription: String { "\(event)" }
    }

    static let table: [Row] = [
        Row(
            event: .proxyHeaderRead,
            cells: [
                "> handshaking", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
            ]),
        Row(
            event: .handshakeCompleted,
            cells: [
                "-", "> readingRequest", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
            ]),
        Row(
            event: .upgraded,
            cells: [
                "-", "-", "> awaitingConnect", "-", "-", "-", "-", "-", "-", "-", "-", "-",
            ]),
        Row(
            event: .connectArrived,
            cells: [
                "ignore", "ignore", "ignore", "authenticate > authenticating", "ignore", "ignore", "ignore", "ignore",
                "ignore", "ignore", "ignore", "ignore",
            ]),
        Row(
            event: .admitted,
            cells: [
                "ignore", "ignore", "ignore", "ignore", "choosePeer > connecting", "ignore", "ignore", "ignore",
                "ignore",
                "ignore", "ignore", "ignore",
            ]),
        Row(
            event: .peerConnected,
            cells: [
                "ignore", "ignore", "ignore", "ignore", "ignore", "sendConnect > awaitingConnack",
                "sendConnect > awaitingConnack", "ignore", "ignore", "ignore", "ignore", "ignore",
            ]),
        Row(
            event: .attemptFailed,
            cells: [
                "ignore", "ignore", "ignore", "ignore", "ignore", "choosePeer > connecting", "refuse > connecting",
                "choosePeer > connecting", "refuse > connecting", "ignore", "ignore", "ignore",
            ]),
        Row(
            event: .connackAccepted,
            cells: [
                "ignore", "ignore", "ignore", "ignore", "ignore", "ignore", "ignore", "open > open", "open > open",
                "ignore",
                "ignore", "ignore",
            ]),
        Row(
            event: .connackRefused,
            cells: [
                "ignore", "ignore", "ignore", "ignore", "ignore", "ignore", "ignore", "passRefusal > awaitingConnack",
                "passRefusal > awaitingConnack", "ignore", "ignore", "ignore",
            ]),
        Row(
            event: .timeLimit,
            cells: [
                "proxy_header_timeout", "handshake_timeout", "answerRequestTimeout", "connect_timeout",
                "refuseUndecided", "failAttempt",
                "failAttempt", "failAttempt", "failAttempt", "checkIdle", "abort", "ignore",
            ]),
        Row(
            event: .end,
            cells: [String](repeating: "beginClosing > closing", count: 10) + ["ignore", "ignore"]),
        Row(
            event: .close,
            cells: [String](repeating: "client_lost > closed", count: 10) + ["shutdown > closed", "nil"]),
    ]

    @Test("The table has every event")
    func complete() {
        #expect(Self.table.map(\.event) == Event.allCases)
        #expect(Self.table.allSatisfy { $0.cells.count == State.allCases.count })
    }

    @Test("Action and phase", arguments: table)
    func cell(_ row: Row) {
        for (state, cell) in zip(State.allCases, row.cells) {
            var machine = Self.machine(state)
            let before = machine.phase
            let action = Self.apply(row.event, &machine)
            let parts = cell.split(separator: ">", omittingEmptySubsequences: false).map { part in
                String(part.drop { $0 == " " }.prefix { $0 != " " })
            }
            #expect(action == (parts[0].isEmpty ? "-" : parts[0]), "\(state)")
            #expect("\(machine.phase)" == (parts.count > 1 ? parts[1] : "\(before)"), "\(state)")
        }
    }

    /// A machine in `state`, reached through events.
    private static func machine(_ state: State) -> SessionMachine {
        var machine = SessionMachine(isTLS: true, readsProxyHeader: state == .readingProxyHeader)
        let path: [Event] =
            switch state {
            case .readingProxyHeader, .handshaking: []
            case .readingRequest: [.handshakeCompleted]
            case .awaitingConnect: [.handshakeCompleted, .upgraded]
            case .authenticating: [.handshakeCompleted, .upgraded, .connectArrived]
            case .connecting: [.handshakeCompleted, .upgraded, .connectArrived, .admitted]
            case .connectingLast: [.handshakeCompleted, .upgraded, .connectArrived, .admitted, .attemptFailed]
            case .awaitingConnack: [.handshakeCompleted, .upgraded, .connectArrived, .admitted, .peerConnected]
            case .awaitingConnackLast:
                [.handshakeCompleted, .upgraded, .connectArrived, .admitted, .attemptFailed, .peerConnected]
            case .open:
                [.handshakeCompleted, .upgraded, .connectArrived, .admitted, .peerConnected, .connackAccepted]
            case .closing: [.end]
            case .closed: [.end, .close]
            }
        for event in path { _ = apply(event, &machine) }
        return machine
    }

    /// The action as the table writes it.
    private static func apply(_ event: Event, _ machine: inout SessionMachine) -> String {
        switch event {
        case .proxyHeaderRead:
            machine.proxyHeaderRead()
            return "-"
        case .handshakeCompleted:
            machine.handshakeCompleted()
            return "-"
        case .upgraded:
            machine.upgraded()
            return "-"
        case .connectArrived: return "\(machine.connectArrived())"
        case .admitted: return "\(machine.admitted(tries: 2))"
        case .peerConnected: return "\(machine.peerConnected())"
        case .attemptFailed: return "\(machine.attemptFailed())"
        case .connackAccepted: return "\(machine.connackArrived(isAccepted: true))"
        case .connackRefused: return "\(machine.connackArrived(isAccepted: false))"
        case .timeLimit:
            let action = machine.timeLimit()
            if case .end(let cause) = action { return cause.rawValue }
            return "\(action)"
        case .end: return "\(machine.end(.shutdown))"
        case .close: return machine.close(.clientLost)?.rawValue ?? "nil"
        }
    }

    @Test("A plain listener has no handshake")
    func start() {
        let tls = SessionMachine(isTLS: true)
        #expect(tls.phase == .handshaking)
        let plain = SessionMachine(isTLS: false)
        #expect(plain.phase == .readingRequest)
    }

    @Test("Behind a front's header comes what the listener says")
    func behindFront() {
        for (isTLS, phase) in [(true, SessionMachine.Phase.handshaking), (false, .readingRequest)] {
            var machine = SessionMachine(isTLS: isTLS, readsProxyHeader: true)
            #expect(machine.phase == .readingProxyHeader)
            machine.proxyHeaderRead()
            #expect(machine.phase == phase)
        }
    }

    @Test("As many peers are tried as the CONNECT has tries, and at least one", arguments: [-1, 0, 1, 2, 3, 10])
    func tries(limit: Int) {
        var machine = Self.machine(.authenticating)
        #expect(machine.attempt == nil)
        #expect(machine.admitted(tries: limit) == .choosePeer)
        var tried = 1
        while tried < 100 {
            #expect(machine.attempt == .init(number: tried, limit: max(1, limit)))
            // Every other peer accepts the connection and then fails.
            if tried.isMultiple(of: 2) { #expect(machine.peerConnected() == .sendConnect) }
            if machine.attemptFailed() == .refuse { break }
            tried += 1
        }
        #expect(tried == max(1, limit))
        #expect(machine.attempt == .init(number: tried, limit: tried))
    }

    @Test("An attempt is told while peers are tried, and not behind that", arguments: State.allCases)
    func attempt(state: State) {
        let machine = Self.machine(state)
        let expected: Int? =
            switch state {
            case .connecting, .awaitingConnack: 1
            case .connectingLast, .awaitingConnackLast: 2
            default: nil
            }
        #expect(machine.attempt?.number == expected)
        #expect(machine.cause == (state == .closing || state == .closed ? .shutdown : nil))
    }

    @Test("The first cause stays, and is told once", arguments: State.allCases)
    func causes(state: State) {
        var machine = Self.machine(state)
        let first = machine.cause ?? .brokerLost
        _ = machine.end(.brokerLost)
        #expect(machine.cause == first)
        #expect(machine.end(.clientIdle) == .ignore)
        #expect(machine.cause == first)
        #expect(machine.close(.clientLost) == (state == .closed ? nil : first))
        #expect(machine.close(.clientLost) == nil)
        #expect(machine.phase == .closed && machine.cause == first)
    }
}

import Testing

@testable import Tunnel

@Suite("SessionMachine: every event in every state")
struct SessionMachineTests {
    /// The states of the table's columns, in its order. Two tries: the first, and the last.
    enum State: Int, CaseIterable, Codable {
        case awaitingConnect, authenticating, connecting, connectingLast, waitingForQueue, waitingForQueueLast
        case awaitingConnack, awaitingConnackLast, exchanging, open, closing, closed
    }

    enum Event: Int, CaseIterable, Codable {
        case connectArrived, admitted, queueIsFull, connectAgain, peerConnected, attemptFailed, exchangeBegan
        case connackAccepted, connackRefused, timeLimit, end, close
    }

    typealias Row = MachineRow<Event>

    // One line per six states, in their order.
    static let table = [
        Row(
            .connectArrived,
            "> authenticating", "wrong", "wrong", "wrong", "wrong", "wrong",
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .admitted,
            "wrong", "> connecting", "wrong", "wrong", "wrong", "wrong",
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .queueIsFull,
            "wrong", "wrong", "> waitingForQueue", "> waitingForQueue", "wrong", "wrong",
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .connectAgain,
            "wrong", "wrong", "wrong", "wrong", "> connecting", "> connecting",
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .peerConnected,
            "wrong", "wrong", "> awaitingConnack", "> awaitingConnack", "wrong", "wrong",
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .attemptFailed,
            "wrong", "wrong", "choosePeer > connecting", "refuse > connecting", "choosePeer > connecting",
            "refuse > connecting",
            "choosePeer > connecting", "refuse > connecting", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .exchangeBegan,
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong",
            "> exchanging", "> exchanging", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .connackAccepted,
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong",
            "open > open", "open > open", "open > open", "wrong", "wrong", "wrong"),
        Row(
            .connackRefused,
            "wrong", "wrong", "wrong", "wrong", "wrong", "wrong",
            "passRefusal", "passRefusal", "passRefusal", "wrong", "wrong", "wrong"),
        Row(
            .timeLimit,
            "connect_timeout", "refuseUndecided", "failAttempt", "failAttempt", "connectAgain", "connectAgain",
            "failAttempt", "failAttempt", "checkIdle", "checkIdle", "abort", "ignore"),
        Row(
            .end,
            "beginClosing > closing", "beginClosing > closing", "beginClosing > closing", "beginClosing > closing",
            "beginClosing > closing", "beginClosing > closing",
            "beginClosing > closing", "beginClosing > closing", "beginClosing > closing", "beginClosing > closing",
            "ignore", "ignore"),
        Row(
            .close,
            "client_lost > closed", "client_lost > closed", "client_lost > closed", "client_lost > closed",
            "client_lost > closed", "client_lost > closed",
            "client_lost > closed", "client_lost > closed", "client_lost > closed", "client_lost > closed",
            "shutdown > closed", "nil"),
    ]

    @Test("The table has every event, in every state")
    func complete() {
        #expect(Self.table.map(\.event) == Event.allCases)
        #expect(Self.table.allSatisfy { $0.cells.count == State.allCases.count })
        #expect(Set(State.allCases.map { Self.machine($0).phase }) == Set(SessionMachine.Phase.allCases))
    }

    @Test("Action and phase", arguments: table)
    func cell(_ row: Row) {
        for (state, text) in zip(State.allCases, row.cells) {
            let cell = MachineCell(text)
            guard !cell.isWrong else { continue }
            var machine = Self.machine(state)
            let before = machine.phase
            #expect(Self.apply(row.event, &machine) == cell.action, "\(state)")
            #expect("\(machine.phase)" == cell.phase ?? "\(before)", "\(state)")
        }
    }

    /// The events that come only in one order: each of them in a phase where it is wrong, one pair for each phase.
    static let wrong: [(Event, State)] = [
        (.admitted, .awaitingConnect), (.connectArrived, .authenticating), (.connectAgain, .connecting),
        (.queueIsFull, .waitingForQueue), (.peerConnected, .awaitingConnack), (.exchangeBegan, .exchanging),
        (.attemptFailed, .exchanging), (.attemptFailed, .open), (.connackAccepted, .open), (.connackRefused, .closing),
        (.admitted, .closed),
    ]

    @Test("An event that cannot happen stops a debug build", arguments: wrong)
    func wrongEvent(event: Event, state: State) async {
        #expect(MachineCell(Self.table[event.rawValue].cells[state.rawValue]).isWrong)
        await #expect(processExitsWith: .failure) { [event, state] in
            var machine = Self.machine(state)
            _ = Self.apply(event, &machine)
        }
    }

    /// A machine in `state`, reached through events.
    private static func machine(_ state: State) -> SessionMachine {
        let tried: [Event] = [.connectArrived, .admitted]
        let path: [Event] =
            switch state {
            case .awaitingConnect: []
            case .authenticating: [.connectArrived]
            case .connecting: tried
            case .connectingLast: tried + [.attemptFailed]
            case .waitingForQueue: tried + [.queueIsFull]
            case .waitingForQueueLast: tried + [.attemptFailed, .queueIsFull]
            case .awaitingConnack: tried + [.peerConnected]
            case .awaitingConnackLast: tried + [.attemptFailed, .peerConnected]
            case .exchanging: tried + [.peerConnected, .exchangeBegan]
            case .open: tried + [.peerConnected, .connackAccepted]
            case .closing: [.end]
            case .closed: [.end, .close]
            }
        var machine = SessionMachine()
        for event in path { _ = apply(event, &machine) }
        return machine
    }

    /// The action as the table writes it.
    private static func apply(_ event: Event, _ machine: inout SessionMachine) -> String {
        switch event {
        case .connectArrived: machine.connectArrived()
        case .admitted: machine.admitted(tries: 2)
        case .queueIsFull: machine.queueIsFull()
        case .connectAgain: machine.connectAgain()
        case .peerConnected: machine.peerConnected()
        case .attemptFailed: return "\(machine.attemptFailed())"
        case .exchangeBegan: machine.exchangeBegan()
        case .connackAccepted: return "\(machine.connackArrived(isAccepted: true))"
        case .connackRefused: return "\(machine.connackArrived(isAccepted: false))"
        case .timeLimit:
            let action = machine.timeLimit()
            if case .end(let cause) = action { return cause.rawValue }
            return "\(action)"
        case .end: return "\(machine.end(.shutdown))"
        case .close: return machine.close(.clientLost)?.rawValue ?? "nil"
        }
        return "-"
    }

    @Test("As many peers are tried as the CONNECT has tries, and at least one", arguments: [-1, 0, 1, 2, 3, 10])
    func tries(limit: Int) {
        var machine = Self.machine(.authenticating)
        #expect(machine.currentTry == nil)
        machine.admitted(tries: limit)
        var tried = 1
        while tried < 100 {
            #expect(machine.currentTry == .init(number: tried, limit: max(1, limit)))
            // Every other peer accepts the connection and then fails; every third has a full queue first.
            if tried.isMultiple(of: 3) {
                machine.queueIsFull()
                machine.connectAgain()
            }
            if tried.isMultiple(of: 2) { machine.peerConnected() }
            if machine.attemptFailed() == .refuse { break }
            tried += 1
        }
        #expect(tried == max(1, limit))
        #expect(machine.currentTry == .init(number: tried, limit: tried))
    }

    @Test("A try is told while peers are tried, and not after that", arguments: State.allCases)
    func currentTry(state: State) {
        let machine = Self.machine(state)
        let expected: Int? =
            switch state {
            case .connecting, .waitingForQueue, .awaitingConnack: 1
            case .connectingLast, .waitingForQueueLast, .awaitingConnackLast: 2
            default: nil
            }
        #expect(machine.currentTry?.number == expected)
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

    @Test("What is over comes last", arguments: SessionMachine.Phase.allCases)
    func order(phase: SessionMachine.Phase) {
        let isOver = phase == .closing || phase == .closed
        #expect((phase.rawValue >= SessionMachine.Phase.closing.rawValue) == isOver)
    }
}

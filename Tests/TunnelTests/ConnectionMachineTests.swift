import Testing

@testable import Tunnel

@Suite("ConnectionMachine: every event in every state")
struct ConnectionMachineTests {
    /// The states of the table's columns, in its order.
    enum State: Int, CaseIterable, Codable {
        case readingTLSProxyHeader, readingPlainProxyHeader, handshaking, readingRequest, answering, sending, tunnelling
        case multiplexing, closing, closed
    }

    enum Event: Int, CaseIterable, Codable {
        case proxyHeaderRead, handshakeCompleted, answerAwaited, answerCame, sendingBegan, responseSent, upgraded,
            multiplexingBegan, timeLimit, end, close
    }

    typealias Row = MachineRow<Event>

    static let table = [
        Row(
            .proxyHeaderRead,
            "> handshaking", "> readingRequest", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong",
            "wrong"),
        Row(
            .handshakeCompleted,
            "wrong", "wrong", "> readingRequest", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .answerAwaited,
            "wrong", "wrong", "wrong", "> answering", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .answerCame,
            "wrong", "wrong", "wrong", "wrong", "> readingRequest", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .sendingBegan,
            "wrong", "wrong", "wrong", "> sending", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .responseSent,
            "wrong", "wrong", "wrong", "> readingRequest", "wrong", "> readingRequest", "wrong", "wrong", "wrong",
            "wrong"),
        Row(
            .upgraded,
            "wrong", "wrong", "wrong", "> tunnelling", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .multiplexingBegan,
            "wrong", "wrong", "wrong", "> multiplexing", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"),
        Row(
            .timeLimit,
            "proxy_header_timeout", "proxy_header_timeout", "handshake_timeout", "answerRequestTimeout",
            "answerUnavailable", "send_timeout", "ignore", "keepalive_timeout", "abort", "ignore"),
        Row(
            .end,
            "beginClosing > closing", "beginClosing > closing", "beginClosing > closing", "beginClosing > closing",
            "beginClosing > closing", "beginClosing > closing", "beginClosing > closing", "beginClosing > closing",
            "ignore", "ignore"),
        Row(
            .close,
            "client_lost > closed", "client_lost > closed", "client_lost > closed", "client_lost > closed",
            "client_lost > closed", "client_lost > closed", "client_lost > closed", "client_lost > closed",
            "shutdown > closed", "nil"),
    ]

    @Test("The table has every event, in every state")
    func complete() {
        #expect(Self.table.map(\.event) == Event.allCases)
        #expect(Self.table.allSatisfy { $0.cells.count == State.allCases.count })
        #expect(Set(State.allCases.map { Self.machine($0).phase }) == Set(ConnectionMachine.Phase.allCases))
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
        (.handshakeCompleted, .readingTLSProxyHeader), (.upgraded, .readingPlainProxyHeader),
        (.proxyHeaderRead, .handshaking), (.handshakeCompleted, .readingRequest), (.sendingBegan, .answering),
        (.sendingBegan, .sending),
        (.upgraded, .tunnelling), (.responseSent, .tunnelling), (.multiplexingBegan, .multiplexing),
        (.upgraded, .closing), (.responseSent, .closed),
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
    private static func machine(_ state: State) -> ConnectionMachine {
        let path: [Event] =
            switch state {
            case .readingTLSProxyHeader, .readingPlainProxyHeader, .handshaking: []
            case .readingRequest: [.handshakeCompleted]
            case .answering: [.handshakeCompleted, .answerAwaited]
            case .sending: [.handshakeCompleted, .sendingBegan]
            case .tunnelling: [.handshakeCompleted, .upgraded]
            case .multiplexing: [.handshakeCompleted, .multiplexingBegan]
            case .closing: [.end]
            case .closed: [.end, .close]
            }
        var machine = ConnectionMachine(
            isTLS: state != .readingPlainProxyHeader,
            readsProxyHeader: state == .readingTLSProxyHeader || state == .readingPlainProxyHeader,
            carriesMQTT: false)
        for event in path { _ = apply(event, &machine) }
        return machine
    }

    /// The action as the table writes it.
    private static func apply(_ event: Event, _ machine: inout ConnectionMachine) -> String {
        switch event {
        case .proxyHeaderRead: machine.proxyHeaderRead(carriesMQTT: false)
        case .handshakeCompleted: machine.handshakeCompleted(carriesMQTT: false)
        case .answerAwaited: machine.answerAwaited()
        case .answerCame: machine.answerCame()
        case .sendingBegan: machine.sendingBegan()
        case .responseSent: machine.responseSent()
        case .upgraded: machine.upgraded()
        case .multiplexingBegan: machine.multiplexingBegan()
        case .timeLimit:
            let action = machine.timeLimit()
            if case .end(let cause) = action { return cause.rawValue }
            return "\(action)"
        case .end: return "\(machine.end(.shutdown))"
        case .close: return machine.close(.clientLost)?.rawValue ?? "nil"
        }
        return "-"
    }

    @Test("A front's header comes first, then the handshake; a plain listener has neither", arguments: [false, true])
    func start(carriesMQTT: Bool) {
        func machine(isTLS: Bool, readsProxyHeader: Bool = false) -> ConnectionMachine {
            ConnectionMachine(isTLS: isTLS, readsProxyHeader: readsProxyHeader, carriesMQTT: carriesMQTT)
        }
        let content = carriesMQTT ? ConnectionMachine.Phase.tunnelling : .readingRequest
        #expect(machine(isTLS: true).phase == .handshaking)
        #expect(machine(isTLS: false).phase == content)
        for (isTLS, phase) in [(true, ConnectionMachine.Phase.handshaking), (false, content)] {
            var machine = machine(isTLS: isTLS, readsProxyHeader: true)
            #expect(machine.phase == .readingProxyHeader)
            machine.proxyHeaderRead(carriesMQTT: carriesMQTT)
            #expect(machine.phase == phase)
            if isTLS { machine.handshakeCompleted(carriesMQTT: carriesMQTT) }
            #expect(machine.phase == content)
        }
    }

    @Test("Request after request, until one upgrades")
    func exchanges() {
        var machine = Self.machine(.readingRequest)
        for turn in 0..<10 {
            if turn.isMultiple(of: 3) { machine.sendingBegan() }
            machine.responseSent()
            #expect(machine.phase == .readingRequest && machine.cause == nil)
        }
        machine.upgraded()
        #expect(machine.phase == .tunnelling)
    }

    @Test("The first cause stays, and is told once", arguments: State.allCases)
    func causes(state: State) {
        var machine = Self.machine(state)
        let first = machine.cause ?? .served
        _ = machine.end(.served)
        #expect(machine.cause == first)
        #expect(machine.end(.clientLost) == .ignore)
        #expect(machine.cause == first)
        #expect(machine.close(.clientLost) == (state == .closed ? nil : first))
        #expect(machine.close(.clientLost) == nil)
        #expect(machine.phase == .closed && machine.cause == first)
    }

    @Test("What is over comes last", arguments: ConnectionMachine.Phase.allCases)
    func order(phase: ConnectionMachine.Phase) {
        let isOver = phase == .closing || phase == .closed
        #expect((phase.rawValue >= ConnectionMachine.Phase.closing.rawValue) == isOver)
    }
}

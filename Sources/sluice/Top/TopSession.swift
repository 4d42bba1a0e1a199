import CShims
import Glibc
import Reactor
import Top

/// `sluice top` in the terminal: waits for keys, signals, answers and the time, and shows what has come of them.
struct TopSession: ~Copyable {
    private let client: TopClient
    private var terminal: TopTerminal
    private let signals: TopSignals
    private var machine: TopMachine
    private var renderer = Renderer(hasColor: TopTerminal.hasColor)
    private var keys = KeyDecoder()
    /// A round is on its way; another is wanted as soon as it is over.
    private var isAsking = false
    private var asksAgain = false
    /// On the monotonic clock, in milliseconds.
    private var lastAsked = monotonicMilliseconds()

    /// How long an escape waits for the rest of a sequence, in milliseconds.
    private static let escapeTime: Int64 = 50
    /// How often the clock in a message goes on.
    private static let tick: Int64 = 1000

    /// Until somebody quits. Throws if the first round fails: then the terminal was not touched.
    static func run(_ client: TopClient, _ options: TopOptions) throws(Failure) {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGTTOU, SIG_IGN)
        let signals = try TopSignals()
        try client.start()
        var session = TopSession(client: client, terminal: try TopTerminal(), signals: signals, options)
        client.ask(session.machine.queries)
        guard try session.waitForFirst() else { return }
        session.terminal.enter()
        session.loop()
        session.terminal.leave()
    }

    private init(
        client: TopClient, terminal: consuming TopTerminal, signals: consuming TopSignals, _ options: TopOptions
    ) {
        self.client = client
        machine = TopMachine(
            url: options.address.url, size: terminal.size, order: options.order, limit: options.limit,
            filter: options.filter, interval: options.interval, isEnded: options.isEnded)
        self.terminal = terminal
        self.signals = signals
    }

    /// False: a signal has come first.
    private mutating func waitForFirst() throws(Failure) -> Bool {
        while true {
            switch client.outcomes.take().last {
            case .failed(let reason)?: throw Failure(description: reason)
            case .answered(let look, _)?:
                machine.arrived(look)
                return true
            case nil: break
            }
            _ = wait(on: [signals.descriptor, client.outcomes.descriptor], milliseconds: -1)
            while let signal = signals.next() {
                if signal != SIGWINCH, signal != SIGCONT { return false }
            }
        }
    }

    private mutating func loop() {
        while true {
            if terminal.isEntered {
                machine.size = terminal.size
                let lines = Screen.lines(machine, now: monotonicMilliseconds())
                guard TopTerminal.write(renderer.render(lines, columns: machine.size.columns)) else { return }
            }
            let input = terminal.isEntered ? STDIN_FILENO : -1
            let ready = wait(
                on: [input, signals.descriptor, client.outcomes.descriptor], milliseconds: Int32(clamping: patience))
            if !terminal.isEntered { enter() }
            if ready[1], !obeySignals() { return }
            if ready[2] { takeOutcomes() }
            if ready[0] {
                guard let bytes = terminal.read() else { return }
                if !press(keys.decode(bytes)) { return }
            } else if keys.isPending, !ready.contains(true), !press(keys.flush()) {
                return
            }
            if !machine.isPaused, monotonicMilliseconds() - lastAsked >= machine.interval { ask() }
        }
    }

    // MARK: The gateway

    /// How long to wait for something at most, in milliseconds.
    private var patience: Int64 {
        let rest = machine.isPaused || isAsking ? Self.tick : lastAsked + machine.interval - monotonicMilliseconds()
        return min(max(0, rest), keys.isPending ? Self.escapeTime : Self.tick)
    }

    private mutating func ask() {
        guard !isAsking else {
            asksAgain = true
            return
        }
        (isAsking, asksAgain, lastAsked) = (true, false, monotonicMilliseconds())
        client.ask(machine.queries)
    }

    private mutating func takeOutcomes() {
        for outcome in client.outcomes.take() {
            isAsking = false
            switch outcome {
            case .answered(let look, _): machine.arrived(look)
            case .failed(let reason): machine.failed(reason, now: monotonicMilliseconds())
            }
        }
        if !isAsking, asksAgain { ask() }
    }

    // MARK: Keys and signals

    /// False: quit.
    private mutating func press(_ keys: [Key]) -> Bool {
        for key in keys {
            switch machine.press(key) {
            case .none: break
            case .refresh: ask()
            case .suspend: suspend()
            case .quit: return false
            }
        }
        return true
    }

    /// False: one of them ends the process.
    private mutating func obeySignals() -> Bool {
        while let signal = signals.next() {
            switch signal {
            case SIGWINCH: renderer.forget()
            case SIGTSTP: suspend()
            case SIGCONT: enter()
            default: return false
            }
        }
        return true
    }

    /// Stops, as other programs do, until somebody wants it back.
    private mutating func suspend() {
        terminal.leave()
        signals.stop()
        enter()
    }

    private mutating func enter() {
        terminal.enter()
        renderer.forget()
    }

    /// Which of the descriptors are readable, or closed by the other side.
    private func wait(on descriptors: [Int32], milliseconds: Int32) -> [Bool] {
        var waits = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&waits, UInt(waits.count), milliseconds) > 0 else { return waits.map { _ in false } }
        return waits.map { $0.revents != 0 }
    }
}

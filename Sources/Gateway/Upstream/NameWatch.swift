import Configuration
import Reactor

/// Looks names up again and again on a thread of its own, one after the other: the system's resolver blocks, and a slow one
/// holds up other names, but no session and no probe.
final class NameWatch: Sendable {
    /// A name that a pool wants to know the addresses of.
    struct Name: Sendable, Hashable {
        let pool: Int
        let address: Configuration.Address
        /// Milliseconds between two looks.
        let interval: Int64
    }

    /// Called on the watch's thread with what the resolver says; failures too.
    typealias Report = @Sendable (Name, Result<[SocketAddress], ResolveError>) -> Void

    private struct State {
        /// When each is to be looked up next.
        var dueAt: [Name: Int64] = [:]
        var thread: Thread?
        var isStopping = false
    }

    private let state = Lock(State())
    private let wake: Mailbox<Void>

    init() throws(SystemError) { wake = try Mailbox<Void>() }

    /// The names from now on, each of which was looked up just now.
    func watch(_ names: [Name]) {
        let now = monotonicMilliseconds()
        let isRunning = state.withLock { state in
            state.dueAt = Dictionary(names.map { ($0, now + $0.interval) }) { first, _ in first }
            return state.thread != nil
        }
        if isRunning { wake.post(()) }
    }

    /// Starts the thread, if there is none yet.
    func start(_ report: @escaping Report) throws(SystemError) {
        guard state.withLock({ $0.thread == nil }) else { return }
        let started = try Thread.start(name: "sluice names") { self.run(report) }
        state.withLock { $0.thread = started }
    }

    /// Ends the thread. A look-up that is under way is not waited for: it may take as long as the resolver likes, and touches
    /// nothing afterwards.
    func stop() {
        let thread = state.withLock { state in
            defer { state.thread = nil }
            state.isStopping = true
            return state.thread
        }
        wake.post(())
        thread?.detach()
    }

    private func run(_ report: Report) {
        do throws(SystemError) {
            var poller = try Poller()
            try poller.add(wake.descriptor, Events(reading: true, writing: false), word: 0)
            while !state.withLock(\.isStopping) {
                _ = wake.take()
                lookUpDue(report)
                let next = state.withLock { $0.dueAt.values.min() } ?? .max
                let wait = next == .max ? 60_000 : min(max(1, next - monotonicMilliseconds()), 60_000)
                _ = try poller.wait(milliseconds: Int32(truncatingIfNeeded: wait))
            }
        } catch {
            for name in state.withLock({ Array($0.dueAt.keys) }) {
                report(name, .failure(ResolveError(host: name.address.text, reason: "\(error)")))
            }
        }
    }

    private func lookUpDue(_ report: Report) {
        let now = monotonicMilliseconds()
        for name in state.withLock({ state in state.dueAt.filter { $0.value <= now }.map(\.key) }) {
            let result = Self.look(name.address)
            let isWanted = state.withLock { state in
                guard !state.isStopping, state.dueAt[name] != nil else { return false }
                state.dueAt[name] = monotonicMilliseconds() + name.interval
                return true
            }
            if isWanted { report(name, result) }
        }
    }

    private static func look(_ address: Configuration.Address) -> Result<[SocketAddress], ResolveError> {
        guard case .inet(let host, let port) = address else { return .success([]) }
        do throws(ResolveError) {
            return .success(try SocketAddress.resolve(host: host, port: port))
        } catch {
            return .failure(error)
        }
    }
}

import Configuration
import Reactor

/// Looks names up again and again on a thread of its own, one after the other: the system's resolver blocks, and a slow one
/// holds up other names, but no session and no probe.
final class NameWatch: Sendable {
    /// A name, and who wants to know its addresses.
    struct Name: Sendable {
        let address: Configuration.Address
        /// Milliseconds between two looks.
        let interval: Int64
        /// Called on the watch's thread with what the resolver says; failures too.
        let report: @Sendable (Result<[SocketAddress], ResolveError>) -> Void
    }

    private let names: [Name]
    private let wake: Mailbox<Void>
    private let isStopping = Lock(false)
    private let thread = Lock<Thread?>(nil)

    init(_ names: [Name]) throws(SystemError) {
        self.names = names
        wake = try Mailbox<Void>()
    }

    /// Starts the thread, if there is a name to look up.
    func start() throws(SystemError) {
        guard !names.isEmpty else { return }
        let started = try Thread.start(name: "sluice names") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Ends the thread. A look-up that is under way is not waited for: it may take as long as the resolver likes, and touches
    /// nothing afterwards.
    func stop() {
        isStopping.withLock { $0 = true }
        wake.post(())
        let thread = self.thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.detach()
    }

    private func run() {
        do throws(SystemError) {
            var poller = try Poller()
            try poller.add(wake.descriptor, Events(reading: true, writing: false), word: 0)
            var dueAt = names.map { monotonicMilliseconds() + $0.interval }
            while !isStopping.withLock({ $0 }) {
                lookUpDue(&dueAt)
                let wait = max(1, (dueAt.min() ?? .max) - monotonicMilliseconds())
                _ = try poller.wait(milliseconds: Int32(truncatingIfNeeded: min(wait, 60_000)))
            }
        } catch {
            for name in names { name.report(.failure(ResolveError(host: name.address.text, reason: "\(error)"))) }
        }
    }

    private func lookUpDue(_ dueAt: inout [Int64]) {
        let now = monotonicMilliseconds()
        for (index, name) in names.enumerated() where dueAt[index] <= now {
            let result = Self.look(name.address)
            guard !isStopping.withLock({ $0 }) else { return }
            name.report(result)
            dueAt[index] = monotonicMilliseconds() + name.interval
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

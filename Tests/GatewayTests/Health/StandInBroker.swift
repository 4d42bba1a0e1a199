import Glibc
import Reactor

/// A broker of the tests: a real listener, a thread for each connection, and a behaviour that says what becomes of it.
final class StandInBroker: Sendable {
    /// A connection that has ended.
    struct Visit: Sendable {
        /// From 1, in the order of their coming.
        let number: Int
        let client: CompactAddress
        /// What each read gave.
        let reads: [[UInt8]]
        /// The client's end was a reset, or the behaviour left first.
        let isOrderly: Bool

        var received: [UInt8] { Array(reads.joined()) }
    }

    private struct State {
        var opened = 0
        var live: Set<Int32> = []
        var overlaps = 0
        var threads: [Thread] = []
        var visits: [Visit] = []
    }

    let address: SocketAddress
    let port: UInt16
    private let state = Lock(State())
    private let ended: Mailbox<Visit>
    private let listener: Int32
    /// Readable when the broker is to end.
    private let end: (read: Int32, write: Int32)
    private let behaviour: @Sendable (StandInConnection) -> Void

    init(_ behaviour: @escaping @Sendable (StandInConnection) -> Void) throws {
        self.behaviour = behaviour
        let listener = try Socket.listen(SocketAddress.resolve(host: "127.0.0.1", port: 0)[0], shared: false)
        guard let address = Socket.localAddress(listener) else { throw SystemError("getsockname", code: errno) }
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw SystemError("pipe", code: errno) }
        self.listener = listener
        self.address = address
        port = CompactAddress(address).port
        end = (pipes[0], pipes[1])
        ended = try Mailbox<Visit>()
        let accepting = try Thread.start(name: "stand-in") { [self] in accept() }
        state.withLock { $0.threads.append(accepting) }
    }

    /// As logs show it.
    var text: String { CompactAddress(address).text }
    /// Connections so far.
    var opened: Int { state.withLock(\.opened) }
    /// Connections that came before the client had ended the one before.
    var overlaps: Int { state.withLock(\.overlaps) }

    /// The next connection that ends; nil: none did in time.
    func nextVisit() -> Visit? {
        if state.withLock({ $0.visits.isEmpty }) {
            guard waitReadable(ended.descriptor, milliseconds: patience) else { return nil }
            let visits = ended.take()
            state.withLock { $0.visits += visits }
        }
        return state.withLock { $0.visits.isEmpty ? nil : $0.visits.removeFirst() }
    }

    /// The next `count` connections that end; fewer when they do not come in time.
    func nextVisits(_ count: Int) -> [Visit] { (0..<count).compactMap { _ in nextVisit() } }

    /// Ends all connections, and waits for all threads.
    func stop() {
        _ = write(end.write, "x", 1)
        while let thread = state.withLock({ $0.threads.popLast() }) { thread.join() }
        for descriptor in [listener, end.read, end.write] { close(descriptor) }
    }

    // MARK: Threads

    private func accept() {
        while StandInConnection.isReadable(listener, unless: end.read) {
            guard case .connection(let descriptor, let client) = Socket.accept(listener) else { continue }
            state.withLock { state in
                state.opened += 1
                state.overlaps += state.live.contains { !Self.hasEnded($0) } ? 1 : 0
                state.live.insert(descriptor)
                let connection = StandInConnection(descriptor, number: state.opened, client: client, end: end.read)
                let body: @Sendable () -> Void = { [self] in serve(connection) }
                if let thread = try? Thread.start(name: "visit", body) { state.threads.append(thread) }
            }
        }
    }

    private func serve(_ connection: StandInConnection) {
        behaviour(connection)
        let visit = connection.visit
        state.withLock { state in
            state.live.remove(connection.descriptor)
            close(connection.descriptor)
        }
        ended.post(visit)
    }

    /// POLLRDHUP of poll(2), a GNU extension that Glibc does not show here.
    private static let clientHasEnded: Int16 = 0x2000

    /// Whether the client has sent its FIN.
    private static func hasEnded(_ descriptor: Int32) -> Bool {
        var wait = pollfd(fd: descriptor, events: clientHasEnded, revents: 0)
        return poll(&wait, 1, 0) > 0
    }
}

/// Milliseconds that a test waits for what must come.
let patience: Int32 = 20_000

/// False: nothing came in time.
func waitReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&wait, 1, milliseconds) > 0
}

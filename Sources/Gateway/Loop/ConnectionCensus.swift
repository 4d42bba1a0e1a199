/// How many connections there are, by listener and state, and what waits in them. A loop counts a part of its connections in
/// each turn, so that counting a hundred thousand holds up nobody: connections may come and go meanwhile.
struct ConnectionCensus: Sendable {
    /// By the identity of the listener.
    private(set) var counts: [[ConnectionState: Int]] = []
    /// Bytes from clients that brokers have not taken, and bytes for clients.
    private(set) var waitingReceived = 0
    private(set) var waitingSent = 0
    private var nextSlot = 0
    private(set) var isComplete = false

    /// Slots that one turn looks at, at most.
    static let reach = 2048

    init() {}

    /// Goes on with the connections of a slab.
    fileprivate mutating func count(_ connections: borrowing Slab<ClientConnection>) {
        let end = min(connections.slots, nextSlot + Self.reach)
        for slot in nextSlot..<max(nextSlot, end) {
            guard let connection = connections[slot: slot] else { continue }
            let session = connection.pointee.session
            add(
                connection.pointee.client.listenerIdentity,
                ConnectionState(connection.pointee.machine.phase, session?.pointee.phase))
            waitingSent += connection.pointee.leg.backlog.count
            waitingReceived += session?.pointee.pipe.upstream.backlog.count ?? 0
            guard let http2 = connection.pointee.http2 else { continue }
            for stream in http2.pointee.streams {
                waitingSent += stream.pointee.backlog.count
                guard let session = stream.pointee.session else { continue }
                add(
                    connection.pointee.client.listenerIdentity,
                    ConnectionState(stream.pointee.machine.phase, session.pointee.phase))
                waitingReceived += stream.pointee.held.count + session.pointee.pipe.upstream.backlog.count
            }
        }
        nextSlot = end
        isComplete = end >= connections.slots
    }

    private mutating func add(_ listener: Int, _ state: ConnectionState, _ count: Int = 1) {
        while counts.count <= listener { counts.append([:]) }
        counts[listener][state, default: 0] += count
    }

    /// Adds what another loop has counted.
    mutating func add(_ other: ConnectionCensus) {
        for (listener, states) in other.counts.enumerated() {
            for (state, count) in states { add(listener, state, count) }
        }
        waitingReceived += other.waitingReceived
        waitingSent += other.waitingSent
    }
}

extension LoopContext {
    /// Goes on with a census.
    func count(_ census: inout ConnectionCensus) { census.count(connections) }
}

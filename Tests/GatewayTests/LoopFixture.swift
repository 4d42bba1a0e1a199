import Configuration
import Reactor
import Testing
import Tunnel

@testable import Gateway

/// A loop that no thread runs, and sessions that are open from the start.
enum LoopFixture {
    static let text = """
        worker_threads 1; error_log /dev/null; access_log off;
        server { listen 127.0.0.1:1; location / { mqtt_pass 127.0.0.1:2; } }
        """

    /// A loop of one listener and one upstream, which listens nowhere.
    static func makeLoop(
        _ text: String = text, index: Int = 0, counters: LoopCounters = LoopCounters()
    ) throws -> Loop {
        let text = Array(text.utf8)
        let source = ConfigurationSource(read: { _, _ in text }, glob: { _ in [] }, exists: { _ in true })
        let snapshot = try Snapshot.load(path: "/sluice.conf", prefix: "/", source: source)
        let services = try Services(snapshot.process)
        let draft = try GenerationDraft(snapshot, services: services)
        let generation = draft.generation(number: 1, upstreams: draft.upstreams)
        return try Loop.make(
            Loop.Parts(
                index: index, first: Lock(Adoption(generation: generation, sockets: [])), services: services,
                mailbox: try Mailbox(),
                counters: counters, report: { _ in }))
    }

    /// An open session over these sockets; -1: over none.
    static func openSession(_ loop: LoopPointer, client: Int32 = -1, broker: Int32 = -1) throws -> SessionPointer {
        let listener = try #require(loop.pointee.generation.listeners.first)
        let facts = ClientFacts(
            id: 1, acceptedAt: loop.pointee.now, listener: listener, address: CompactAddress())
        let (token, connection) = loop.pointee.connections.reserve()
        connection.initialize(
            to: ClientConnection(
                loop, token: token, address: connection, client: facts, listener: listener, descriptor: client))
        connection.pointee.begin(nil)
        let route = try #require(listener.defaultServer.route(for: "/"))
        let request = try #require(connection.pointee.exchange?.request)
        connection.pointee.machine.upgraded()
        connection.pointee.limitNothing()
        connection.pointee.exchange = nil
        let (place, session) = loop.pointee.sessions.reserve()
        session.initialize(
            to: Session(
                loop, token: place, address: session, channel: .connection(connection), client: facts, route: route,
                record: SessionRecord(request, upstreamName: ""), head: nil))
        connection.pointee.session = session
        session.pointee.machine.connectArrived()
        session.pointee.machine.admitted(tries: 1)
        session.pointee.machine.peerConnected()
        _ = session.pointee.machine.connackArrived(isAccepted: true)
        session.pointee.opening = nil
        session.pointee.pipe.upstream.attach(broker)
        return session
    }
}

extension SessionPointer {
    /// Ends the session and its connection at once.
    func abort() {
        switch pointee.channel {
        case .connection(let connection): connection.abort(.shutdown)
        case .stream(let stream): stream.pointee.connection.abort(.shutdown)
        }
    }
}

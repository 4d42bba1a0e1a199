import Configuration
import Foundation
import Reactor
import Testing
import Tunnel

@testable import Gateway

@Suite("Sessions whose credentials expire")
struct ExpiryTests {
    private static let text = """
        worker_threads 1; error_log /dev/null; access_log off;
        server { listen 127.0.0.1:1; location / { mqtt_pass 127.0.0.1:2; } }
        """

    private func makeLoop() throws -> Loop {
        let text = Array(Self.text.utf8)
        let source = ConfigurationSource(read: { _, _ in text }, glob: { _ in [] }, exists: { _ in true })
        let snapshot = try Snapshot.load(path: "/sluice.conf", prefix: "/", source: source)
        let services = try Services(snapshot.process)
        let draft = try GenerationDraft(
            snapshot, listeners: snapshot.listeners.map(\.address), services: services, pools: PoolTable())
        let generation = draft.generation(number: 1, upstreams: draft.upstreams)
        return try Loop.make(
            Loop.Parts(
                index: 0, first: Lock(generation), services: services, sockets: [], mailbox: try Mailbox(),
                counters: LoopCounters(), report: { _ in }))
    }

    private func pair() throws -> (near: Int32, far: Int32) {
        var descriptors: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &descriptors) == 0)
        return (descriptors[0], descriptors[1])
    }

    /// An open session, whose client has got the first part of a packet.
    private func open(_ loop: LoopPointer, client: Int32, broker: Int32) throws -> SessionPointer {
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
        let part: [UInt8] = [0x30, 100, 0, 1, 0x74]
        loop.pointee.buffers.down.copyMemory(from: part, byteCount: part.count)
        session.pointee.pipeDown(loop.pointee.buffers.down, count: part.count)
        return session
    }

    @Test("The end waits for the packet under way, but no longer than its limit")
    func expiresInsideAPacket() throws {
        let (client, broker) = (try pair(), try pair())
        var loop = try makeLoop()
        let context = loop.context
        let session = try open(context, client: client.near, broker: broker.near)
        func pass(_ milliseconds: Int64) {
            context.pointee.now += milliseconds
            var due: [(token: TimerWheel.Token, tick: Int64)] = []
            context.pointee.wheel.expire(now: context.pointee.now, into: &due)
            for entry in due where TimerOwner(wheelToken: entry.token) == .session(session.pointee.token) {
                session.timerFired(tick: entry.tick)
            }
        }
        session.pointee.pipe.expiresAt = context.pointee.now + 1000
        session.pointee.limit(1000)
        pass(2000)
        #expect(session.pointee.phase == .open && session.pointee.pipe.postponedEnd?.cause == .tokenExpired)
        for _ in 0..<70 where session.pointee.phase == .open { pass(1000) }
        #expect(session.pointee.machine.cause == .tokenExpired)
        session.abort()
        loop.freeEnded()
        #expect(context.pointee.connections.count == 0 && context.pointee.sessions.count == 0)
        for descriptor in [client.far, broker.far] { Socket.close(descriptor) }
    }
}

extension SessionPointer {
    fileprivate func abort() {
        switch pointee.channel {
        case .connection(let connection): connection.abort(.shutdown)
        }
    }
}

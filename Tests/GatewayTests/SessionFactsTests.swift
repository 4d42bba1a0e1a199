import Glibc
import Reactor
import TestSupport
import Testing
import Tunnel
import Wire

@testable import Gateway

@Suite("What a session has counted")
struct SessionFactsTests {
    /// A session between two sockets whose other ends the test holds.
    private struct Line {
        let session: SessionPointer
        let client: Int32
        let broker: Int32

        init(_ loop: LoopPointer, version: ProtocolVersion = .v5_0) throws {
            let (client, broker) = (try Self.pair(), try Self.pair())
            session = try LoopFixture.openSession(loop, client: client.near, broker: broker.near)
            session.pointee.record.version = version
            session.pointee.pipe.uplink.open(version: version, packetLimit: 0)
            session.pointee.pipe.downlink = Downlink(framing: session.pointee.pipe.framing, version: version)
            (self.client, self.broker) = (client.far, broker.far)
        }

        private static func pair() throws -> (near: Int32, far: Int32) {
            var descriptors: [Int32] = [-1, -1]
            try #require(
                socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &descriptors) == 0)
            return (descriptors[0], descriptors[1])
        }

        /// The client sends these bytes, and the session reads them.
        func fromClient(_ bytes: [UInt8]) {
            #expect(send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
            guard case .connection(let connection) = session.pointee.channel else { return }
            connection.handle(Events(reading: true, writing: false))
        }

        func fromBroker(_ bytes: [UInt8]) {
            #expect(send(broker, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
            session.handle(Events(reading: true, writing: false))
        }

        /// Takes all that one end has got.
        func drain(_ descriptor: Int32) -> Int {
            var room = [UInt8](repeating: 0, count: 65_536)
            var total = 0
            while case let count = recv(descriptor, &room, room.count, 0), count > 0 { total += count }
            return total
        }

        /// The legs are written to again.
        func flush() {
            guard case .connection(let connection) = session.pointee.channel else { return }
            connection.handle(Events(reading: false, writing: true))
            session.handle(Events(reading: false, writing: true))
        }

        func close() {
            for descriptor in [client, broker] { Socket.close(descriptor) }
        }
    }

    @Test("The loop's words are the sums of its sessions, those that have ended included")
    func sums() throws {
        let counters = LoopCounters()
        var loop = try LoopFixture.makeLoop(counters: counters)
        let context = loop.context
        var random = SeededGenerator(seed: 11)
        var (received, sent) = (PacketCounts(), PacketCounts())
        var (bytesReceived, bytesSent): (UInt64, UInt64) = (0, 0)
        for number in 0..<12 {
            let isVersion5 = number % 2 == 0
            let line = try Line(context, version: isVersion5 ? .v5_0 : .v3_1_1)
            let up = MQTTTraffic(fromClient: true, isVersion5: isVersion5)
                .stream(packets: 30, largest: 300, &random)
            let down =
                [0x20, 2, 0, 0]
                + MQTTTraffic(fromClient: false, isVersion5: isVersion5)
                .stream(packets: 30, largest: 300, &random)
            for part in split(up, at: random.cuts(up.count, largest: 900)) {
                line.fromClient(ClientFrame.binary(Array(part)).bytes)
            }
            for part in split(down, at: random.cuts(down.count, largest: 900)) {
                line.fromBroker(Array(part))
                _ = line.drain(line.client)
            }
            if number % 3 == 0 { line.session.pointee.end(.drained) }
            let facts = line.session.pointee.describe()
            let fault = ReferenceCounts(up, isVersion5: isVersion5).fault(facts.received.packets, .received)
            #expect(fault == nil && facts.received.bytes == UInt64(up.count))
            let expectsDisconnect = number % 3 == 0 && isVersion5
            #expect(facts.sent.packets[.disconnect].packets == (expectsDisconnect ? 1 : 0))
            #expect(facts.sent.packets.total.bytes == facts.sent.bytes)
            #expect(facts.webSocket?.framesSent == facts.sent.packets.total.packets)
            (received, sent) = (received + facts.received.packets, sent + facts.sent.packets)
            (bytesReceived, bytesSent) = (bytesReceived + facts.received.bytes, bytesSent + facts.sent.bytes)
            line.session.abort()
            line.close()
        }
        #expect(counters.packets(.received) == received && counters.packets(.sent) == sent)
        #expect(counters[.bytesReceived] == bytesReceived && counters[.bytesSent] == bytesSent)
        #expect(received.total.packets == 360 && sent.total.packets == 12 * 31 + 2)
        loop.freeEnded()
    }

    @Test("A broker that takes nothing stops its client; the time counts while it lasts, and in the loop when it ends")
    func receivedBackpressure() throws {
        let counters = LoopCounters()
        var loop = try LoopFixture.makeLoop(counters: counters)
        let context = loop.context
        let line = try Line(context)
        let block = ClientFrame.binary(
            MQTTTraffic.packet(0x30, [0, 1, 0x61, 0] + [UInt8](repeating: 1, count: 60_000)))
        for _ in 0..<100 where line.session.pointee.pipe.upstream.isFlushed { line.fromClient(block.bytes) }
        var facts = line.session.pointee.describe()
        #expect(facts.received.backpressureCount == 1 && facts.received.backpressureMilliseconds == 0)
        #expect(facts.received.waiting > 0 && facts.sent.backpressureCount == 0 && !line.session.pointee.wantsInput)
        context.pointee.now += 700
        facts = line.session.pointee.describe()
        #expect(facts.received.backpressureMilliseconds == 700 && facts.received.idle == 700)
        #expect(counters[.backpressureReceived] == 1 && counters[.backpressureMillisecondsReceived] == 0)
        while !line.session.pointee.pipe.upstream.isFlushed {
            #expect(line.drain(line.broker) > 0)
            line.flush()
        }
        context.pointee.now += 5000
        facts = line.session.pointee.describe()
        #expect(facts.received.backpressureCount == 1 && facts.received.backpressureMilliseconds == 700)
        #expect(facts.received.waiting == 0 && line.session.pointee.wantsInput)
        #expect(counters[.backpressureMillisecondsReceived] == 700 && counters[.backpressureSent] == 0)
        line.session.abort()
        line.close()
        loop.freeEnded()
    }

    @Test("A client that takes nothing stops its broker; the end of the session ends the time")
    func sentBackpressure() throws {
        let counters = LoopCounters()
        var loop = try LoopFixture.makeLoop(counters: counters)
        let context = loop.context
        let line = try Line(context)
        let packet = MQTTTraffic.packet(0x30, [0, 1, 0x61, 0] + [UInt8](repeating: 1, count: 60_000))
        for _ in 0..<100 where line.session.pointee.channel.isFlushed { line.fromBroker(packet) }
        context.pointee.now += 300
        let facts = line.session.pointee.describe()
        #expect(facts.sent.backpressureCount == 1 && facts.sent.backpressureMilliseconds == 300)
        #expect(facts.sent.waiting > 0 && facts.received.backpressureCount == 0)
        line.session.abort()
        #expect(counters[.backpressureSent] == 1 && counters[.backpressureMillisecondsSent] == 300)
        #expect(counters[.backpressureReceived] == 0)
        line.close()
        loop.freeEnded()
    }

    @Test("Pings of both sides, the time of an answer, and what was active when")
    func webSocket() throws {
        var loop = try LoopFixture.makeLoop()
        let context = loop.context
        let line = try Line(context)
        line.session.pointee.record.subprotocol = "mqtt"
        line.fromClient(ClientFrame.control(9, [1, 2]).bytes + ClientFrame.control(10).bytes)
        line.session.pointee.pipe.keepAlive = KeepAlive(seconds: 0, pingInterval: 1000)
        line.session.pointee.limit(1000)
        context.pointee.now += 1500
        line.fromBroker([0xD0, 0x00])
        var due: [(token: TimerWheel.Token, tick: Int64)] = []
        context.pointee.wheel.expire(now: context.pointee.now, into: &due)
        for entry in due where TimerOwner(wheelToken: entry.token) == .session(line.session.pointee.token) {
            line.session.timerFired(tick: entry.tick)
        }
        var facts = line.session.pointee.describe()
        #expect(facts.webSocket?.pingsReceived == 1 && facts.webSocket?.pongsReceived == 1)
        #expect(facts.webSocket?.pingsSent == 1 && facts.webSocket?.roundTrip == nil)
        #expect(facts.received.idle == 1500 && facts.sent.idle == 0 && facts.webSocket?.framesSent == 1)
        // Not the answer to a ping without payload.
        line.fromClient(ClientFrame.control(10, [7]).bytes)
        #expect(line.session.pointee.describe().webSocket?.roundTrip == nil)
        line.fromClient(ClientFrame.control(10).bytes + ClientFrame.binary([0xC0, 0x00]).bytes)
        facts = line.session.pointee.describe()
        #expect(facts.webSocket?.pongsReceived == 3 && (facts.webSocket?.roundTrip ?? 0) > 0)
        #expect(facts.webSocket?.framesReceived == 1 && facts.webSocket?.subprotocol == "mqtt")
        line.session.abort()
        line.close()
        loop.freeEnded()
    }
}

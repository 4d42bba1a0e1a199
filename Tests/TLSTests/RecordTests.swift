import COpenSSL
import TestSupport
import Testing

@testable import TLS

@Suite("TLS records")
struct RecordTests {
    private func open(_ version: Int32 = TLS1_3_VERSION, outputCapacity: Int = 350_000) throws -> Connection {
        let connection = try Connection(
            makeContext(), ServerLoop(outputCapacity: outputCapacity), .init(version: version))
        try #require(connection.handshake())
        _ = connection.client.readAll()
        return connection
    }

    private func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test("Read-ahead: many records of one event come one by one, and then nothing is left", arguments: versions)
    func drained(version: Int32) throws {
        let connection = try open(version)
        for index in 0..<100 as Range<UInt8> { connection.client.write([index]) }
        connection.loop.give(connection.client.take())
        for index in 0..<100 {
            #expect(!connection.isDrained, "record \(index)")
            guard case .bytes(1) = connection.readOnce() else {
                Issue.record("record \(index) is missing")
                return
            }
        }
        #expect(connection.isDrained)
        guard case .incomplete = connection.readOnce() else {
            Issue.record("more than was sent")
            return
        }
    }

    @Test("A whole event of large records", arguments: versions)
    func bulk(version: Int32) throws {
        let connection = try open(version)
        let message = bytes(500_000)
        connection.client.write(message)
        let cipher = connection.client.take()
        for part in stride(from: 0, to: cipher.count, by: 262_144) {
            #expect(connection.event(cipher[part..<min(cipher.count, part + 262_144)]) == .open)
        }
        #expect(connection.takeReceived() == message)
        #expect(connection.isDrained)
    }

    @Test(
        "A part of a record stays with its connection until the rest has come",
        arguments: 1...10 as ClosedRange<UInt64>)
    func parts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let loop = try ServerLoop()
        let context = try makeContext()
        let connections = try (0..<3).map { try Connection(context, loop, .init(version: versions[$0 % 2])) }
        for connection in connections { try #require(connection.handshake()) }
        let messages = connections.indices.map { bytes(20_000 + $0, seed: seed &* 10 &+ UInt64($0)) }
        var waiting: [ArraySlice<UInt8>] = []
        for (connection, message) in zip(connections, messages) {
            for start in stride(from: 0, to: message.count, by: 700) {
                connection.client.write(Array(message[start..<min(start + 700, message.count)]))
            }
            waiting.append(connection.client.take()[...])
        }
        while waiting.contains(where: { !$0.isEmpty }) {
            let index = Int.random(in: 0..<connections.count, using: &random)
            let count = min(Int.random(in: 0...3_000, using: &random), waiting[index].count)
            #expect(connections[index].event(waiting[index].prefix(count)) == .open, "seed \(seed)")
            waiting[index] = waiting[index].dropFirst(count)
        }
        #expect(connections.map(\.received) == messages, "seed \(seed)")
        #expect(connections.allSatisfy { $0.isDrained }, "seed \(seed)")
    }

    @Test(
        "A full output: takes what fits, goes on where it stopped, from another address too",
        arguments: [8_000, 16_384, 17_000, 40_000, 100_000])
    func fullOutput(capacity: Int) throws {
        for version in versions {
            let connection = try open(version, outputCapacity: capacity)
            let message = bytes(200_000)
            var (sent, turns) = (0, 0)
            while sent < message.count, turns < 200 {
                turns += 1
                // A new array each time: the bytes move.
                let count = try #require(connection.write(Array(message[sent...])))
                #expect(ERR_peek_error() == 0)
                sent += count
                let cipher = connection.loop.take()
                if cipher.isEmpty { break }
                connection.client.feed(cipher)
            }
            // A record is at most 16 KiB and what TLS adds: less room than that takes none.
            #expect((sent == message.count) == (capacity > 16_700), "capacity \(capacity)")
            #expect(connection.client.readAll() == Array(message.prefix(sent)), "capacity \(capacity)")
        }
    }

    @Test("Without any room nothing is taken; the same bytes go out once there is room")
    func noRoom() throws {
        let connection = try open()
        let capacity = connection.loop.buffers.pointee.outputCapacity
        connection.loop.buffers.pointee.outputCount = capacity
        #expect(connection.write([1, 2, 3]) == 0)
        #expect(ERR_peek_error() == 0)
        connection.loop.buffers.pointee.outputCount = 0
        #expect(connection.write([1, 2, 3]) == 3)
        connection.client.feed(connection.loop.take())
        #expect(connection.client.readAll() == [1, 2, 3])
    }

    @Test("close_notify of the server (RFC 8446 §6.1) ends the client's stream behind its bytes", arguments: versions)
    func serverCloses(version: Int32) throws {
        let connection = try open(version)
        #expect(connection.write([1]) == 1)
        connection.shutdown()
        #expect(connection.client.read() == .bytes([1]))
        #expect(connection.client.read() == .closed)
        #expect(ERR_peek_error() == 0)
    }

    @Test("close_notify of the client is the end of its bytes", arguments: versions)
    func clientCloses(version: Int32) throws {
        let connection = try open(version)
        connection.client.write([1])
        connection.client.shutdown()
        #expect(connection.event(connection.client.take()) == .closed)
        #expect(connection.received == [1])
        // Bytes can still go to a client that only closed its side (RFC 8446 §6.1).
        #expect(connection.write([2]) == 1)
        connection.client.feed(connection.loop.take())
        #expect(ERR_peek_error() == 0)
    }

    @Test("A goodbye in the middle of the handshake is no error for the next connection")
    func earlyGoodbye() throws {
        let loop = try ServerLoop()
        let context = try makeContext()
        let connection = try Connection(context, loop)
        #expect(!connection.step())
        connection.shutdown()
        #expect(ERR_peek_error() == 0)
        #expect(try Connection(context, loop).handshake())
    }
}

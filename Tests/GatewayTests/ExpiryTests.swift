import Configuration
import Foundation
import Reactor
import Testing
import Tunnel

@testable import Gateway

@Suite("Sessions whose credentials expire")
struct ExpiryTests {
    private func pair() throws -> (near: Int32, far: Int32) {
        var descriptors: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &descriptors) == 0)
        return (descriptors[0], descriptors[1])
    }

    @Test("The end waits for the packet under way, but no longer than its limit")
    func expiresInsideAPacket() throws {
        let (client, broker) = (try pair(), try pair())
        var loop = try LoopFixture.makeLoop()
        let context = loop.context
        let session = try LoopFixture.openSession(context, client: client.near, broker: broker.near)
        // The client has got the first part of a packet.
        let part: [UInt8] = [0x30, 100, 0, 1, 0x74]
        context.pointee.buffers.down.copyMemory(from: part, byteCount: part.count)
        session.pointee.pipeDown(context.pointee.buffers.down, count: part.count)
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

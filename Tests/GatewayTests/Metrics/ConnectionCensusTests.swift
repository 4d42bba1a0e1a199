import Reactor
import Testing
import Tunnel

@testable import Gateway

@Suite("Census of connections")
struct ConnectionCensusTests {
    @Test("Turn by turn, a loop counts every connection once, by its state")
    func turns() throws {
        var loop = try LoopFixture.makeLoop()
        let context = loop.context
        let open = try (0..<3 * ConnectionCensus.reach).map { _ in try LoopFixture.openSession(context) }
        for number in open.indices where number % 3 == 0 { open[number].abort() }
        open[1].pointee.machine = .authenticating
        loop.freeEnded()
        let answer = Lock<ConnectionCensus?>(nil)
        var order = Loop.Order.census(ConnectionCensus()) { census in answer.withLock { $0 = census } }
        for turn in 1...3 {
            loop.obey(order)
            #expect((answer.withLock { $0 } != nil) == (turn == 3))
            if turn < 3 { order = try #require(context.pointee.mailbox.take().first) }
        }
        let census = try #require(answer.withLock { $0 })
        #expect(census.counts == [[.open: 2 * ConnectionCensus.reach - 1, .authenticating: 1]])
        for number in open.indices where number % 3 != 0 { open[number].abort() }
        loop.freeEnded()
    }

    @Test("An empty loop is counted at once, and censuses are added up")
    func empty() throws {
        var loop = try LoopFixture.makeLoop()
        var census = ConnectionCensus()
        loop.context.pointee.count(&census)
        #expect(census.isComplete && census.counts.isEmpty)
        let session = try LoopFixture.openSession(loop.context)
        var other = ConnectionCensus()
        loop.context.pointee.count(&other)
        census.add(other)
        census.add(other)
        #expect(census.counts == [[.open: 2]])
        session.abort()
        loop.freeEnded()
    }

    @Test("A connection that carries no session any longer is closing", arguments: ConnectionMachine.Phase.allCases)
    func states(phase: ConnectionMachine.Phase) {
        let state = ConnectionState(phase, nil)
        #expect((state == .closing) == (phase == .tunnelling || phase == .closing))
    }
}

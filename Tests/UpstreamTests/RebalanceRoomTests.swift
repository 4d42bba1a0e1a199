import Testing

@testable import Upstream

@Suite("Where moved sessions may go")
struct RebalanceRoomTests {
    private func pool(_ settings: [Peer.Settings], _ balancer: Balancer = .roundRobin) -> (Pool, SessionCounts) {
        let counts = SessionCounts(peers: settings.count)
        return (Pool(settings, balancer: balancer, counts: counts), counts)
    }

    @Test("A peer is well when it is wanted, probes pass, and nothing has failed recently")
    func well() {
        var (pool, _) = pool([.init(failTimeout: 100), .init(isDown: true), .init(isDraining: true), .init(), .init()])
        pool.record(3, isHealthy: false, now: 0)
        _ = pool.failed(0, now: 0)
        #expect((0..<5).map { pool.isWell($0, now: 50) } == [false, false, false, false, true])
        #expect(pool.isWell(0, now: 100))
    }

    @Test("Room by max_conns; none without a limit is bounded")
    func limit() {
        let (pool, counts) = pool([.init(maxConnections: 3), .init()])
        for _ in 0..<2 { #expect(counts.acquire(0, limit: 3)) }
        #expect(pool.room(on: 0, now: 0) == 1)
        #expect(pool.room(on: 1, now: 0) == .max)
    }

    @Test("Room by hash_balance_factor: the bound on the peer's share, less what it has")
    func bound() {
        let settings = (0..<2).map { Peer.Settings(identity: UInt64($0)) }
        let (pool, counts) = pool(settings, .hash(isConsistent: true, balanceFactor: 1500))
        for _ in 0..<20 { #expect(counts.acquire(1, limit: 0)) }
        // 20 sessions, half of them is 10, one and a half times that is 15.
        #expect(pool.room(on: 0, now: 0) == 15)
        #expect(pool.room(on: 1, now: 0) == 0)
    }

    @Test("A slow start of a peer that is out does not count, and none has begun that lies ahead")
    func slowStart() {
        var (pool, _) = pool([.init(failTimeout: 100, slowStart: 1000), .init(failTimeout: 100)])
        #expect(!pool.hasSlowStart(now: 0))
        let isOut = pool.failed(0, now: 0)
        #expect(isOut)
        #expect(!pool.hasSlowStart(now: 50))
        #expect(pool.hasSlowStart(now: 100))
        #expect(!pool.hasSlowStart(now: 1100))
    }

    @Test("What was down comes back healthy: nobody has probed it; what was drained keeps what probes say")
    func comeBack() {
        for isDown in [true, false] {
            var (pool, counts) = pool([.init(isDown: isDown, isDraining: !isDown), .init()])
            pool.record(0, isHealthy: false, now: 0)
            let mayMove = pool.update([.init(), .init()], counts: counts, now: 0)
            #expect(mayMove)
            #expect(pool.peers[0].isHealthy == isDown)
        }
    }
}

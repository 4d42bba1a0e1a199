import TestSupport
import Testing

@testable import Upstream

@Suite("Pool")
struct PoolTests {
    private func pool(_ settings: [Peer.Settings]) -> (Pool, SessionCounts) {
        let counts = SessionCounts(peers: settings.count)
        return (Pool(settings, counts: counts), counts)
    }

    /// The choices of `count` sessions that stay.
    private func choose(_ pool: inout Pool, _ count: Int, now: Int64 = 0, tried: [Int] = []) -> [Int?] {
        (0..<count).map { _ in pool.choose(now: now, tried: tried) }
    }

    @Test("Without a peer there is no choice")
    func empty() {
        var (pool, _) = pool([])
        #expect(pool.choose(now: 0, tried: []) == nil)
    }

    @Test("In turns, each choice taking a place that release gives back")
    func places() {
        var (pool, counts) = pool([.init(), .init()])
        #expect(choose(&pool, 4) == [0, 1, 0, 1])
        #expect([counts[0], counts[1]] == [2, 2])
        pool.release(0)
        #expect([counts[0], counts[1]] == [1, 2])
    }

    @Test("A peer that the operator has marked down is never chosen, also not as the last one")
    func down() {
        var (pool, counts) = pool([.init(isDown: true), .init(), .init(isBackup: true, isDown: true)])
        #expect(choose(&pool, 3) == [1, 1, 1])
        #expect(pool.choose(now: 0, tried: [1]) == nil)
        #expect(pool.failed(1, now: 0) == true)
        #expect(pool.choose(now: 0, tried: []) == 1)
        #expect([counts[0], counts[2]] == [0, 0])
    }

    @Test("Backups only when no primary is left: tried, out or full")
    func backup() {
        var (tried, _) = pool([.init(), .init(isBackup: true)])
        #expect(choose(&tried, 3) == [0, 0, 0])
        #expect(tried.choose(now: 0, tried: [0]) == 1)
        #expect(tried.choose(now: 0, tried: [0, 1]) == nil)

        var (out, _) = pool([.init(failTimeout: 100), .init(isBackup: true)])
        #expect(out.failed(0, now: 0) == true)
        #expect(out.choose(now: 99, tried: []) == 1)
        #expect(out.choose(now: 100, tried: []) == 0)

        var (full, _) = pool([.init(maxConnections: 1), .init(isBackup: true)])
        #expect(choose(&full, 3) == [0, 1, 1])
        full.release(0)
        #expect(full.choose(now: 0, tried: []) == 0)
    }

    @Test("When all have failed they are tried all the same, the primaries first")
    func lastResort() {
        var (pool, _) = pool([.init(), .init(), .init(isBackup: true)])
        for peer in 0...2 { #expect(pool.failed(peer, now: 0) == true) }
        #expect(Set(choose(&pool, 2, now: 1)) == [0, 1])
        #expect(pool.choose(now: 1, tried: [0]) == 1)
        #expect(pool.choose(now: 1, tried: [0, 1]) == 2)
        #expect(pool.choose(now: 1, tried: [0, 1, 2]) == nil)
    }

    @Test("A backup that is well is chosen before a primary that has failed")
    func healthBeforeRank() {
        var (pool, _) = pool([.init(), .init(isBackup: true)])
        #expect(pool.failed(0, now: 0) == true)
        #expect(pool.choose(now: 1, tried: []) == 1)
        #expect(pool.choose(now: 1, tried: [1]) == 0)
    }

    @Test("A success brings a peer back at once")
    func success() {
        var (pool, _) = pool([.init(), .init()])
        #expect(pool.failed(0, now: 0) == true)
        #expect(choose(&pool, 2, now: 1) == [1, 1])
        #expect(pool.succeeded(0) == true)
        #expect(pool.succeeded(0) == false)
        #expect(choose(&pool, 2, now: 1).contains(0))
    }

    @Test("max_conns holds as a last resort, too")
    func fullAndFailed() {
        var (pool, counts) = pool([.init(maxConnections: 2)])
        #expect(pool.failed(0, now: 0) == true)
        #expect(choose(&pool, 3, now: 1) == [0, 0, nil])
        #expect(counts[0] == 2)
    }

    @Test("Places are shared by the pools of all loops")
    func shared() {
        let counts = SessionCounts(peers: 1)
        var first = Pool([.init(maxConnections: 2)], counts: counts)
        var second = Pool([.init(maxConnections: 2)], counts: counts)
        #expect(first.choose(now: 0, tried: []) == 0)
        #expect(second.choose(now: 0, tried: []) == 0)
        #expect(first.choose(now: 0, tried: []) == nil)
        second.release(0)
        #expect(first.choose(now: 0, tried: []) == 0)
    }

    @Test("SessionCounts: a limit of 0 is none, any other is exact")
    func counts() {
        let counts = SessionCounts(peers: 2)
        for _ in 0..<1_000 { #expect(counts.acquire(0, limit: 0)) }
        #expect((0..<5).map { _ in counts.acquire(1, limit: 3) } == [true, true, true, false, false])
        counts.release(1)
        #expect(counts.acquire(1, limit: 3))
        #expect([counts[0], counts[1]] == [1_000, 3])
    }

    /// Takes and gives back places of shared counts, as one loop does; returns how often it took one and how often a peer
    /// had more sessions than it may.
    private static func load(
        _ counts: SessionCounts, _ settings: [Peer.Settings], seed: UInt64
    ) -> (taken: Int, exceeded: Int) {
        var random = SeededGenerator(seed: seed)
        var pool = Pool(settings, counts: counts)
        var (held, taken, exceeded) = ([Int](), 0, 0)
        for _ in 0..<20_000 {
            if Int.random(in: 0..<5, using: &random) < 3 {
                if let peer = pool.choose(now: 0, tried: []) {
                    held.append(peer)
                    taken += 1
                }
            } else if let peer = held.popLast() {
                pool.release(peer)
            }
            for index in settings.indices where !(0...settings[index].maxConnections).contains(counts[index]) {
                exceeded += 1
            }
        }
        for peer in held { pool.release(peer) }
        return (taken, exceeded)
    }

    @Test("max_conns is never exceeded by threads that choose at the same time")
    func concurrent() async {
        let settings: [Peer.Settings] = [.init(maxConnections: 3), .init(maxConnections: 1), .init(maxConnections: 7)]
        let counts = SessionCounts(peers: settings.count)
        let results = await withTaskGroup(of: (Int, Int).self) { group in
            for seed in 1...4 as ClosedRange<UInt64> { group.addTask { Self.load(counts, settings, seed: seed) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.map(\.1) == [0, 0, 0, 0])
        #expect(results.allSatisfy { $0.0 > 100 })
        #expect(settings.indices.map { counts[$0] } == [0, 0, 0])
    }
}

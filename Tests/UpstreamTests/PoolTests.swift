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

    @Test("In turn, each choice taking a place that release gives back")
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

    @Test("A pool is usable while one peer is: wanted, healthy, and not set aside; full or a backup is well enough")
    func usable() {
        var (pool, counts) = pool([
            .init(maxConnections: 1, failTimeout: 100), .init(isDown: true), .init(isDraining: true),
            .init(isBackup: true),
        ])
        #expect(choose(&pool, 1) == [0] && counts[0] == 1)
        pool.record(3, isHealthy: false, now: 0)
        #expect(pool.hasUsablePeer(now: 0), "the first is full")
        #expect(pool.failed(0, now: 0) == true)
        #expect(!pool.hasUsablePeer(now: 99))
        #expect(pool.hasUsablePeer(now: 100))
        pool.record(0, isHealthy: false, now: 100)
        #expect(!pool.hasUsablePeer(now: 100))
        pool.record(3, isHealthy: true, now: 100)
        #expect(pool.hasUsablePeer(now: 100))
        #expect(!Pool([], counts: SessionCounts(peers: 0)).hasUsablePeer(now: 0))
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
        var (pool, counts) = pool([.init(maxConnections: 2), .init(maxConnections: 1)])
        for peer in 0...1 { #expect(pool.failed(peer, now: 0) == true) }
        #expect(choose(&pool, 4, now: 1) == [0, 1, 0, nil])
        #expect([counts[0], counts[1]] == [2, 1])
    }

    @Test("A pool's only wanted peer is never taken out by failures: there is nobody to go to")
    func single() {
        for others in [[], [Peer.Settings(isDown: true), .init(isDraining: true)]] {
            var (pool, _) = pool([.init(failTimeout: 1_000)] + others)
            for now in 0..<5 as Range<Int64> { #expect(pool.failed(0, now: now) == false) }
            #expect(pool.peers[0].passive.isAvailable(now: 5))
            #expect(choose(&pool, 2, now: 5) == [0, 0])
        }
        var (two, _) = pool([.init(), .init()])
        #expect(two.failed(0, now: 0) == true)
    }

    @Test("A peer that drains gets no new session and keeps those it has, also as the last one")
    func draining() {
        var (pool, counts) = pool([.init(isDraining: true), .init()])
        #expect(counts.acquire(0, limit: 0))
        #expect(choose(&pool, 3) == [1, 1, 1])
        #expect(pool.choose(now: 0, tried: [1]) == nil)
        #expect(counts[0] == 1)
        pool.release(0)
        #expect(counts[0] == 0)
    }

    @Test("Indices of no peer trap nobody", arguments: [-1, 2, Int.max])
    func noPeer(index: Int) {
        var (pool, _) = pool([.init(), .init()])
        #expect(pool.failed(index, now: 0) == false)
        #expect(pool.succeeded(index) == false)
        pool.record(index, isHealthy: false, now: 0)
        #expect(pool.take(index, tried: []) == false)
        #expect(choose(&pool, 2, tried: [index]) == [0, 1])
    }

    @Test("take: a place on this very peer, unless it is out by wish, by probes, tried or full")
    func take() {
        var (pool, counts) = pool([
            .init(maxConnections: 1), .init(isDown: true), .init(isDraining: true), .init(isBackup: true), .init(),
        ])
        pool.record(4, isHealthy: false, now: 0)
        #expect((0..<5).map { pool.take($0, tried: []) } == [true, false, false, true, false])
        #expect((0..<5).map { counts[$0] } == [1, 0, 0, 1, 0])
        #expect(pool.take(0, tried: []) == false)
        #expect(pool.take(3, tried: [3]) == false)
        // A broker that names another knows more than recent failures.
        #expect(pool.failed(3, now: 0) == true)
        #expect(pool.take(3, tried: [0]) == true)
    }

    @Test("A peer that probes have found dead is never chosen, and comes back with a clean sheet")
    func probes() {
        var (pool, _) = pool([.init(), .init()])
        #expect(pool.failed(0, now: 0) == true)
        pool.record(0, isHealthy: false, now: 1)
        #expect(choose(&pool, 2, now: 20_000) == [1, 1])
        #expect(pool.choose(now: 20_000, tried: [1]) == nil)
        #expect(pool.failed(0, now: 20_000) == true)
        pool.record(0, isHealthy: true, now: 20_001)
        #expect(pool.peers[0].passive == PassiveCheck())
        #expect(Set(choose(&pool, 2, now: 20_001)) == [0, 1])
        pool.record(1, isHealthy: false, now: 20_002)
        #expect(choose(&pool, 2, now: 20_002) == [0, 0])
    }

    @Test("Every balancer keeps to the ranks and leaves nobody out", arguments: Balancer.all)
    func ranks(balancer: Balancer) {
        let settings = [Peer.Settings(identity: 1, maxConnections: 3), .init(identity: 2, isBackup: true)]
        var pool = Pool(settings, balancer: balancer, counts: SessionCounts(peers: 2))
        var random = SeededGenerator(seed: 1)
        let choices = (0..<6).map { _ in pool.choose(now: 0, key: random.next(), random: random.next()) }
        #expect(choices == [0, 0, 0, 1, 1, 1])
        pool.release(0)
        #expect(pool.choose(now: 0, key: random.next(), random: random.next(), tried: [0]) == 1)
        #expect(pool.choose(now: 0, key: random.next(), random: random.next()) == 0)
    }

    @Test("A thousand peers: each gets sessions, and each can be the last", arguments: Balancer.all)
    func thousand(balancer: Balancer) {
        let settings = addresses(1_000).map { Peer.Settings(identity: identity($0), maxConnections: 3) }
        var pool = Pool(settings, balancer: balancer, counts: SessionCounts(peers: 1_000))
        var random = SeededGenerator(seed: 2)
        for number in 0..<3_000 { #expect(pool.choose(now: 0, key: key(number), random: random.next()) != nil) }
        #expect(settings.indices.allSatisfy { pool.counts[$0] == 3 })
        #expect(pool.choose(now: 0, key: 1, random: random.next()) == nil)
        pool.release(777)
        #expect(pool.choose(now: 0, key: 1, random: random.next()) == 777)
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
}

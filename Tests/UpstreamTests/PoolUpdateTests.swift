import TestSupport
import Testing

@testable import Upstream

@Suite("Pool: what changes while it runs")
struct PoolUpdateTests {
    private let slow: Int64 = 10_000

    private func settings(_ identities: [UInt64], weight: Int = 1) -> [Peer.Settings] {
        identities.map { Peer.Settings(identity: $0, weight: weight, slowStart: slow) }
    }

    private func pool(_ settings: [Peer.Settings], _ balancer: Balancer = .roundRobin) -> Pool {
        Pool(settings, balancer: balancer, counts: SessionCounts(peers: settings.count))
    }

    private func weights(_ pool: Pool, now: Int64) -> [Int] { pool.peers.map { $0.effectiveWeight(now: now) } }

    @Test("The same settings change nothing")
    func same() {
        var pool = pool(settings([1, 2]))
        #expect(pool.failed(0, now: 0) == true)
        pool.record(1, isHealthy: false, now: 0)
        #expect(pool.update(settings([1, 2]), counts: pool.counts, now: 5) == false)
        #expect(!pool.peers[0].passive.isAvailable(now: 5))
        #expect(!pool.peers[1].isHealthy)
    }

    @Test("Another weight counts at once, without a slow start, and may move sessions")
    func weight() {
        var pool = pool(settings([1, 2]))
        #expect(pool.update(settings([1, 2], weight: 3), counts: pool.counts, now: 5) == true)
        #expect(weights(pool, now: 5) == [768, 768])
        var changed = settings([1, 2], weight: 3)
        changed[0].isDown = true
        changed[0].weight = 9
        #expect(pool.update(changed, counts: pool.counts, now: 6) == false)
    }

    @Test("Another balancer chooses from then on, and may move sessions; what is known of peers stays")
    func balancer() {
        var pool = pool(settings([1, 2, 3]))
        pool.record(2, isHealthy: false, now: 0)
        for (balancer, isChange) in [
            (Balancer.hash(isConsistent: false, balanceFactor: 0), true),
            (.hash(isConsistent: false, balanceFactor: 0), false), (.hash(isConsistent: true, balanceFactor: 0), true),
            (.leastConnections, true), (.roundRobin, true),
        ] {
            #expect(pool.update(settings([1, 2, 3]), balancer: balancer, counts: pool.counts, now: 5) == isChange)
            #expect(pool.balancer == balancer)
            let choices = (0..<4).map { _ in pool.choose(now: 5, key: 7) }
            #expect(Set(choices).count == (balancer.usesKey ? 1 : 2))
            #expect(!choices.contains(2))
            for case let choice? in choices { pool.release(choice) }
        }
        #expect(pool.update(settings([1, 2, 3]), counts: pool.counts, now: 5) == false)
        #expect(pool.balancer == .roundRobin)
    }

    @Test("Taken out no session has to move; put back it starts slowly, and sessions may move to it")
    func outAndBack() {
        for take in [{ $0.isDown = true }, { $0.isDraining = true }] as [(inout Peer.Settings) -> Void] {
            var pool = pool(settings([1, 2]))
            var out = settings([1, 2])
            take(&out[0])
            #expect(pool.update(out, counts: pool.counts, now: 5) == false)
            #expect((0..<3).map { _ in pool.choose(now: 5) } == [1, 1, 1])
            #expect(pool.update(settings([1, 2]), counts: pool.counts, now: 1_000) == true)
            #expect(weights(pool, now: 1_000 + slow / 2) == [128, 256])
        }
    }

    @Test("Another identity in an old place is another peer: it starts slowly, and nothing is known of it")
    func anotherPeer() {
        var pool = pool(settings([1, 2]))
        #expect(pool.failed(0, now: 0) == true)
        pool.record(0, isHealthy: false, now: 0)
        #expect(pool.update(settings([3, 2]), counts: pool.counts, now: 100) == true)
        #expect(pool.peers[0].passive == PassiveCheck())
        #expect(pool.peers[0].isHealthy)
        #expect(weights(pool, now: 100) == [1, 256])
        #expect(weights(pool, now: 100 + slow) == [256, 256])
    }

    @Test("More places: the old ones keep their sessions, the new ones start slowly")
    func growth() {
        var pool = pool(settings([1, 2]))
        #expect((0..<4).map { _ in pool.choose(now: 0) } == [0, 1, 0, 1])
        #expect(pool.update(settings([1, 2, 3]), counts: pool.counts.grown(to: 3), now: 100) == true)
        #expect((0..<3).map { pool.counts[$0] } == [2, 2, 0])
        #expect(weights(pool, now: 100) == [256, 256, 1])
        let later = (0..<300).compactMap { _ in pool.choose(now: 100 + slow) }
        #expect((0..<3).map { peer in later.count { $0 == peer } } == [100, 100, 100])
        // A place that is new and unwanted moves nothing.
        var down = settings([1, 2, 3, 4])
        down[3].isDown = true
        #expect(pool.update(down, counts: pool.counts.grown(to: 4), now: 200) == false)
    }

    @Test("Fewer settings than places: those beyond are down")
    func fewer() {
        var pool = pool(settings([1, 2, 3]))
        #expect(pool.update(settings([1]), counts: pool.counts, now: 5) == false)
        #expect(pool.peers.map(\.settings.isDown) == [false, true, true])
        #expect((0..<3).map { _ in pool.choose(now: 5) } == [0, 0, 0])
    }

    @Test("max_conns that is lower than the sessions stops new ones, and no other")
    func lowerLimit() {
        var pool = pool(settings([1]))
        for _ in 0..<5 { #expect(pool.choose(now: 0) == 0) }
        var limited = settings([1])
        limited[0].maxConnections = 3
        #expect(pool.update(limited, counts: pool.counts, now: 1) == false)
        for left in [4, 3] {
            pool.release(0)
            #expect(pool.counts[0] == left)
            #expect(pool.choose(now: 1) == nil)
        }
        pool.release(0)
        #expect(pool.choose(now: 1) == 0)
    }

    // MARK: Where a key is at home

    @Test("Home is where the key would go if it were new", arguments: Balancer.all.filter(\.usesKey))
    func home(balancer: Balancer) {
        let settings = addresses(6).map { Peer.Settings(identity: identity($0)) }
        var (one, other) = (pool(settings, balancer), pool(settings, balancer))
        for number in 0..<500 {
            guard let peer = one.choose(now: 0, key: key(number)) else { continue }
            #expect(one.home(of: key(number), on: peer, now: 0) == peer, "key \(number)")
            one.release(peer)
            // From anywhere else, with nobody over the bound.
            let elsewhere = (peer + 1) % 6
            #expect(other.take(elsewhere, tried: []) == true)
            #expect(other.home(of: key(number), on: elsewhere, now: 0) == peer, "key \(number)")
            #expect(other.counts[elsewhere] == 1)
            other.release(elsewhere)
        }
    }

    @Test("Sessions without a key have no home", arguments: [Balancer.roundRobin, .leastConnections, .randomTwo])
    func noKey(balancer: Balancer) {
        var pool = pool(settings([1, 2]), balancer)
        #expect(pool.home(of: 7, on: 0, now: 0) == nil)
    }

    @Test("A peer that is out is nobody's home, one that is full is only that of its own sessions")
    func away() {
        var changed = addresses(3).map { Peer.Settings(identity: identity($0)) }
        var pool = pool(changed, .hash(isConsistent: true, balanceFactor: 0))
        guard let key = (0..<100).map(key).first(where: { pool.home(of: $0, on: 0, now: 0) == 1 }) else {
            Issue.record("no key")
            return
        }
        pool.record(1, isHealthy: false, now: 0)
        let next = pool.home(of: key, on: 1, now: 0)
        #expect(next != 1 && next != nil)
        pool.record(1, isHealthy: true, now: 0)
        changed[1].maxConnections = 1
        _ = pool.update(changed, counts: pool.counts, now: 0)
        #expect(pool.take(1, tried: []) == true)
        #expect(pool.home(of: key, on: 1, now: 0) == 1)
        #expect(pool.home(of: key, on: 0, now: 0) == next)
    }
}

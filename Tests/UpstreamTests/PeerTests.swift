import TestSupport
import Testing

@testable import Upstream

@Suite("Slow start")
struct PeerTests {
    private static let full = Peer.weightUnit

    private func pool(_ settings: [Peer.Settings]) -> Pool {
        Pool(settings, counts: SessionCounts(peers: settings.count))
    }

    private func weights(_ pool: Pool, _ times: [Int64], peer: Int = 0) -> [Int] {
        times.map { pool.peers[peer].effectiveWeight(now: $0) }
    }

    @Test("None at the start: all have their whole weight, whatever the clock says")
    func atStart() {
        let pool = pool([.init(weight: 7, slowStart: 10_000)])
        #expect(weights(pool, [Int64.min, 0, 1, Int64.max]) == Array(repeating: 7 * Self.full, count: 4))
        #expect(!pool.peers[0].isStartingSlowly(now: 0))
        #expect(!pool.hasSlowStart(now: 0))
    }

    @Test("After probes have brought it back: from next to nothing to the whole weight, in a straight line")
    func afterProbes() {
        var pool = pool([.init(weight: 2, slowStart: 10_000), .init()])
        pool.record(0, isHealthy: false, now: 1_000)
        pool.record(0, isHealthy: true, now: 5_000)
        #expect(weights(pool, [0, 5_000, 5_001, 7_500, 10_000]) == [1, 1, 1, 128, 256])
        #expect(weights(pool, [14_999, 15_000, 99_000]) == [511, 512, 512])
        #expect(pool.hasSlowStart(now: 14_999))
        #expect(!pool.hasSlowStart(now: 15_000))
        // What is known already does not start again.
        pool.record(0, isHealthy: true, now: 20_000)
        #expect(weights(pool, [20_000]) == [512])
    }

    @Test("After failures: it begins when the peer is to be tried again")
    func afterFailures() {
        var pool = pool([.init(maxFails: 2, failTimeout: 1_000, slowStart: 4_000), .init()])
        #expect(pool.failed(0, now: 0) == false)
        #expect(weights(pool, [0, 500]) == [256, 256])
        #expect(pool.failed(0, now: 0) == true)
        #expect(weights(pool, [0, 999, 1_000, 3_000, 5_000]) == [1, 1, 1, 128, 256])
        #expect(pool.succeeded(0, now: 2_000) == true)
        #expect(weights(pool, [2_000, 3_000, 5_000]) == [64, 128, 256])
    }

    @Test("A success before that time begins it at once")
    func earlySuccess() {
        for (now, expected) in [(nil as Int64?, [1, 1, 128]), (500, [1, 32, 160])] {
            var pool = pool([.init(failTimeout: 1_000, slowStart: 4_000), .init()])
            #expect(pool.failed(0, now: 0) == true)
            #expect(pool.succeeded(0, now: now) == true)
            #expect(weights(pool, [500, 1_000, 3_000]) == expected)
        }
    }

    @Test("Without slow_start a peer has its whole weight as soon as it is back")
    func off() {
        var pool = pool([.init(weight: 3, failTimeout: 1_000), .init()])
        #expect(pool.failed(0, now: 0) == true)
        pool.record(0, isHealthy: false, now: 0)
        pool.record(0, isHealthy: true, now: 2_000)
        #expect(weights(pool, [0, 2_000]) == [3 * Self.full, 3 * Self.full])
        #expect(!pool.hasSlowStart(now: 2_000))
    }

    @Test("Never 0, never falling, whole in the end", arguments: 1...64 as ClosedRange<UInt64>)
    func monotone(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let weight = [1, Int.random(in: 1...100, using: &random), 65_535].randomElement(using: &random) ?? 1
        let slowStart = Int64.random(in: 1...3_600_000, using: &random)
        var pool = pool([.init(weight: weight, slowStart: slowStart)])
        let back = Int64.random(in: 0...1_000_000, using: &random)
        pool.record(0, isHealthy: false, now: 0)
        pool.record(0, isHealthy: true, now: back)
        var (now, last) = (back, 0)
        while now < back + slowStart {
            let weight = pool.peers[0].effectiveWeight(now: now)
            #expect(weight >= max(1, last), "seed \(seed) at \(now)")
            last = weight
            now += Int64.random(in: 1...max(1, slowStart / 50), using: &random)
        }
        #expect(last <= weight * Self.full)
        #expect(pool.peers[0].effectiveWeight(now: back + slowStart) == weight * Self.full)
    }

    @Test(
        "Half way up a peer gets a third of what two share",
        arguments: [Balancer.roundRobin, .leastConnections, .randomTwo])
    func half(balancer: Balancer) {
        let settings = [Peer.Settings(identity: 1, slowStart: 10_000), .init(identity: 2, slowStart: 10_000)]
        var pool = Pool(settings, balancer: balancer, counts: SessionCounts(peers: 2))
        pool.record(1, isHealthy: false, now: 0)
        pool.record(1, isHealthy: true, now: 0)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<3_000 { #expect(pool.choose(now: 5_000, random: random.next()) != nil) }
        #expect(abs(pool.counts[1] - 1_000) <= 2)
    }

    @Test("At the start a peer gets hardly any session, even if it is empty", arguments: Balancer.all)
    func begin(balancer: Balancer) {
        let settings = (1...4).map { Peer.Settings(identity: Hash.mix($0), slowStart: 60_000) }
        var pool = Pool(settings, balancer: balancer, counts: SessionCounts(peers: 4))
        pool.record(2, isHealthy: false, now: 0)
        pool.record(2, isHealthy: true, now: 0)
        var random = SeededGenerator(seed: 4)
        for number in 0..<1_000 {
            #expect(pool.choose(now: 0, key: key(number), random: random.next()) != nil)
        }
        #expect(pool.counts[2] <= 5, "\(pool.counts[2])")
    }

    @Test("Times of any length, as an operator's file may have them, overflow nowhere")
    func extremes() {
        let settings = Peer.Settings(
            weight: .max, maxConnections: .max, maxFails: 1, failTimeout: .max, slowStart: .max)
        var pool = pool([settings, .init(maxConnections: -1, maxFails: -1, failTimeout: -1, slowStart: -1)])
        #expect(pool.peers[0].settings.weight == 65_535)
        #expect(pool.failed(0, now: 1 << 50) == true)
        pool.record(0, isHealthy: false, now: 1 << 50)
        pool.record(0, isHealthy: true, now: 1 << 50)
        #expect(pool.peers[0].effectiveWeight(now: 1 << 50) == 1)
        #expect(pool.failed(1, now: 1 << 50) == false)
        #expect(pool.choose(now: 1 << 50) != nil)
        let schedule = ProbeSchedule(interval: .max, jitter: .max)
        #expect(schedule.next(random: .max) > 0)
        #expect(schedule.first(.max, of: 3) == 1_000)
    }
}

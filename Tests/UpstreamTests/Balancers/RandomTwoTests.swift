import TestSupport
import Testing

@testable import Upstream

@Suite("Random two")
struct RandomTwoTests {
    private func draws(_ weights: [Int], _ loads: [Int] = [], count: Int, seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        let candidates = Candidate.all(weights: weights, loads: loads)
        var counts = Array(repeating: 0, count: weights.count)
        for _ in 0..<count {
            if let choice = RandomTwo.choose(candidates, random: random.next()) { counts[choice] += 1 }
        }
        return counts
    }

    @Test("Without a candidate there is no choice; one candidate is it")
    func few() {
        #expect(RandomTwo.choose([], random: 7) == nil)
        for word in [0, 1, UInt64.max] {
            #expect(RandomTwo.choose([Candidate(index: 5, weight: 1, load: 9)], random: word) == 5)
        }
    }

    @Test("Of two candidates it is the one that is less full for its weight, whatever chance says")
    func two() {
        #expect(draws([1, 1], [5, 4], count: 1_000, seed: 1) == [0, 1_000])
        #expect(draws([4, 1], [5, 1], count: 1_000, seed: 2) == [1_000, 0])
    }

    @Test("The fullest of all is never chosen: it loses against every other")
    func fullest() {
        #expect(draws([1, 1, 1, 1], [3, 9, 3, 3], count: 10_000, seed: 3)[1] == 0)
    }

    @Test("The emptiest is chosen whenever chance names it: twice in N times")
    func emptiest() {
        let counts = draws(Array(repeating: 1, count: 10), [0] + Array(repeating: 5, count: 9), count: 50_000, seed: 4)
        #expect(abs(Double(counts[0]) / 50_000 - 0.2) < 0.01, "\(counts)")
    }

    @Test("Chance names peers by their weights: within 3 % where they are equally full")
    func weights() {
        // As full as each other for their weights, so that the first that is named stays. 64,000 draws.
        let weights = [1, 2, 3, 10]
        let counts = draws(weights, weights.map { $0 * 100 - 1 }, count: 64_000, seed: 5)
        #expect(largestDeviation(counts, weights: weights) < 0.03, "\(counts)")
    }

    @Test(
        "Sessions that stay: within 10 % of their share and two sessions, from chance alone",
        arguments: 1...32 as ClosedRange<UInt64>)
    func shares(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let weights = (0..<Int.random(in: 2...10, using: &random)).map { _ in Int.random(in: 1...10, using: &random) }
        let settings = weights.map { Peer.Settings(weight: $0) }
        var pool = Pool(settings, balancer: .randomTwo, counts: SessionCounts(peers: weights.count))
        let (total, sum) = (10_000, weights.reduce(0, +))
        for _ in 0..<total { _ = pool.choose(now: 0, random: random.next()) }
        for (index, weight) in weights.enumerated() {
            let share = Double(total * weight) / Double(sum)
            #expect(abs(Double(pool.counts[index]) - share) < share * 0.1 + 2, "seed \(seed) weights \(weights)")
        }
    }
}

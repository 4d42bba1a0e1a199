import TestSupport
import Testing

@testable import Upstream

@Suite("hash_balance_factor")
struct LoadBoundTests {
    private func bound(_ loads: [Int], _ weights: [Int]? = nil, factor: Int) -> (LoadBound, [Candidate]) {
        let candidates = Candidate.all(weights: weights ?? loads.map { _ in 1 }, loads: loads)
        return (LoadBound(candidates, factor: factor), candidates)
    }

    @Test(
        "As much as its share of all with the new one, times the factor, rounded up",
        arguments: [
            // Nobody has a session yet: everybody may have one.
            ([0, 0, 0], [1, 1, 1], 1_000, [false, false, false]),
            // 1.25 * 9 / 2, rounded up: 6.
            ([5, 3], [1, 1], 1_250, [false, false]),
            ([6, 2], [1, 1], 1_250, [true, false]),
            // 1.5 * 9: 13.5 * 3/4 is 10.1, up 11; 13.5 / 4 is 3.4, up 4.
            ([4, 4], [1, 3], 1_500, [true, false]),
            ([0, 8], [1, 3], 1_000, [false, true]),
        ])
    func allowed(loads: [Int], weights: [Int], factor: Int, expected: [Bool]) {
        let (bound, candidates) = bound(loads, weights, factor: factor)
        #expect(candidates.map(bound.isExceeded) == expected)
    }

    @Test("With a factor of 1 or more somebody is always below it", arguments: 1...64 as ClosedRange<UInt64>)
    func someoneIsLeft(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let loads = (0..<Int.random(in: 1...12, using: &random)).map { _ in Int.random(in: 0...50, using: &random) }
        let weights = loads.map { _ in Int.random(in: 1...2_560, using: &random) }
        let (bound, candidates) = bound(loads, weights, factor: 1_000)
        #expect(!candidates.allSatisfy(bound.isExceeded), "seed \(seed)")
    }

    @Test("A peer over the bound passes the key to its next peer, the one that has it when the first is lost")
    func next() {
        let peers = addresses(3).map { Peer(.init(identity: identity($0))) }
        for number in 0..<300 {
            let free = Candidate.all(weights: [1, 1, 1])
            guard let first = RendezvousHash.choose(key(number), free, peers, bound: nil) else { continue }
            let second = RendezvousHash.choose(key(number), free.filter { $0.index != first }, peers, bound: nil)
            var loads = [1, 1, 1]
            loads[first] = 50
            let (bound, candidates) = bound(loads, factor: 1_250)
            #expect(RendezvousHash.choose(key(number), candidates, peers, bound: bound) == second, "key \(number)")
        }
    }

    @Test("One key for all: no peer has more than the factor of its share", arguments: [1_000, 1_250, 2_000])
    func hotKey(factor: Int) {
        for isConsistent in [true, false] {
            let settings = addresses(5).enumerated().map { Peer.Settings(identity: identity($1), weight: 1 + $0) }
            var pool = Pool(
                settings, balancer: .hash(isConsistent: isConsistent, balanceFactor: factor),
                counts: SessionCounts(peers: 5))
            for step in 1...500 {
                #expect(pool.choose(now: 0, key: 42) != nil)
                for (index, peer) in settings.enumerated() {
                    let share = Double(step * peer.weight) / 15
                    #expect(Double(pool.counts[index]) < Double(factor) / 1_000 * share + 1, "step \(step)")
                }
            }
        }
    }
}

import TestSupport
import Testing

@testable import Upstream

@Suite("Least connections")
struct LeastConnectionsTests {
    private func choose(_ weights: [Int], _ loads: [Int], _ peers: inout [Peer]) -> Int? {
        var candidates = Candidate.all(weights: weights, loads: loads)
        return LeastConnections.choose(&candidates, &peers)
    }

    private func peers(_ weights: [Int]) -> [Peer] { weights.map { Peer(.init(weight: $0)) } }

    @Test("Without a candidate there is no choice")
    func none() {
        var peers: [Peer] = []
        #expect(choose([], [], &peers) == nil)
    }

    @Test(
        "The one that is the least full for its weight once the session is there",
        arguments: [
            ([1, 1, 1], [3, 1, 2], 1),
            ([1, 1], [0, 100], 0),
            // 5 / 1 against 9 / 2 against 10 / 2
            ([1, 2, 2], [4, 8, 9], 1),
            // Empty, but 1 / 1 is fuller than 3 / 4.
            ([1, 4], [0, 2], 1),
            ([1, 4], [0, 4], 0),
            ([65_535 * 256, 1], [1_000_000, 0], 0),
        ])
    func least(weights: [Int], loads: [Int], expected: Int) {
        var peers = peers(weights)
        #expect(choose(weights, loads, &peers) == expected)
    }

    @Test("Among equals the turn goes round, by weight")
    func ties() {
        var equal = peers([1, 1, 1])
        #expect((0..<6).map { _ in choose([1, 1, 1], [2, 2, 2], &equal) } == [0, 1, 2, 0, 1, 2])
        // 2 / 1 and 4 / 2 are equally full; the third is fuller.
        var weighted = peers([1, 2, 1])
        #expect((0..<6).map { _ in choose([1, 2, 1], [1, 3, 5], &weighted) } == [1, 0, 1, 1, 0, 1])
    }

    @Test(
        "Sessions that stay: no peer is a whole session below its share, and all have theirs in the end",
        arguments: 1...64 as ClosedRange<UInt64>)
    func shares(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let weights = (0..<Int.random(in: 1...10, using: &random)).map { _ in Int.random(in: 1...20, using: &random) }
        let total = weights.reduce(0, +)
        var loads = Array(repeating: 0, count: weights.count)
        var peers = peers(weights)
        for step in 1...(3 * total) {
            guard let choice = choose(weights, loads, &peers) else { continue }
            loads[choice] += 1
            // The way of Jefferson and D'Hondt to give out seats keeps the lower quota.
            for (load, weight) in zip(loads, weights) {
                #expect(load >= step * weight / total, "seed \(seed) step \(step) weights \(weights)")
            }
        }
        #expect(loads == weights.map { 3 * $0 }, "seed \(seed)")
    }

    @Test("Whatever ends, the next sessions go where it ended")
    func refill() {
        let weights = [1, 1, 1, 1]
        var peers = peers(weights)
        var loads = [10, 10, 2, 10]
        for _ in 0..<8 { if let choice = choose(weights, loads, &peers) { loads[choice] += 1 } }
        #expect(loads == [10, 10, 10, 10])
    }
}

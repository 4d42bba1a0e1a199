import TestSupport
import Testing

@testable import Upstream

@Suite("Smooth weighted round robin")
struct SmoothRoundRobinTests {
    /// Peers of these weights, and whose turn it is among those that may be chosen.
    private struct Turns {
        let weights: [Int]
        var peers: [Peer]

        init(_ weights: [Int]) {
            self.weights = weights
            peers = weights.map { Peer(.init(weight: $0)) }
        }

        mutating func next(where isCandidate: (Int) -> Bool = { _ in true }) -> Int? {
            SmoothRoundRobin.choose(Candidate.all(weights: weights).filter { isCandidate($0.index) }, &peers)
        }
    }

    @Test(
        "The exact order of turns",
        arguments: [
            ([5, 1, 1], "aabacaaaabacaa"),
            ([1, 1, 1], "abcabc"),
            ([1], "aaaa"),
            ([2, 1], "abaaba"),
            ([4, 3], "abababa"),
            ([1, 5, 1], "bbabcbb"),
        ])
    func order(weights: [Int], expected: String) {
        var turns = Turns(weights)
        let letters = Array("abc")
        let order = expected.map { _ in turns.next().map { letters[$0] } ?? "-" }
        #expect(String(order) == expected)
    }

    @Test("Without a candidate there is no choice, and the turns stay as they are")
    func none() {
        var turns = Turns([1, 1])
        var nobody = Turns([])
        #expect(nobody.next() == nil)
        #expect(turns.next() == 0)
        #expect(turns.next { _ in false } == nil)
        #expect(turns.next() == 1)
    }

    @Test("One that may not be chosen is left out, and the others share by weight")
    func candidates() {
        var turns = Turns([3, 1, 2])
        var counts = [0, 0, 0]
        for _ in 0..<500 {
            guard let choice = turns.next(where: { $0 != 0 }) else { continue }
            counts[choice] += 1
        }
        #expect(counts[0] == 0)
        #expect(abs(counts[1] * 3 - 500) <= 3 && abs(counts[2] * 3 - 1000) <= 3, "\(counts)")
    }

    @Test("A peer that comes back does not make up for the turns it missed")
    func comeBack() {
        var turns = Turns([1, 1])
        for _ in 0..<100 { _ = turns.next { $0 == 0 } }
        let next = (0..<10).map { _ in turns.next() ?? -1 }
        #expect(abs(next.filter { $0 == 1 }.count - 5) <= 1, "\(next)")
    }

    /// How far each peer is from its share over every run of choices, counted in turns of the wheel: the most of all, and the most ahead and
    /// behind since the first choice.
    private func deviation(_ weights: [Int], choices: Int) -> (run: Double, ahead: Double, behind: Double) {
        var turns = Turns(weights)
        let total = weights.reduce(0, +)
        var counts = Array(repeating: 0, count: weights.count)
        // Turns above the share, times the total: the span between two moments is the deviation of the run between.
        var lowest = counts
        var highest = counts
        for step in 1...choices {
            guard let choice = turns.next() else { continue }
            counts[choice] += 1
            for index in weights.indices {
                let surplus = counts[index] * total - step * weights[index]
                lowest[index] = min(lowest[index], surplus)
                highest[index] = max(highest[index], surplus)
            }
        }
        let spans = zip(lowest, highest).map { $1 - $0 }
        let scale = Double(total)
        return (
            Double(spans.max() ?? 0) / scale, Double(highest.max() ?? 0) / scale, Double(-(lowest.min() ?? 0)) / scale
        )
    }

    @Test("Peers of one weight: over any run of choices nobody is off by more than one turn", arguments: 1...16)
    func equalWeights(count: Int) {
        for weight in [1, 7, 65_535] {
            #expect(deviation(Array(repeating: weight, count: count), choices: 200).run <= 1)
        }
    }

    @Test(
        "Any weights: never a whole turn ahead, and less than two turns off over any run",
        arguments: 1...256 as ClosedRange<UInt64>)
    func mixedWeights(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...12, using: &random)
        let weights = (0..<count).map { _ in
            Bool.random(using: &random)
                ? [1, 1, 2, 3, 5, 10, 100].randomElement(using: &random) ?? 1 : Int.random(in: 1...50, using: &random)
        }
        let total = weights.reduce(0, +)
        let found = deviation(weights, choices: 2 * total)
        #expect(found.ahead < 1, "seed \(seed) weights \(weights)")
        #expect(found.behind < 2, "seed \(seed) weights \(weights)")
        #expect(found.run < 2, "seed \(seed) weights \(weights)")
        // After each round of as many choices as the weights' sum everybody has had exactly their turns.
        var turns = Turns(weights)
        for _ in 0..<2 {
            var counts = Array(repeating: 0, count: count)
            for _ in 0..<total { counts[turns.next() ?? 0] += 1 }
            #expect(counts == weights, "seed \(seed)")
        }
    }
}

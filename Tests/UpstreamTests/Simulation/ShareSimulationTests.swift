import TestSupport
import Testing

@testable import Upstream

/// Weights, while all peers are well for a long time and share nothing but their counts among the loops.
@Suite("Share simulation")
struct ShareSimulationTests {
    /// Loops that begin sessions in a row of chance, and end them.
    private struct Calm {
        let weights: [Int]
        var loops: [Pool]
        var random: SeededGenerator
        var begun: [Int]
        var live: [Int] = []

        init(_ balancer: Balancer, seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            weights = (0..<Int.random(in: 2...10, using: &random)).map { _ in Int.random(in: 1...10, using: &random) }
            let settings = zip(addresses(weights.count), weights).map { address, weight in
                Peer.Settings(identity: identity(address) &+ seed, weight: weight)
            }
            let counts = SessionCounts(peers: weights.count)
            loops = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                Pool(settings, balancer: balancer, counts: counts)
            }
            begun = weights.map { _ in 0 }
            self.random = random
        }

        mutating func begin() {
            let loop = Int.random(in: 0..<loops.count, using: &random)
            guard let peer = loops[loop].choose(now: 0, key: random.next(), random: random.next()) else { return }
            begun[peer] += 1
            live.append(peer)
        }

        mutating func end() {
            guard !live.isEmpty else { return }
            let place = Int.random(in: 0..<live.count, using: &random)
            live.swapAt(place, live.count - 1)
            if let peer = live.popLast() { loops[0].release(peer) }
        }

        func share(_ peer: Int, of total: Int) -> Double {
            Double(total * weights[peer]) / Double(weights.reduce(0, +))
        }

        /// How far the peers' numbers are from their shares, at most.
        func deviation(_ numbers: [Int]) -> Double {
            let total = numbers.reduce(0, +)
            return numbers.indices.map { abs(Double(numbers[$0]) - share($0, of: total)) }.max() ?? 0
        }

        /// The same as a part of the share.
        func part(_ numbers: [Int]) -> Double {
            let total = numbers.reduce(0, +)
            return numbers.indices.map { abs(Double(numbers[$0]) / share($0, of: total) - 1) }.max() ?? 0
        }

        var held: [Int] { weights.indices.map { loops[0].counts[$0] } }
    }

    @Test(
        "Round robin: sessions begun are within two turns of the share for each loop",
        arguments: 1...64 as ClosedRange<UInt64>)
    func roundRobin(seed: UInt64) {
        var calm = Calm(.roundRobin, seed: seed)
        for _ in 0..<1_000 {
            calm.begin()
            if Bool.random(using: &calm.random) { calm.end() }
            #expect(calm.deviation(calm.begun) < 2 * Double(calm.loops.count), "seed \(seed) weights \(calm.weights)")
        }
    }

    @Test(
        "Least connections: sessions that only come leave no peer a whole one below its share; after others went, too",
        arguments: 1...64 as ClosedRange<UInt64>)
    func leastConnections(seed: UInt64) {
        var calm = Calm(.leastConnections, seed: seed)
        for _ in 0..<500 { calm.begin() }
        for _ in 0..<400 { calm.end() }
        // Whoever lost least waits until the others have as much: its sessions are a fair share of no more than this.
        let most = calm.weights.indices.map { Double(calm.held[$0]) / calm.share($0, of: 1) }.max() ?? 0
        while Double(calm.live.count) < most { calm.begin() }
        for _ in 0..<200 {
            calm.begin()
            for (peer, count) in calm.held.enumerated() {
                let share = calm.share(peer, of: calm.live.count)
                #expect(Double(count) > share - 1, "seed \(seed) weights \(calm.weights)")
            }
        }
    }

    @Test(
        "Random two: of 5,000 sessions each peer has its share within 10 % and two sessions",
        arguments: 1...64 as ClosedRange<UInt64>)
    func randomTwo(seed: UInt64) {
        var calm = Calm(.randomTwo, seed: seed)
        for _ in 0..<5_000 { calm.begin() }
        for (peer, count) in calm.held.enumerated() {
            let share = calm.share(peer, of: 5_000)
            #expect(abs(Double(count) - share) < share * 0.1 + 2, "seed \(seed) \(calm.held) weights \(calm.weights)")
        }
    }

    @Test(
        "hash: of 5,000 keys each peer has its share within four and a half standard deviations of chance",
        arguments: 1...64 as ClosedRange<UInt64>, [true, false])
    func hash(seed: UInt64, isConsistent: Bool) {
        var calm = Calm(.hash(isConsistent: isConsistent, balanceFactor: 0), seed: seed)
        for _ in 0..<5_000 { calm.begin() }
        for (peer, count) in calm.held.enumerated() {
            let share = calm.share(peer, of: 5_000)
            #expect(abs(Double(count) - share) < 4.5 * share.squareRoot(), "seed \(seed) \(calm.held) \(calm.weights)")
        }
    }

    @Test(
        "hash_balance_factor 1.1: no peer above 1.1 of its share and one session",
        arguments: 1...64 as ClosedRange<UInt64>, [true, false])
    func bound(seed: UInt64, isConsistent: Bool) {
        var calm = Calm(.hash(isConsistent: isConsistent, balanceFactor: 1_100), seed: seed)
        for _ in 0..<500 {
            calm.begin()
            let isHeld = calm.held.enumerated().allSatisfy { peer, count in
                Double(count) < calm.share(peer, of: calm.live.count) * 1.1 + 1
            }
            #expect(isHeld, "seed \(seed) \(calm.held) \(calm.weights)")
        }
    }

    @Test("Figures of balance, for every balancer", arguments: Balancer.all)
    func figures(balancer: Balancer) {
        var (worst, sum, count) = (0.0, 0.0, 0.0)
        for seed in 1...16 as ClosedRange<UInt64> {
            var calm = Calm(balancer, seed: seed)
            for _ in 0..<4_000 { calm.begin() }
            // Sessions come and go.
            for _ in 0..<4_000 {
                calm.end()
                calm.begin()
            }
            let part = calm.part(calm.held)
            (worst, sum, count) = (max(worst, part), sum + part, count + 1)
        }
        // A share of 50 sessions is off by a third when chance is at its worst; load alone keeps nearly all of that away.
        let isByLoad = balancer == .leastConnections || balancer == .randomTwo
        #expect(worst < (isByLoad ? 0.2 : 0.5))
        print(
            "balance of 4,000 live sessions under churn, \(balancer): the worst peer is off its share by "
                + "\((sum / count).inPercent) on average, \(worst.inPercent) at most")
    }
}

import TestSupport
import Testing

@testable import Upstream

@Suite("hash KEY consistent")
struct RendezvousHashTests {
    /// A pool of brokers at these addresses, all well.
    private struct Brokers {
        let peers: [Peer]
        let candidates: [Candidate]

        init(_ addresses: [String], weights: [Int]? = nil) {
            let weights = weights ?? addresses.map { _ in 1 }
            peers = zip(addresses, weights).map { Peer(.init(identity: identity($0), weight: $1)) }
            candidates = Candidate.all(weights: weights.map { $0 * Peer.weightUnit })
        }

        func choose(_ key: UInt64) -> Int { RendezvousHash.choose(key, candidates, peers, bound: nil) ?? -1 }

        /// How many of `count` keys each has.
        func counts(keys count: Int) -> [Int] {
            var counts = peers.map { _ in 0 }
            for number in 0..<count { counts[choose(key(number))] += 1 }
            return counts
        }
    }

    @Test("Without a candidate there is no choice; one candidate has every key")
    func few() {
        #expect(RendezvousHash.choose(1, [], [], bound: nil) == nil)
        let one = Brokers(["10.0.0.1:1883"])
        for word in [0, 1, UInt64.max, one.peers[0].settings.identity] { #expect(one.choose(word) == 0) }
    }

    @Test("Fixed keys go to fixed brokers: another algorithm would move every session")
    func fixed() {
        let equal = Brokers((1...5).map { "10.0.0.\($0):1883" })
        let homes = (0..<24).map { equal.choose(key($0)) }
        #expect(homes == [0, 4, 0, 3, 0, 2, 1, 1, 2, 1, 1, 1, 2, 0, 3, 3, 0, 1, 2, 0, 3, 4, 0, 1])
        let weighted = Brokers(["10.0.0.1:1883", "10.0.0.2:1883", "[2001:db8::1]:1883"], weights: [1, 2, 5])
        let weightedHomes = (0..<24).map { weighted.choose(key($0)) }
        #expect(weightedHomes == [2, 0, 2, 1, 2, 1, 2, 1, 2, 2, 2, 1, 2, 0, 2, 2, 2, 1, 0, 0, 2, 2, 0, 1])
        #expect(weighted.choose(Hash.of("".utf8)) == 0)
    }

    @Test("Replicas with their peers in another order send 10,000 keys to the same addresses")
    func order() {
        var random = SeededGenerator(seed: 1)
        let addresses = addresses(20)
        let weights = addresses.map { _ in Int.random(in: 1...10, using: &random) }
        let first = Brokers(addresses, weights: weights)
        for _ in 0..<3 {
            let order = addresses.indices.shuffled(using: &random)
            let other = Brokers(order.map { addresses[$0] }, weights: order.map { weights[$0] })
            let same = (0..<10_000).count { first.choose(key($0)) == order[other.choose(key($0))] }
            #expect(same == 10_000)
        }
    }

    @Test("Losing one of N moves its own keys and no other, about 1/N", arguments: [2, 3, 5, 10, 50])
    func loss(count: Int) {
        let addresses = addresses(count)
        let before = Brokers(addresses)
        let lost = count / 2
        let after = Brokers(addresses.enumerated().filter { $0.offset != lost }.map(\.element))
        let keys = 20_000
        var (moved, wrong) = (0, 0)
        for number in 0..<keys {
            let (old, new) = (before.choose(key(number)), after.choose(key(number)))
            let isSame = old == new + (new >= lost ? 1 : 0)
            if !isSame { moved += 1 }
            if isSame == (old == lost) { wrong += 1 }
        }
        #expect(wrong == 0)
        let part = Double(moved) / Double(keys)
        #expect(abs(part * Double(count) - 1) < 0.15, "\(part) of the keys moved")
        print("hash stability: losing 1 of \(count) moved \(part.inPercent) of the keys")
    }

    @Test(
        "A broker more gets its keys from all, about 1/(N+1), and no key moves but to it", arguments: [1, 2, 4, 9, 49])
    func growth(count: Int) {
        let addresses = addresses(count + 1)
        let (before, after) = (Brokers(addresses.dropLast()), Brokers(addresses))
        let keys = 20_000
        var moved = 0
        for number in 0..<keys {
            let (old, new) = (before.choose(key(number)), after.choose(key(number)))
            guard old != new else { continue }
            moved += 1
            #expect(new == count, "key \(number)")
        }
        let part = Double(moved) / Double(keys)
        #expect(abs(part * Double(count + 1) - 1) < 0.15, "\(part) of the keys moved")
        print("hash stability: 1 more than \(count) moved \(part.inPercent) of the keys")
    }

    @Test("A greater weight takes keys from the others, and no key moves between those")
    func weightRises() {
        let addresses = addresses(4)
        let (before, after) = (Brokers(addresses, weights: [2, 2, 2, 2]), Brokers(addresses, weights: [2, 2, 3, 2]))
        for number in 0..<10_000 {
            let (old, new) = (before.choose(key(number)), after.choose(key(number)))
            #expect(old == new || new == 2, "key \(number)")
        }
    }

    @Test("Weights from 1 to 10 hold within 3 % over 200,000 keys")
    func weights() {
        let weights = Array(1...10)
        let counts = Brokers(addresses(10), weights: weights).counts(keys: 200_000)
        let deviation = largestDeviation(counts, weights: weights)
        #expect(deviation < 0.03, "\(counts)")
        print("hash balance: weights 1 to 10 hold within \(deviation.inPercent) over 200,000 keys")
    }

    @Test("Spread as by chance: chi-square below its 99.9 % point", arguments: [(2, 10.83), (10, 27.88), (100, 148.2)])
    func spread(count: Int, limit: Double) {
        let counts = Brokers(addresses(count)).counts(keys: 100_000)
        let square = chiSquare(counts, weights: counts.map { _ in 1 })
        #expect(square < limit, "\(counts)")
        print("hash balance: chi-square of \(count) peers \((square * 10).rounded() / 10), 99.9 % point \(limit)")
    }
}

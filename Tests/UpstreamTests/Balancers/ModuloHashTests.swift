import TestSupport
import Testing

@testable import Upstream

@Suite("hash KEY")
struct ModuloHashTests {
    private let weights = [1, 2, 3, 4]

    private func choose(_ key: UInt64, without lost: Set<Int> = [], weights: [Int]? = nil) -> Int {
        let members = Candidate.all(weights: (weights ?? self.weights).map { $0 * Peer.weightUnit })
        let candidates = members.filter { !lost.contains($0.index) }
        return ModuloHash.choose(key, members: members, candidates: candidates) ?? -1
    }

    @Test("Without a member or a candidate there is no choice")
    func none() {
        #expect(ModuloHash.choose(7, members: [], candidates: []) == nil)
        for number in 0..<100 { #expect(choose(key(number), without: [0, 1, 2, 3]) == -1) }
    }

    @Test("Fixed keys go to fixed places")
    func fixed() {
        #expect(
            (0..<24).map { choose(key($0)) } == [
                0, 0, 1, 1, 3, 3, 3, 3, 2, 3, 3, 2, 2, 1, 1, 2, 3, 2, 2, 0, 3, 3, 1, 3,
            ])
        let equal = (0..<24).map { choose(key($0), weights: [1, 1, 1]) }
        #expect(equal == [0, 0, 1, 0, 0, 1, 0, 0, 2, 0, 0, 1, 2, 0, 1, 2, 0, 0, 0, 2, 1, 0, 2, 1])
    }

    @Test("By the weights, within 3 % over 100,000 keys")
    func shares() {
        var counts = weights.map { _ in 0 }
        for number in 0..<100_000 { counts[choose(key(number))] += 1 }
        #expect(largestDeviation(counts, weights: weights) < 0.03, "\(counts)")
    }

    @Test("The keys of a peer that is out go to the others by weight, the others keep theirs, and it gets them back")
    func loss() {
        var moved = weights.map { _ in 0 }
        for number in 0..<40_000 {
            let (home, away) = (choose(key(number)), choose(key(number), without: [2]))
            #expect(away != 2)
            if home != 2 { #expect(away == home, "key \(number)") } else { moved[away] += 1 }
            #expect(choose(key(number)) == home)
        }
        #expect(largestDeviation([moved[0], moved[1], moved[3]], weights: [1, 2, 4]) < 0.05, "\(moved)")
    }

    @Test("The last one that is left has every key")
    func last() {
        for number in 0..<1_000 { #expect(choose(key(number), without: [1, 2, 3]) == 0) }
    }

    @Test("A peer that starts slowly has a growing part of the keys, and never loses one of them again")
    func slowStart() {
        let members = Candidate.all(weights: [256, 256])
        let keys = (0..<4_000).map(key)
        var had: Set<UInt64> = []
        for part in [1] + stride(from: 16, through: 256, by: 16) {
            let candidates = [members[0], Candidate(index: 1, weight: part, load: 0)]
            let has = keys.filter { ModuloHash.choose($0, members: members, candidates: candidates) == 1 }
            #expect(had.isSubset(of: has), "part \(part)")
            let share = 4_000 * part / (256 + part)
            #expect(abs(has.count - share) < 100, "part \(part): \(has.count), \(share) is its share")
            had = Set(has)
        }
    }

    @Test("Through the pool: a peer that is down or drains moves no key but its own")
    func down() {
        let settings = weights.map { Peer.Settings(weight: $0) }
        func pool(_ change: (inout Peer.Settings) -> Void) -> Pool {
            var settings = settings
            change(&settings[3])
            let balancer = Balancer.hash(isConsistent: false, balanceFactor: 0)
            return Pool(settings, balancer: balancer, counts: SessionCounts(peers: 4))
        }
        var all = pool { _ in }
        var (down, drained) = (pool { $0.isDown = true }, pool { $0.isDraining = true })
        for number in 0..<2_000 {
            let home = all.choose(now: 0, key: key(number))
            let others = [down.choose(now: 0, key: key(number)), drained.choose(now: 0, key: key(number))]
            if home == 3 { #expect(!others.contains(3)) } else { #expect(others == [home, home], "key \(number)") }
        }
    }
}

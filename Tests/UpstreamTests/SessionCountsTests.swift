import TestSupport
import Testing

@testable import Upstream

@Suite("Session counts")
struct SessionCountsTests {
    @Test("A limit of 0 is none, any other is exact")
    func counts() {
        let counts = SessionCounts(peers: 2)
        for _ in 0..<1_000 { #expect(counts.acquire(0, limit: 0)) }
        #expect((0..<5).map { _ in counts.acquire(1, limit: 3) } == [true, true, true, false, false])
        counts.release(1)
        #expect(counts.acquire(1, limit: 3))
        #expect([counts[0], counts[1]] == [1_000, 3])
    }

    /// Takes and gives back places of shared counts, as one loop does; returns how often it took one and how often a peer
    /// had more sessions than it may.
    private static func load(
        _ counts: SessionCounts, _ settings: [Peer.Settings], seed: UInt64
    ) -> (taken: Int, exceeded: Int) {
        var random = SeededGenerator(seed: seed)
        var pool = Pool(settings, counts: counts)
        var (held, taken, exceeded) = ([Int](), 0, 0)
        for _ in 0..<20_000 {
            if Int.random(in: 0..<5, using: &random) < 3 {
                if let peer = pool.choose(now: 0, tried: []) {
                    held.append(peer)
                    taken += 1
                }
            } else if let peer = held.popLast() {
                pool.release(peer)
            }
            for index in settings.indices where !(0...settings[index].maxConnections).contains(counts[index]) {
                exceeded += 1
            }
        }
        for peer in held { pool.release(peer) }
        return (taken, exceeded)
    }

    @Test("max_conns is never exceeded by threads that choose at the same time")
    func concurrent() async {
        let settings: [Peer.Settings] = [.init(maxConnections: 3), .init(maxConnections: 1), .init(maxConnections: 7)]
        let counts = SessionCounts(peers: settings.count)
        let results = await withTaskGroup(of: (Int, Int).self) { group in
            for seed in 1...4 as ClosedRange<UInt64> { group.addTask { Self.load(counts, settings, seed: seed) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.map(\.1) == [0, 0, 0, 0])
        #expect(results.allSatisfy { $0.0 > 100 })
        #expect(settings.indices.map { counts[$0] } == [0, 0, 0])
    }

    @Test("Grown counts are the same counts, with more places at the end")
    func grown() {
        let small = SessionCounts(peers: 2)
        #expect(small.acquire(1, limit: 0))
        let large = small.grown(to: 5)
        let larger = large.grown(to: 6)
        #expect([small.peers, large.peers, larger.peers] == [2, 5, 6])
        #expect((0..<6).map { larger[$0] } == [0, 1, 0, 0, 0, 0])
        #expect(larger.acquire(0, limit: 1))
        #expect(!small.acquire(0, limit: 1))
        #expect(large.acquire(4, limit: 1))
        #expect(!larger.acquire(4, limit: 1))
        small.release(0)
        #expect([small[0], large[0], larger[0]] == [0, 0, 0])
        #expect(large.grown(to: 3).peers == 5)
    }

    @Test("Counts live as long as any that share them")
    func lifetime() {
        var first: SessionCounts? = SessionCounts(peers: 64)
        _ = first?.acquire(63, limit: 0)
        let second = first?.grown(to: 65)
        first = nil
        #expect(second?[63] == 1)
        #expect(SessionCounts(peers: 0).peers == 0)
        #expect(SessionCounts(peers: 0).grown(to: 1)[0] == 0)
    }
}

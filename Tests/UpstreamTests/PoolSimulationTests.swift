import TestSupport
import Testing

@testable import Upstream

/// Peers that fail and come back, sessions that start and end, over several loops: what must always hold, from a seed.
@Suite("Pool simulation")
struct PoolSimulationTests {
    private struct World {
        var random: SeededGenerator
        let settings: [Peer.Settings]
        let counts: SessionCounts
        var pools: [Pool]
        /// Which peers answer.
        var works: [Bool]
        /// The peer of each session that lives, with its loop.
        var sessions: [(loop: Int, peer: Int)] = []
        var now: Int64 = 0
        var served = 0
        var refused = 0
        var faults: [String] = []

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            settings = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                Peer.Settings(
                    weight: Int.random(in: 1...10, using: &random),
                    maxConnections: Bool.random(using: &random) ? 0 : Int.random(in: 1...5, using: &random),
                    maxFails: Int.random(in: 0...3, using: &random),
                    failTimeout: Int64.random(in: 1...2_000, using: &random),
                    isBackup: Int.random(in: 0..<4, using: &random) == 0,
                    isDown: Int.random(in: 0..<6, using: &random) == 0)
            }
            let counts = SessionCounts(peers: settings.count)
            self.counts = counts
            pools = [Pool(settings, counts: counts), Pool(settings, counts: counts)]
            works = settings.map { _ in true }
            self.random = random
        }

        mutating func turn() {
            now += Int64.random(in: 0...100, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5: connect(loop: Int.random(in: 0..<pools.count, using: &random))
            case 5..<9: end()
            default:
                let peer = Int.random(in: 0..<works.count, using: &random)
                works[peer] = Int.random(in: 0..<3, using: &random) > 0
            }
            check()
        }

        /// One client: tries peer after peer, as a session does.
        private mutating func connect(loop: Int) {
            var tried: [Int] = []
            while tried.count < 3 {
                guard let peer = pools[loop].choose(now: now, tried: tried) else {
                    checkRefusal(tried)
                    refused += 1
                    return
                }
                checkChoice(peer, tried, loop)
                if works[peer] {
                    _ = pools[loop].succeeded(peer)
                    sessions.append((loop, peer))
                    served += 1
                    return
                }
                tried.append(peer)
                pools[loop].release(peer)
                let wasAvailable = pools[loop].peers[peer].passive.isAvailable(now: now)
                let takesOut = pools[loop].failed(peer, now: now)
                let isOut = !pools[loop].peers[peer].passive.isAvailable(now: now)
                if takesOut != (wasAvailable && isOut) { faults.append("peer \(peer): \(takesOut) for taking out") }
            }
        }

        private mutating func end() {
            guard !sessions.isEmpty else { return }
            let session = sessions.remove(at: Int.random(in: 0..<sessions.count, using: &random))
            pools[session.loop].release(session.peer)
        }

        private mutating func checkChoice(_ peer: Int, _ tried: [Int], _ loop: Int) {
            if settings[peer].isDown { faults.append("peer \(peer) is down") }
            if tried.contains(peer) { faults.append("peer \(peer) was tried") }
            // The place is taken already.
            func mayBeChosen(_ other: Int) -> Bool {
                let limit = settings[other].maxConnections
                let taken = counts[other] - (other == peer ? 1 : 0)
                return !settings[other].isDown && !tried.contains(other) && (limit == 0 || taken < limit)
            }
            func rank(_ other: Int) -> Int {
                let isWell = pools[loop].peers[other].passive.isAvailable(now: now)
                return (isWell ? 0 : 2) + (settings[other].isBackup ? 1 : 0)
            }
            let best = settings.indices.filter(mayBeChosen).map(rank).min()
            if rank(peer) != best { faults.append("peer \(peer) has rank \(rank(peer)), another \(best ?? -1)") }
        }

        private mutating func checkRefusal(_ tried: [Int]) {
            for index in settings.indices where !settings[index].isDown && !tried.contains(index) {
                let limit = settings[index].maxConnections
                if limit == 0 || counts[index] < limit { faults.append("refused, although peer \(index) was left") }
            }
        }

        private mutating func check() {
            var live = Array(repeating: 0, count: settings.count)
            for session in sessions { live[session.peer] += 1 }
            for index in settings.indices {
                if counts[index] != live[index] {
                    faults.append("peer \(index): \(counts[index]) counted, \(live[index]) live")
                }
                let limit = settings[index].maxConnections
                if counts[index] < 0 || limit > 0 && counts[index] > limit {
                    faults.append("peer \(index): \(counts[index]) sessions of \(limit)")
                }
            }
        }
    }

    @Test(
        "No peer that is down, tried or full; the best rank first; counts as many as live sessions",
        arguments: 1...256 as ClosedRange<UInt64>)
    func run(seed: UInt64) {
        var world = World(seed: seed)
        var turn = 0
        while turn < 1_000, world.faults.isEmpty {
            world.turn()
            turn += 1
        }
        #expect(world.faults == [], "seed \(seed) turn \(turn)")
        #expect(world.served + world.refused > 300, "seed \(seed)")
    }

    @Test(
        "While all are well every peer has its share, within two turns",
        arguments: 1...64 as ClosedRange<UInt64>)
    func shares(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let weights = (0..<Int.random(in: 1...8, using: &random)).map { _ in Int.random(in: 1...20, using: &random) }
        let total = weights.reduce(0, +)
        let counts = SessionCounts(peers: weights.count)
        var pool = Pool(weights.map { .init(weight: $0) }, counts: counts)
        for step in 1...(3 * total) {
            #expect(pool.choose(now: 0, tried: []) != nil)
            for (index, weight) in weights.enumerated() {
                let share = Double(step * weight) / Double(total)
                #expect(abs(Double(counts[index]) - share) < 2, "seed \(seed) step \(step) weights \(weights)")
            }
        }
    }
}

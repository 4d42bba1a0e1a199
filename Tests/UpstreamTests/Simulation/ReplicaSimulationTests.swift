import TestSupport
import Testing

@testable import Upstream

/// Gateways that know nothing of each other.
@Suite("Replica simulation")
struct ReplicaSimulationTests {
    @Test(
        "Replicas with the same peers in any order, after any history, send a key to the same address",
        arguments: 1...256 as ClosedRange<UInt64>)
    func replicas(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...20, using: &random)
        let settings = addresses(count).map {
            Peer.Settings(identity: identity($0), weight: Int.random(in: 1...10, using: &random))
        }
        let shuffled = settings.shuffled(using: &random)
        let balancer = Balancer.hash(isConsistent: true, balanceFactor: 0)
        var one = Pool(settings, balancer: balancer, counts: SessionCounts(peers: count))
        // The other came to its peers one after another, has other sessions, and was told of failures that are over.
        var other = Pool([], balancer: balancer, counts: SessionCounts(peers: 0))
        for places in 1...count {
            _ = other.update(Array(shuffled.prefix(places)), counts: other.counts.grown(to: places), now: 0)
            _ = other.choose(now: 0, key: random.next())
        }
        _ = other.failed(Int.random(in: 0..<count, using: &random), now: 0)
        other.record(Int.random(in: 0..<count, using: &random), isHealthy: false, now: 0)
        for peer in 0..<count { other.record(peer, isHealthy: true, now: 10) }
        for number in 0..<100 {
            let choices = [
                one.choose(now: 20_000, key: key(number)).map { settings[$0].identity },
                other.choose(now: 20_000, key: key(number)).map { shuffled[$0].identity },
            ]
            #expect(choices[0] != nil && choices[0] == choices[1], "seed \(seed) key \(number)")
        }
    }

    @Test("A key keeps its place while others fail and return", arguments: 1...64 as ClosedRange<UInt64>)
    func stability(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let settings = addresses(10).map { Peer.Settings(identity: identity($0) &+ seed) }
        var pool = Pool(
            settings, balancer: .hash(isConsistent: true, balanceFactor: 0), counts: SessionCounts(peers: 10))
        let homes = (0..<200).map { pool.choose(now: 0, key: key($0)) ?? -1 }
        var dead: Set<Int> = []
        for now in 1...20 as ClosedRange<Int64> {
            let peer = Int.random(in: 0..<10, using: &random)
            let isHealthy = dead.remove(peer) != nil
            if !isHealthy, dead.count < 9 { dead.insert(peer) }
            pool.record(peer, isHealthy: !dead.contains(peer), now: now)
            for (number, home) in homes.enumerated() {
                let choice = pool.choose(now: now, key: key(number))
                if dead.contains(home) {
                    #expect(choice.map { !dead.contains($0) } == true, "seed \(seed)")
                } else {
                    #expect(choice == home, "seed \(seed)")
                }
            }
        }
    }
}

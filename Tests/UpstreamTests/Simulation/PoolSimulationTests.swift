import TestSupport
import Testing

@testable import Upstream

/// Peers that fail, return, flap, are slow, change weight, drain and get other addresses, probes, sessions that come, go and
/// are moved, over one to four loops: what must always hold, from a seed.
@Suite("Pool simulation")
struct PoolSimulationTests {
    @Test(
        "No session to a peer that is out, tried or full; counts exact; slow start monotone; moves at their pace",
        arguments: 1...256 as ClosedRange<UInt64>)
    func run(seed: UInt64) {
        var world = World(seed: seed)
        var step = 0
        while step < 1_000, world.faults.isEmpty {
            world.step()
            step += 1
        }
        #expect(world.faults == [], "seed \(seed) step \(step) \(world.balancer)")
        #expect(world.served + world.refused > 200, "seed \(seed)")
    }

    @Test("The simulation reaches what it is to check")
    func reach() {
        var (served, refused, moved, compared) = (0, 0, 0, 0)
        for seed in 1...56 as ClosedRange<UInt64> {
            var world = World(seed: seed)
            for _ in 0..<500 { world.step() }
            served += world.served
            refused += world.refused
            moved += world.moved
            compared += world.compared
        }
        #expect(served > 5_000 && refused > 100 && moved > 500 && compared > 500)
        print("simulation: 56 seeds, \(served) served, \(refused) refused, \(moved) moved, \(compared) keys compared")
    }

    @Test(
        "When all is well again rebalancing comes to an end within its threshold, at its pace",
        arguments: 1...256 as ClosedRange<UInt64>)
    func calm(seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<300 where world.faults.isEmpty { world.step() }
        world.calm()
        // 1,000 seconds, and a session a second at least.
        var steps = 0
        while steps < 10_000, world.isMoving, world.faults.isEmpty {
            world.pass(100, isCalm: true)
            world.check()
            steps += 1
        }
        #expect(world.faults == [], "seed \(seed) \(world.balancer)")
        #expect(!world.isMoving, "seed \(seed) \(world.balancer) still moves after \(world.moved)")
    }
}

extension World {
    /// Whether something is not settled yet.
    fileprivate var isMoving: Bool {
        loops.contains { $0.pace != nil || !$0.orders.isEmpty } || !returning.isEmpty || !attempts.isEmpty
    }

    /// Every broker works and is wanted, and loops look for sessions to move.
    fileprivate mutating func calm() {
        for peer in brokers.indices {
            brokers[peer].works = true
            brokers[peer].delay = 0
            settings[peer].isDraining = false
            if !brokers[peer].isGone { settings[peer].isDown = false }
        }
        tellWishes()
        for loop in loops.indices {
            obey(loop)
            startMoving(loop)
        }
    }
}

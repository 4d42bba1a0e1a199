import TestSupport
import Testing

@testable import Upstream

@Suite("Rebalance")
struct RebalanceTests {
    // MARK: The pace

    @Test("The rate is that of all loops together, and none has a share at the start")
    func rate() {
        var pace = Rebalance(rate: 40, loops: 4)
        #expect(pace.allowance(now: 5_000) == 0)
        #expect(pace.allowance(now: 5_099) == 0)
        #expect(pace.allowance(now: 5_100) == 1)
        #expect(pace.allowance(now: 5_500) == 5)
        pace.spend(5)
        #expect(pace.allowance(now: 5_500) == 0)
        #expect(pace.allowance(now: 5_600) == 1)
    }

    @Test("What was not used counts for a second at most, however long nobody asked")
    func bounded() {
        var pace = Rebalance(rate: 50, loops: 1)
        _ = pace.allowance(now: 0)
        #expect(pace.allowance(now: 1 << 48) == 50)
        pace.spend(50)
        #expect(pace.allowance(now: 1 << 48) == 0)
    }

    @Test("A rate below one for each loop still moves a session now and then")
    func slow() {
        var pace = Rebalance(rate: 1, loops: 4)
        var moved = 0
        for now in stride(from: 0, through: 40_000, by: 100) as StrideThrough<Int64> {
            let allowed = pace.allowance(now: now)
            #expect(allowed <= 1)
            pace.spend(allowed)
            moved += allowed
        }
        #expect(moved == 10)
    }

    @Test("A clock that goes back, and no loops, change nothing")
    func clock() {
        var pace = Rebalance(rate: 10, loops: 0)
        _ = pace.allowance(now: 1_000)
        #expect(pace.allowance(now: 1_100) == 1)
        #expect(pace.allowance(now: 0) == 1)
    }

    @Test("Over any time no more than the rate and one second's worth", arguments: 1...64 as ClosedRange<UInt64>)
    func pace(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (rate, loops) = (Int.random(in: 1...200, using: &random), Int.random(in: 1...8, using: &random))
        var paces = Array(repeating: Rebalance(rate: rate, loops: loops), count: loops)
        var (now, moved) = (0 as Int64, 0)
        for _ in 0..<300 {
            now += Int64.random(in: 0...400, using: &random)
            for loop in paces.indices where Bool.random(using: &random) {
                let allowed = paces[loop].allowance(now: now)
                let count = Int.random(in: 0...allowed, using: &random)
                paces[loop].spend(count)
                moved += count
            }
            let limit = Double(rate) * Double(now) / 1_000 + Double(max(rate, loops))
            #expect(Double(moved) <= limit, "seed \(seed) at \(now)")
        }
    }

    // MARK: The surplus

    private func pool(_ settings: [Peer.Settings], sessions: [Int]) -> Pool {
        let pool = Pool(settings, counts: SessionCounts(peers: settings.count))
        for (peer, count) in sessions.enumerated() { for _ in 0..<count { _ = pool.counts.acquire(peer, limit: 0) } }
        return pool
    }

    @Test(
        "What is above the share by weight and the threshold",
        arguments: [
            ([1, 1], [100, 0], 0, [50, 0]),
            ([1, 1], [100, 0], 10, [45, 0]),
            ([1, 1], [54, 46], 10, [0, 0]),
            ([1, 1], [56, 44], 10, [1, 0]),
            ([3, 1], [75, 25], 0, [0, 0]),
            ([3, 1], [40, 60], 0, [0, 35]),
            ([1, 1, 1], [1, 0, 0], 0, [0, 0, 0]),
            ([1, 1, 1], [2, 0, 0], 0, [1, 0, 0]),
            ([1, 1, 1], [0, 0, 0], 0, [0, 0, 0]),
            ([1], [100], 0, [0]),
            ([1, 1], [100, 0], 200, [0, 0]),
        ])
    func surplus(weights: [Int], sessions: [Int], threshold: Int, expected: [Int]) {
        var pool = pool(weights.map { Peer.Settings(weight: $0) }, sessions: sessions)
        #expect(pool.surplus(now: 0, threshold: threshold) == expected)
    }

    @Test("Peers that are down, drained, dead or have failed recently keep their sessions, which count for nobody")
    func keeps() {
        var settings = Array(repeating: Peer.Settings(), count: 6)
        settings[2].isDown = true
        settings[3].isDraining = true
        var pool = pool(settings, sessions: [60, 20, 100, 100, 100, 100])
        pool.record(4, isHealthy: false, now: 0)
        #expect(pool.failed(5, now: 0) == true)
        #expect(pool.surplus(now: 1, threshold: 0) == [20, 0, 0, 0, 0, 0])
    }

    @Test("A peer that starts slowly is given as much as it may have by now")
    func slowStart() {
        var pool = pool([.init(slowStart: 10_000), .init(slowStart: 10_000)], sessions: [120, 0])
        pool.record(1, isHealthy: false, now: 0)
        pool.record(1, isHealthy: true, now: 0)
        #expect(pool.surplus(now: 0, threshold: 0) == [0, 0])
        #expect(pool.surplus(now: 5_000, threshold: 0) == [40, 0])
        #expect(pool.surplus(now: 10_000, threshold: 0) == [60, 0])
    }

    @Test("Backups give all back while a primary has room, and share what the primaries have no room for")
    func backups() {
        var back = pool([.init(), .init(isBackup: true)], sessions: [10, 30])
        #expect(back.surplus(now: 0, threshold: 10) == [0, 30])
        let backup = Peer.Settings(isBackup: true)
        var full = pool([.init(maxConnections: 20), backup, backup], sessions: [10, 30, 0])
        #expect(full.surplus(now: 0, threshold: 0) == [0, 20, 0])
        var alone = pool([.init(isDown: true), .init(isBackup: true), .init(isBackup: true)], sessions: [0, 30, 0])
        #expect(alone.surplus(now: 0, threshold: 0) == [0, 15, 0])
    }

    @Test("Nothing is moved to where there is no room")
    func noRoom() {
        var full = pool([.init(), .init(maxConnections: 5)], sessions: [95, 5])
        #expect(full.surplus(now: 0, threshold: 0) == [0, 0])
        var half = pool([.init(), .init(maxConnections: 5), .init()], sessions: [95, 5, 0])
        #expect(half.surplus(now: 0, threshold: 0) == [47, 0, 0])
        // A limit that was lowered: nowhere else is room, so everybody stays.
        var lowered = pool([.init(maxConnections: 10), .init(maxConnections: 10)], sessions: [50, 10])
        #expect(lowered.surplus(now: 0, threshold: 0) == [0, 0])
        var little = pool([.init(maxConnections: 10), .init(maxConnections: 10)], sessions: [50, 7])
        #expect(little.surplus(now: 0, threshold: 0) == [3, 0])
    }

    @Test("Never more than what is there, nor than the room elsewhere", arguments: 1...128 as ClosedRange<UInt64>)
    func bounds(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let settings = (0..<Int.random(in: 1...12, using: &random)).map { _ in
            Peer.Settings(
                weight: Int.random(in: 1...10, using: &random),
                maxConnections: Bool.random(using: &random) ? 0 : Int.random(in: 1...60, using: &random),
                isBackup: Int.random(in: 0..<4, using: &random) == 0,
                isDown: Int.random(in: 0..<4, using: &random) == 0)
        }
        let sessions = settings.map { peer in
            Int.random(in: 0...(peer.maxConnections > 0 ? peer.maxConnections : 100), using: &random)
        }
        var pool = pool(settings, sessions: sessions)
        let surplus = pool.surplus(now: 0, threshold: Int.random(in: 0...20, using: &random))
        var room = 0
        for (index, peer) in settings.enumerated() {
            #expect((0...sessions[index]).contains(surplus[index]), "seed \(seed)")
            #expect(surplus[index] == 0 || !peer.isDown, "seed \(seed)")
            if !peer.isDown, surplus[index] == 0 {
                room += peer.maxConnections > 0 ? peer.maxConnections - sessions[index] : 1_000_000
            }
        }
        #expect(surplus.reduce(0, +) <= room, "seed \(seed)")
    }
}

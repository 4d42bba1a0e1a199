import TestSupport

@testable import Upstream

/// A gateway of some loops, its brokers and its clients, from a seed. Every step something happens; what must never be goes
/// to `faults`.
struct World {
    /// A broker as it is, whatever the gateway knows of it.
    struct Broker {
        var works = true
        /// Milliseconds until an attempt or a probe has its answer.
        var delay: Int64 = 0
        /// Probes that the gateway has under way, and what it made of those before.
        var check: ActiveCheck
        var probeAt: Int64
        /// It has lost its address; its place waits for another.
        var isGone = false
    }

    /// What a loop is told, in this order, but not at once.
    enum Order {
        case update([Peer.Settings], SessionCounts)
        case note(Int, isHealthy: Bool)
    }

    /// One loop, and what it was told so far.
    struct Loop {
        var pool: Pool
        var orders: [Order] = []
        var settings: [Peer.Settings]
        var healthy: [Bool]
        /// The last weight of each peer; nil: something has happened to it since.
        var weights: [Int?]
        var pace: Rebalance?
        /// Sessions that were moved at this pace, and since when.
        var moved = 0
        var movingSince: Int64 = 0
    }

    /// A client's way to a broker.
    struct Attempt {
        let loop: Int
        let key: UInt64
        var peer: Int
        var tried: [Int]
        var answerAt: Int64
    }

    struct Session {
        let loop: Int
        let peer: Int
        let key: UInt64
    }

    let balancer: Balancer
    let rate: Int
    let threshold: Int
    let schedule: ProbeSchedule?
    var random: SeededGenerator
    var now: Int64 = 0
    /// What the operator wants now; loops may not know it yet.
    var settings: [Peer.Settings]
    var brokers: [Broker]
    var counts: SessionCounts
    var loops: [Loop]
    var attempts: [Attempt] = []
    var sessions: [Session] = []
    /// Clients that were sent away, and when they come again.
    var returning: [(at: Int64, key: UInt64)] = []
    var nextIdentity: UInt64 = 0
    var nextKey: UInt64 = 0
    var served = 0
    var refused = 0
    var moved = 0
    var compared = 0
    var faults: [String] = []

    static let tries = 3
    static let mostPeers = 12

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        balancer = Balancer.all[Int(seed % UInt64(Balancer.all.count))]
        rate = Bool.random(using: &random) ? 0 : Int.random(in: 1...100, using: &random)
        threshold = Int.random(in: 0...20, using: &random)
        let isProbed = Int.random(in: 0..<3, using: &random) > 0
        schedule =
            isProbed
            ? ProbeSchedule(interval: Int64.random(in: 100...2_000, using: &random), jitter: 20) : nil
        settings = (0..<UInt64.random(in: 1...8, using: &random)).map { Self.settings($0, &random) }
        nextIdentity = UInt64(settings.count)
        brokers = settings.map { _ in Self.broker(&random, now: 0) }
        counts = SessionCounts(peers: settings.count)
        loops = []
        let count = Int.random(in: 1...4, using: &random)
        for _ in 0..<count {
            loops.append(
                Loop(
                    pool: Pool(settings, balancer: balancer, counts: counts), settings: settings,
                    healthy: settings.map { _ in true }, weights: settings.map { _ in nil }))
        }
        self.random = random
    }

    static func settings(_ number: UInt64, _ random: inout SeededGenerator) -> Peer.Settings {
        Peer.Settings(
            identity: Hash.of("10.0.0.\(number):1883".utf8),
            weight: Int.random(in: 1...10, using: &random),
            maxConnections: Bool.random(using: &random) ? 0 : Int.random(in: 1...30, using: &random),
            maxFails: Int.random(in: 0...3, using: &random),
            failTimeout: Int64.random(in: 1...2_000, using: &random),
            slowStart: Bool.random(using: &random) ? 0 : Int64.random(in: 1...10_000, using: &random),
            isBackup: Int.random(in: 0..<4, using: &random) == 0,
            isDown: Int.random(in: 0..<8, using: &random) == 0,
            isDraining: Int.random(in: 0..<10, using: &random) == 0)
    }

    static func broker(_ random: inout SeededGenerator, now: Int64) -> Broker {
        Broker(
            check: ActiveCheck(
                fails: Int.random(in: 1...3, using: &random), passes: Int.random(in: 1...3, using: &random)),
            probeAt: now + Int64.random(in: 0...1_000, using: &random))
    }

    // MARK: Steps

    /// Lets time pass, and something happen.
    mutating func step() {
        pass(Int64.random(in: 0...60, using: &random))
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<9: connect(loop: loops.indices.randomElement(using: &random) ?? 0, key: newKey())
        case 9..<16: end()
        case 16: breakOrMend()
        case 17: changeWishes()
        case 18: changeAddresses()
        default: compareLoops()
        }
        check()
    }

    /// What happens by itself until then: orders arrive, probes, answers, clients that come again, sessions that are moved.
    mutating func pass(_ milliseconds: Int64, isCalm: Bool = false) {
        now += milliseconds
        probe()
        for loop in loops.indices where isCalm || Bool.random(using: &random) { obey(loop) }
        let answered = attempts.filter { $0.answerAt <= now }
        attempts.removeAll { $0.answerAt <= now }
        for attempt in answered { settle(attempt) }
        let back = returning.filter { $0.at <= now }
        returning.removeAll { $0.at <= now }
        for client in back { connect(loop: loops.indices.randomElement(using: &random) ?? 0, key: client.key) }
        for loop in loops.indices { rebalance(loop) }
    }

    mutating func newKey() -> UInt64 {
        nextKey += 1
        return Hash.mix(nextKey)
    }

    private mutating func breakOrMend() {
        let peer = Int.random(in: 0..<brokers.count, using: &random)
        brokers[peer].works = Int.random(in: 0..<3, using: &random) > 0
        brokers[peer].delay = Bool.random(using: &random) ? 0 : Int64.random(in: 1...500, using: &random)
    }

    private mutating func changeWishes() {
        let peer = Int.random(in: 0..<settings.count, using: &random)
        guard !brokers[peer].isGone else { return }
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            settings[peer].isDown.toggle()
            // Nobody probes what is down; the prober knows nothing of it afterwards.
            if !settings[peer].isDown { brokers[peer].check = Self.broker(&random, now: now).check }
        case 1: settings[peer].isDraining.toggle()
        case 2: settings[peer].maxConnections = Int.random(in: 0...20, using: &random)
        default: settings[peer].weight = Int.random(in: 1...10, using: &random)
        }
        tellWishes()
    }

    /// A broker loses its address, another gets the place of one that nobody can refer to any longer, or one is added.
    private mutating func changeAddresses() {
        let peer = Int.random(in: 0..<settings.count, using: &random)
        if brokers[peer].isGone {
            guard counts[peer] == 0, loops.allSatisfy({ $0.orders.isEmpty }) else { return }
            settings[peer] = Self.settings(nextIdentity, &random)
            brokers[peer] = Self.broker(&random, now: now)
        } else if Bool.random(using: &random) {
            brokers[peer].isGone = true
            settings[peer].isDown = true
            return tellWishes()
        } else if settings.count < Self.mostPeers {
            settings.append(Self.settings(nextIdentity, &random))
            brokers.append(Self.broker(&random, now: now))
            counts = counts.grown(to: settings.count)
        }
        nextIdentity += 1
        tellWishes()
    }

    mutating func tellWishes() {
        for loop in loops.indices { loops[loop].orders.append(.update(settings, counts)) }
    }

    private mutating func probe() {
        guard let schedule else { return }
        for peer in brokers.indices where brokers[peer].probeAt <= now && !settings[peer].isDown {
            brokers[peer].probeAt = now + schedule.next(random: random.next())
            let passed = brokers[peer].works && brokers[peer].delay < 300
            guard brokers[peer].check.record(passed: passed) else { continue }
            let isHealthy = brokers[peer].check.isHealthy
            for loop in loops.indices { loops[loop].orders.append(.note(peer, isHealthy: isHealthy)) }
        }
    }
}

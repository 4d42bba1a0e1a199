import TestSupport
import Testing

@testable import Reactor

@Suite("Timer wheel")
struct TimerWheelTests {
    private static let tick = TimerWheel.tick
    /// Milliseconds that the wheel reaches: a deadline further away waits in the last bucket.
    private static let turn = 1024 * TimerWheel.tick

    private func expire(_ wheel: inout TimerWheel, _ now: Int64) -> [(token: TimerWheel.Token, tick: Int64)] {
        var due: [(token: TimerWheel.Token, tick: Int64)] = []
        wheel.expire(now: now, into: &due)
        return due
    }

    @Test("An empty wheel waits for nothing and hands out nothing")
    func empty() {
        var wheel = TimerWheel(now: 5_000)
        #expect(wheel.wait(now: 5_000) == nil)
        #expect(expire(&wheel, 1_000_000).isEmpty)
        #expect(wheel.wait(now: 1_000_000) == nil)
    }

    @Test(
        "An entry comes out once, not before its deadline and at most two ticks after it",
        arguments: [0, 1, 63, 64, 65, 127, 128, 1_000, 4_095, 4_096, 30_000, 65_000, 65_300])
    func punctual(delay: Int64) throws {
        for start in [0, 1, 63, 64, 1_000_001, 77_777_777] as [Int64] {
            var wheel = TimerWheel(now: start)
            let deadline = start + delay
            let tick = wheel.schedule(7, at: deadline)
            var now = start
            var due: [(token: TimerWheel.Token, tick: Int64)] = []
            while due.isEmpty, now <= deadline + 2 * Self.tick {
                due = expire(&wheel, now)
                if due.isEmpty { now += 1 }
            }
            #expect(due.map(\.token) == [7], "start \(start)")
            #expect(due.map(\.tick) == [tick], "start \(start)")
            #expect(now >= deadline, "start \(start)")
            #expect(expire(&wheel, now + 3 * Self.turn).isEmpty, "start \(start)")
        }
    }

    @Test("A deadline in the past is due at the next tick")
    func past() {
        var wheel = TimerWheel(now: 10_000)
        let next = 10_000 / Self.tick + 1
        #expect(wheel.schedule(1, at: 0) == next)
        #expect(wheel.schedule(2, at: .min) == next)
        #expect(expire(&wheel, next * Self.tick - 1).isEmpty)
        #expect(expire(&wheel, next * Self.tick).map(\.token) == [1, 2])
    }

    @Test(
        "Beyond the wheel's reach an entry is handed out early, in the last bucket",
        arguments: [65_537, 1 << 40, .max])
    func beyond(deadline: Int64) {
        var wheel = TimerWheel(now: 0)
        let tick = wheel.schedule(1, at: deadline)
        #expect(tick == 1023)
        #expect(expire(&wheel, 1023 * Self.tick - 1).isEmpty)
        let due = expire(&wheel, 1023 * Self.tick)
        #expect(due.map(\.tick) == [1023])
    }

    @Test("A time that goes back changes nothing")
    func backwards() {
        var wheel = TimerWheel(now: 10_000)
        _ = wheel.schedule(1, at: 10_100)
        #expect(expire(&wheel, 0).isEmpty)
        #expect(expire(&wheel, 10_300).map(\.token) == [1])
    }

    @Test(
        "A sleep of any length hands out every entry under the tick it was scheduled for",
        arguments: [1, 63, 64, 65, 1_022, 1_023, 1_024, 1_025, 1_026, 1_500, 2_047, 2_048, 2_049, 5_000, 1_000_000])
    func sleep(ticks: Int64) {
        for start in [0, 64_000, 64 * 1_023, 9_999_999] as [Int64] {
            var wheel = TimerWheel(now: start)
            var scheduled: [TimerWheel.Token: Int64] = [:]
            for distance in 0..<1_023 as Range<Int64> {
                let token = TimerWheel.Token(distance)
                scheduled[token] = wheel.schedule(token, at: start + distance * Self.tick)
            }
            let now = (start / Self.tick + ticks) * Self.tick
            let due = expire(&wheel, now)
            #expect(due.count == min(Int(ticks), 1_023), "start \(start)")
            for entry in due {
                #expect(scheduled[entry.token] == entry.tick, "start \(start) token \(entry.token)")
            }
            #expect(due.map(\.tick) == due.map(\.tick).sorted(), "start \(start)")
            let rest = expire(&wheel, now + Self.turn)
            #expect(due.count + rest.count == 1_023, "start \(start)")
            let wait = wheel.wait(now: now)
            #expect(wait == nil, "start \(start)")
        }
    }

    /// What the wheel holds, as a plain list.
    private struct Model {
        var entries: [(token: TimerWheel.Token, tick: Int64)] = []

        func wait(_ now: Int64) -> Int64? {
            entries.map(\.tick).min().map { max(0, $0 * TimerWheel.tick - now) }
        }

        mutating func expire(_ now: Int64) -> [String] {
            let due = entries.filter { $0.tick <= now / TimerWheel.tick }
            entries.removeAll { $0.tick <= now / TimerWheel.tick }
            return due.map { "\($0.tick)/\($0.token)" }.sorted()
        }
    }

    @Test("Like a sorted list: what is due, and the exact wait", arguments: 1...40 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now = Int64.random(in: 0...10_000_000, using: &random)
        var wheel = TimerWheel(now: now)
        var model = Model()
        for round in 0..<600 {
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let reach: Int64 = [100, 5_000, Self.turn, 3 * Self.turn].randomElement(using: &random) ?? 1
                let deadline = now + Int64.random(in: -200...reach, using: &random)
                let token = TimerWheel.Token.random(in: 0...999, using: &random)
                let expected = wheel.tick(of: deadline)
                let tick = wheel.schedule(token, at: deadline)
                #expect(tick == expected, "seed \(seed) round \(round)")
                #expect(tick * Self.tick <= max(deadline, now) + Self.tick, "seed \(seed) round \(round)")
                #expect(
                    tick * Self.tick > deadline || tick == now / Self.tick + 1_023, "seed \(seed) round \(round)")
                model.entries.append((token, tick))
            }
            let step: Int64 = [0, 10, 64, 200, 5_000, 40_000].randomElement(using: &random) ?? 0
            now += Int64.random(in: 0...step, using: &random)
            if round % 97 == 96 { now += Int64.random(in: 0...(4 * Self.turn), using: &random) }
            let wait = wheel.wait(now: now)
            #expect(wait == model.wait(now), "seed \(seed) round \(round)")
            let due = expire(&wheel, now).map { "\($0.tick)/\($0.token)" }.sorted()
            #expect(due == model.expire(now), "seed \(seed) round \(round)")
        }
    }

    /// An owner as the wheel's doc comment asks for: keeps its deadline, and tells entries apart by their tick.
    private struct Owner {
        var deadline = Int64.max
        var tick: Int64 = 0

        mutating func limit(_ deadline: Int64, _ token: TimerWheel.Token, _ wheel: inout TimerWheel) {
            self.deadline = deadline
            schedule(token, &wheel)
        }

        private mutating func schedule(_ token: TimerWheel.Token, _ wheel: inout TimerWheel) {
            guard tick == 0 || wheel.tick(of: deadline) < tick else { return }
            tick = wheel.schedule(token, at: deadline)
        }

        /// Whether the deadline has come.
        mutating func fired(_ tick: Int64, now: Int64, _ token: TimerWheel.Token, _ wheel: inout TimerWheel) -> Bool {
            guard tick == self.tick else { return false }
            self.tick = 0
            if deadline <= now { return true }
            schedule(token, &wheel)
            return false
        }
    }

    @Test(
        "Deadlines that move, closer and later, near and beyond the wheel, fire once and in time",
        arguments: 1...40 as ClosedRange<UInt64>)
    func owners(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now = Int64.random(in: 0...10_000_000, using: &random)
        var wheel = TimerWheel(now: now)
        var owners = Array(repeating: Owner(), count: 20)
        var fired = 0
        for round in 0..<3_000 {
            let index = Int.random(in: 0..<owners.count, using: &random)
            let reach: Int64 = [300, 10_000, 3 * Self.turn].randomElement(using: &random) ?? 1
            owners[index].limit(
                now + Int64.random(in: 0...reach, using: &random), TimerWheel.Token(index), &wheel)
            // Sometimes the process is stopped for longer than a turn; else it wakes when the wheel says so, or earlier.
            if round % 500 == 499 {
                now += Int64.random(in: 0...(3 * Self.turn), using: &random)
            } else if let wait = wheel.wait(now: now) {
                now += min(wait, Int64.random(in: 0...2_000, using: &random))
            }
            for entry in expire(&wheel, now) {
                let index = Int(entry.token)
                guard owners[index].fired(entry.tick, now: now, entry.token, &wheel) else { continue }
                fired += 1
                #expect(now >= owners[index].deadline, "seed \(seed) round \(round)")
                owners[index].deadline = .max
            }
            // An owner that is still waiting was not forgotten: after every turn its deadline is ahead, or hardly past.
            let latest = owners.filter { $0.deadline < .max }.map { now - $0.deadline }.max() ?? 0
            #expect(latest <= 2 * Self.tick, "seed \(seed) round \(round)")
            guard latest <= 2 * Self.tick else { return }
        }
        #expect(fired > 100, "seed \(seed): the test has moved hardly any deadline to its end")
    }
}

import TestSupport
import Testing

@testable import Upstream

@Suite("Active check")
struct ActiveCheckTests {
    /// What the check says of a row of probes: "+" passes, "-" fails; the answer has "x" where it goes out, "o" where it
    /// comes back.
    private func run(_ check: inout ActiveCheck, _ probes: String) -> String {
        let answers = probes.map { probe in
            guard check.record(passed: probe == "+") else { return "." }
            return check.isHealthy ? "o" : "x"
        }
        return answers.joined()
    }

    @Test(
        "So many failures in a row take it out, so many passes bring it back",
        arguments: [
            (1, 1, "+-+-", ".xox"),
            (3, 2, "---+++", "..x.o."),
            (3, 2, "--+--+---", "........x"),
            (2, 3, "--++-++-+++", ".x........o"),
            (2, 2, "----++++--", ".x...o...x"),
            (0, -1, "-+", "xo"),
        ])
    func rows(fails: Int, passes: Int, probes: String, expected: String) {
        var check = ActiveCheck(fails: fails, passes: passes)
        #expect(check.isHealthy)
        #expect(run(&check, probes) == expected)
    }

    @Test("Other numbers count from the next probe on; the state and the row so far stay")
    func otherNumbers() {
        var check = ActiveCheck(fails: 3, passes: 2)
        #expect(run(&check, "--") == "..")
        check.adopt(fails: 2, passes: 1)
        #expect(run(&check, "-+") == "xo")
        check.adopt(fails: 0, passes: -1)
        #expect(run(&check, "-+") == "xo")
    }

    @Test(
        "It passes while it is healthy and its last probe has passed",
        arguments: [(2, 2, "+-+--++", "+.+...+"), (1, 1, "-+-", ".+.")])
    func passing(fails: Int, passes: Int, probes: String, expected: String) {
        var check = ActiveCheck(fails: fails, passes: passes)
        #expect(!check.isPassing)
        let seen = probes.map { probe in
            _ = check.record(passed: probe == "+")
            return check.isPassing ? "+" : "."
        }
        #expect(seen.joined() == expected)
    }

    @Test("Each change is said once", arguments: 1...32 as ClosedRange<UInt64>)
    func once(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (fails, passes) = (Int.random(in: 1...4, using: &random), Int.random(in: 1...4, using: &random))
        var check = ActiveCheck(fails: fails, passes: passes)
        for _ in 0..<500 {
            let before = check.isHealthy
            let passed = Bool.random(using: &random)
            let isChange = check.record(passed: passed)
            #expect(isChange == (check.isHealthy != before), "seed \(seed)")
            #expect(!isChange || check.isHealthy == passed, "seed \(seed)")
        }
    }
}

@Suite("Probe schedule")
struct ProbeScheduleTests {
    @Test("First probes lie evenly over an interval, and over a second at most")
    func first() {
        let short = ProbeSchedule(interval: 400, jitter: 0)
        #expect((0..<4).map { short.first($0, of: 4) } == [0, 100, 200, 300])
        let long = ProbeSchedule(interval: 60_000, jitter: 50)
        #expect((0..<5).map { long.first($0, of: 5) } == [0, 200, 400, 600, 800])
        #expect(long.first(0, of: 0) == 0)
        #expect(long.first(999, of: 1_000) == 999)
        #expect(long.first(-1, of: 3) == 0)
    }

    @Test("Without jitter the interval is exact", arguments: [0, 1, UInt64.max])
    func exact(random: UInt64) {
        #expect(ProbeSchedule(interval: 5_000, jitter: 0).next(random: random) == 5_000)
        #expect(ProbeSchedule(interval: 0, jitter: 0).next(random: random) == 1)
        // Ten percent of 9 ms is less than one.
        #expect(ProbeSchedule(interval: 9, jitter: 10).next(random: random) == 9)
    }

    @Test("Jitter stays within its percents on both sides, and uses them", arguments: [1, 10, 50, 100, 1_000])
    func jitter(percent: Int) {
        let schedule = ProbeSchedule(interval: 10_000, jitter: percent)
        let reach = Int64(min(percent, 100)) * 100
        var random = SeededGenerator(seed: UInt64(percent))
        let delays = (0..<20_000).map { _ in schedule.next(random: random.next()) }
        let (least, most) = (delays.min() ?? 0, delays.max() ?? 0)
        #expect(least >= max(1, 10_000 - reach) && most <= 10_000 + reach)
        #expect(least <= 10_000 - reach * 9 / 10 && most >= 10_000 + reach * 9 / 10)
        let mean = delays.reduce(0, +) / Int64(delays.count)
        #expect(abs(mean - 10_000) <= reach / 20 + 1)
    }
}

import Testing

@testable import Gateway

@Suite("Drain")
struct DrainTests {
    /// A table of sessions: true stays, false is closing or gone.
    private struct Table {
        var stays: [Bool]
        var looked = 0
        var staying: Int { stays.count { $0 } }

        /// Those that are busy until a time.
        var busy: [Int: Int64] = [:]

        mutating func close(_ slot: Int, now: Int64 = 0, silence: Int64 = 0) -> Drain.Outcome {
            looked += 1
            guard stays[slot] else { return .nobody }
            if silence > 0, now < (busy[slot] ?? .min) + silence { return .busy }
            stays[slot] = false
            return .ended
        }
    }

    /// Runs a drain from turn to turn, at the times it asks for, until it asks for none. `each` sees the table after a turn.
    private func run(
        _ drain: inout Drain, _ table: inout Table, from begin: Int64, each: (Int64, inout Table, _ closed: Int) -> Void
    ) {
        var now = begin
        while let due = drain.nextDue(staying: table.staying, slots: table.stays.count) {
            now = max(now, due)
            let before = table.staying
            table.looked = 0
            drain.step(now: now, staying: before, slots: table.stays.count) { table.close($0, now: now, silence: $1) }
            each(now, &table, before - table.staying)
        }
    }

    @Test("The pace is even: at every turn as many stay as the rest of the window has room for")
    func even() {
        var drain = Drain(connections: 100, since: 5000, milliseconds: 10_000)
        var table = Table(stays: Array(repeating: true, count: 128).enumerated().map { $0.offset < 100 })
        var times: [Int64] = []
        run(&drain, &table, from: 5000) { now, table, closed in
            #expect(closed == 1)
            times.append(now)
        }
        #expect(times == (1...100).map { 5000 + $0 * 100 })
        #expect(table.staying == 0)
    }

    @Test("No turn closes more than a few or looks at more than a part of 10,000 sessions, even when all are late")
    func bounded() {
        for (begin, window) in [(0, 1000), (0, 0), (9000, 1000)] as [(Int64, Int64)] {
            var drain = Drain(connections: 10_000, since: 0, milliseconds: window)
            var table = Table(stays: Array(repeating: true, count: 10_048))
            for slot in 10_000..<10_048 { table.stays[slot] = false }
            var turns = 0
            run(&drain, &table, from: begin) { _, table, closed in
                turns += 1
                #expect(closed <= Drain.endsPerTurn && table.looked <= Drain.reach)
            }
            #expect(table.staying == 0)
            #expect(turns >= 10_000 / Drain.endsPerTurn)
        }
    }

    @Test("Gaps in the table hold nobody up: a turn that meets nobody is followed by another at once")
    func sparse() {
        var drain = Drain(connections: 3, since: 0, milliseconds: 300)
        var table = Table(stays: Array(repeating: false, count: 50_000))
        for slot in [10, 30_000, 49_999] { table.stays[slot] = true }
        var times: [Int64] = []
        run(&drain, &table, from: 0) { now, table, closed in
            #expect(table.looked <= Drain.reach)
            if closed > 0 { times.append(now) }
        }
        #expect(times == [100, 200, 300])
    }

    @Test("Sessions that end by themselves count: none is closed while fewer are there than may be")
    func byThemselves() {
        var drain = Drain(connections: 100, since: 0, milliseconds: 1000)
        var table = Table(stays: Array(repeating: true, count: 100))
        for slot in 0..<60 { table.stays[slot * 100 / 60] = false }
        #expect(table.staying == 40)
        #expect(drain.nextDue(staying: 40, slots: 100) == 610)
        drain.step(now: 609, staying: 40, slots: 100) { slot, _ in table.close(slot) }
        #expect(table.staying == 40)
        run(&drain, &table, from: 609) { now, table, _ in
            #expect(Int64(table.staying) == (100 * (1000 - now) + 999) / 1000)
        }
        #expect(table.staying == 0)
    }

    @Test("Idle ones go first; a busy one that is left ends when it pauses, or after its moment")
    func idleFirst() {
        var drain = Drain(connections: 4, since: 0, milliseconds: 8000)
        var table = Table(stays: [true, true, true, true])
        table.busy = [0: .max / 2, 1: 6100]
        var ends: [(slot: Int, time: Int64)] = []
        run(&drain, &table, from: 0) { now, table, _ in
            for slot in 0..<4 where !table.stays[slot] && !ends.contains(where: { $0.slot == slot }) {
                ends.append((slot, now))
            }
        }
        #expect(ends.map(\.slot) == [2, 3, 0, 1])
        #expect(ends.map(\.time) == [2000, 4000, 8000, 8000])
    }

    @Test("With jitter each ends in the second half of its part of the window")
    func jitter() {
        var drain = Drain(connections: 50, since: 0, milliseconds: 50_000, seed: 7)
        var table = Table(stays: Array(repeating: true, count: 64).enumerated().map { $0.offset < 50 })
        var times: [Int64] = []
        run(&drain, &table, from: 0) { now, _, _ in times.append(now) }
        #expect(
            times.enumerated().allSatisfy {
                (($0.offset * 1000 + 500)...(($0.offset + 1) * 1000)).contains(Int($0.element))
            })
        #expect(Set(times.map { $0 % 1000 }).count > 20)
    }

    @Test("Nobody there, nothing due")
    func empty() {
        let drain = Drain(connections: 0, since: 0, milliseconds: 1000)
        #expect(drain.nextDue(staying: 0, slots: 64) == nil)
        #expect(drain.nextDue(staying: 0, slots: 0) == nil)
    }
}

import Testing

@testable import Telemetry

@Suite("Tally")
struct TallyTests {
    private enum Key: CaseIterable { case first, second, third }

    @Test("Nothing has happened at first")
    func empty() {
        let tally = Tally<Key>()
        #expect(tally.entries.isEmpty)
        #expect(tally.total == 0)
        #expect(tally[.first] == 0)
    }

    @Test("Counts, in the order of the cases, without those that never happened")
    func counts() {
        var tally = Tally<Key>()
        for key in [Key.third, .first, .third] { tally.count(key) }
        #expect(tally.entries.map(\.key) == [.first, .third])
        #expect(tally.entries.map(\.count) == [1, 2])
        #expect(tally[.second] == 0)
        #expect(tally.total == 3)
    }

    @Test("Adds another's counts, and leaves that as it was")
    func add() {
        var tally = Tally<Key>()
        var other = Tally<Key>()
        tally.count(.first)
        for key in [Key.first, .second] { other.count(key) }
        tally.add(other)
        #expect(Key.allCases.map { tally[$0] } == [2, 1, 0])
        #expect(other.total == 2)
        tally.add(Tally())
        #expect(tally.total == 3)
    }
}

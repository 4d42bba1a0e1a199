import Testing

@testable import Gateway

@Suite("Session table")
struct SessionTableTests {
    /// Sessions of a chunk.
    private static let chunk = 64

    @Test("A token's raw value holds slot and generation whole")
    func token() {
        for (slot, generation) in [(0, 1), (.max, .max), (5, 0x8000_0000), (0, 0)] as [(UInt32, UInt32)] {
            let token = SessionTable.Token(slot: slot, generation: generation)
            #expect(SessionTable.Token(rawValue: token.rawValue) == token)
        }
        #expect(SessionTable.Token(slot: 1, generation: 0) != SessionTable.Token(slot: 0, generation: 1))
    }

    @Test("A token of an earlier session finds nothing in a slot that is used again")
    func generations() {
        var table = SessionTable()
        let (first, pointer) = table.reserve()
        #expect(table[first] == pointer)
        table.release(first)
        #expect(table[first] == nil)
        let (second, again) = table.reserve()
        #expect(again == pointer)
        #expect(second.slot == first.slot)
        #expect(second.generation != first.generation)
        #expect(table[first] == nil)
        #expect(table[second] == again)
    }

    @Test("A token from elsewhere finds nothing")
    func foreign() {
        var table = SessionTable()
        #expect(table[.init(slot: 0, generation: 1)] == nil)
        let (token, pointer) = table.reserve()
        #expect(table[.init(slot: token.slot + 1, generation: 1)] == nil)
        #expect(table[.init(slot: .max, generation: 1)] == nil)
        #expect(table[.init(rawValue: .max)] == nil)
    }

    @Test("Grows chunk by chunk; sessions keep their addresses, all different")
    func grows() {
        var table = SessionTable()
        let count = 3 * Self.chunk + 1
        var sessions: [(SessionTable.Token, SessionPointer)] = []
        for _ in 0..<count { sessions.append(table.reserve()) }
        #expect(table.count == count)
        #expect(sessions.map(\.0.slot) == (0..<UInt32(count)).map { $0 })
        #expect(Set(sessions.map(\.1)).count == count)
        for (token, pointer) in sessions { #expect(table[token] == pointer) }
        #expect(table.all() == sessions.map(\.1))
        for (token, _) in sessions where token.slot % 2 == 0 { table.release(token) }
        #expect(table.all() == sessions.filter { $0.0.slot % 2 == 1 }.map(\.1))
        #expect(table.count == count / 2)
    }
}

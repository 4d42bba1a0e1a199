import Testing

@testable import Gateway

@Suite("Slab")
struct SlabTests {
    /// Values of a chunk.
    private static let chunk = 64

    private struct Value: ~Copyable { let number = 0 }

    @Test("The wheel's token holds slab, slot and generation whole")
    func owners() {
        for (slot, generation) in [(0, 1), (0x3FFF_FFFF, .max), (5, 0x8000_0000), (0, 0)] as [(UInt32, UInt32)] {
            let token = SlabToken(slot: slot, generation: generation)
            for owner in [TimerOwner.connection(token), .session(token), .stream(token)] {
                #expect(TimerOwner(wheelToken: owner.wheelToken) == owner)
            }
        }
    }

    @Test("A token of an earlier value finds nothing in a slot that is used again")
    func generations() {
        var slab = Slab<Value>()
        let (first, pointer) = slab.reserve()
        #expect(slab[first] == pointer)
        slab.release(first)
        #expect(slab[first] == nil)
        let (second, again) = slab.reserve()
        #expect(again == pointer)
        #expect(second.slot == first.slot)
        #expect(second.generation != first.generation)
        #expect(slab[first] == nil)
        #expect(slab[second] == again)
    }

    @Test("A token from elsewhere finds nothing")
    func foreign() {
        var slab = Slab<Value>()
        #expect(slab[.init(slot: 0, generation: 1)] == nil)
        let (token, _) = slab.reserve()
        #expect(slab[.init(slot: token.slot + 1, generation: 1)] == nil)
        #expect(slab[.init(slot: .max, generation: 1)] == nil)
        #expect(slab[.init(slot: 0, generation: .max)] == nil)
    }

    @Test("Grows chunk by chunk; values keep their addresses, all different")
    func grows() {
        var slab = Slab<Value>()
        let count = 3 * Self.chunk + 1
        var values: [(SlabToken, Slab<Value>.Pointer)] = []
        for _ in 0..<count { values.append(slab.reserve()) }
        #expect(slab.count == count)
        #expect(values.map(\.0.slot) == (0..<UInt32(count)).map { $0 })
        #expect(Set(values.map(\.1)).count == count)
        for (token, pointer) in values { #expect(slab[token] == pointer) }
        #expect((0..<slab.slots).compactMap { slab[slot: $0] } == values.map(\.1))
        for (token, _) in values where token.slot % 2 == 0 { slab.release(token) }
        #expect((0..<slab.slots).compactMap { slab[slot: $0] } == values.filter { $0.0.slot % 2 == 1 }.map(\.1))
        #expect(slab.count == count / 2)
    }
}

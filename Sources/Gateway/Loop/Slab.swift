/// Values of one loop, each at a fixed address. Slots are used again; a token of an earlier value finds nothing.
struct Slab<Element: ~Copyable>: ~Copyable {
    typealias Pointer = UnsafeMutablePointer<Element>

    private static var chunk: Int { 64 }
    private var chunks: [Pointer] = []
    private var generations: [UInt32] = []
    private var isUsed: [Bool] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    /// Nothing is left in it then.
    deinit { for chunk in chunks { chunk.deallocate() } }

    init() {}

    /// Takes a slot: the caller initialises the memory, and gives the slot back with `release`.
    mutating func reserve() -> (SlabToken, Pointer) {
        if free.isEmpty { grow() }
        let slot = free.removeLast()
        isUsed[Int(slot)] = true
        count += 1
        return (SlabToken(slot: slot, generation: generations[Int(slot)]), address(slot))
    }

    /// Gives back a slot whose memory contains no value (any longer).
    mutating func release(_ token: SlabToken) {
        generations[Int(token.slot)] &+= 1
        isUsed[Int(token.slot)] = false
        free.append(token.slot)
        count -= 1
    }

    subscript(token: SlabToken) -> Pointer? {
        let slot = Int(token.slot)
        guard slot < generations.count, isUsed[slot], generations[slot] == token.generation else { return nil }
        return address(token.slot)
    }

    /// How many slots there are, used or not.
    var slots: Int { isUsed.count }

    /// The value in a slot below `slots`; nil: there is none.
    subscript(slot slot: Int) -> Pointer? { isUsed[slot] ? address(UInt32(slot)) : nil }

    private func address(_ slot: UInt32) -> Pointer { chunks[Int(slot) / Self.chunk] + Int(slot) % Self.chunk }

    private mutating func grow() {
        let first = UInt32(chunks.count * Self.chunk)
        chunks.append(Pointer.allocate(capacity: Self.chunk))
        generations.append(contentsOf: repeatElement(1, count: Self.chunk))
        isUsed.append(contentsOf: repeatElement(false, count: Self.chunk))
        // Low slots first: the slab stays dense.
        free.append(contentsOf: (first..<first + UInt32(Self.chunk)).reversed())
    }
}

/// A value of a slab for those who must not keep its address: timers, and other threads.
struct SlabToken: Equatable, Sendable, BitwiseCopyable {
    var slot: UInt32
    var generation: UInt32
}

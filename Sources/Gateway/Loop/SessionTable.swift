/// The sessions of a loop, each at a fixed address. Slots are used again; a token of an earlier session finds nothing.
struct SessionTable: ~Copyable {
    /// A session for those who must not hold its address: timers, and later other threads.
    struct Token: Equatable, Sendable, BitwiseCopyable {
        var slot: UInt32
        var generation: UInt32

        var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

        init(slot: UInt32, generation: UInt32) {
            self.slot = slot
            self.generation = generation
        }

        init(rawValue: UInt64) {
            slot = UInt32(truncatingIfNeeded: rawValue)
            generation = UInt32(truncatingIfNeeded: rawValue >> 32)
        }
    }

    private static let chunk = 64
    private var chunks: [SessionPointer] = []
    private var generations: [UInt32] = []
    private var isUsed: [Bool] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    /// No session is left then.
    deinit { for chunk in chunks { chunk.deallocate() } }

    init() {}

    /// Takes a slot: the caller initialises the memory, and gives the slot back with `release`.
    mutating func reserve() -> (Token, SessionPointer) {
        if free.isEmpty { grow() }
        let slot = free.removeLast()
        isUsed[Int(slot)] = true
        count += 1
        return (Token(slot: slot, generation: generations[Int(slot)]), address(slot))
    }

    /// Gives back a slot whose memory holds no session (any more).
    mutating func release(_ token: Token) {
        generations[Int(token.slot)] &+= 1
        isUsed[Int(token.slot)] = false
        free.append(token.slot)
        count -= 1
    }

    subscript(token: Token) -> SessionPointer? {
        let slot = Int(token.slot)
        guard slot < generations.count, isUsed[slot], generations[slot] == token.generation else { return nil }
        return address(token.slot)
    }

    /// How many slots there are, used or not.
    var slots: Int { isUsed.count }

    /// The session in a slot below `slots`; nil: there is none.
    subscript(slot slot: Int) -> SessionPointer? { isUsed[slot] ? address(UInt32(slot)) : nil }

    /// All sessions there are now.
    func all() -> [SessionPointer] {
        isUsed.indices.filter { isUsed[$0] }.map { address(UInt32($0)) }
    }

    private func address(_ slot: UInt32) -> SessionPointer {
        chunks[Int(slot) / Self.chunk] + Int(slot) % Self.chunk
    }

    private mutating func grow() {
        let first = UInt32(chunks.count * Self.chunk)
        chunks.append(SessionPointer.allocate(capacity: Self.chunk))
        generations.append(contentsOf: repeatElement(1, count: Self.chunk))
        isUsed.append(contentsOf: repeatElement(false, count: Self.chunk))
        // Low slots first: the table stays dense.
        free.append(contentsOf: (first..<first + UInt32(Self.chunk)).reversed())
    }
}

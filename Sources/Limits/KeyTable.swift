/// A number for each of many keys, in bounded memory.
///
/// Open addressing with linear probing in an array that doubles up to a fixed size. An entry whose number is not above `floor`
/// means nothing, and is dropped when its place is wanted: each new key looks at a few old entries, so that no call takes long.
package struct KeyTable: Sendable {
    /// What becomes of a new key when all entries mean something.
    package enum WhenFull: Sendable {
        /// It gets no entry.
        case refuse
        /// The lowest number of those that are looked at is forgotten.
        case forget
    }

    private struct Slot: BitwiseCopyable {
        /// 0: the slot is free.
        var key: UInt64 = 0
        var number: Int64 = 0
    }

    /// Most entries.
    package let capacity: Int
    /// Entries that are there, those that mean nothing included.
    package private(set) var count = 0
    private let whenFull: WhenFull
    private var slots: [Slot]
    /// The slot to look at next for entries that mean nothing.
    private var hand = 0

    private static let firstSize = 16
    /// Entries that a new key looks at.
    private static let glances = 16

    /// `capacity` is at least 1.
    package init(capacity: Int, whenFull: WhenFull) {
        self.capacity = max(1, capacity)
        self.whenFull = whenFull
        slots = Array(repeating: Slot(), count: Self.firstSize)
    }

    /// The number of a key; nil: it has none.
    package func number(of key: LimitKey) -> Int64? {
        let slot = slots[place(of: key.hash)]
        return slot.key == 0 ? nil : slot.number
    }

    /// Changes the number of a key, which is 0 for a new one. nil: the table is full, and `body` was not called.
    package mutating func update<Result>(
        _ key: LimitKey, floor: Int64, _ body: (inout Int64) -> Result
    ) -> Result? {
        let known = place(of: key.hash)
        if slots[known].key != 0 { return body(&slots[known].number) }
        guard makeRoom(floor: floor) else { return nil }
        let place = place(of: key.hash)
        slots[place].key = key.hash
        count += 1
        return body(&slots[place].number)
    }

    /// Forgets a key.
    package mutating func remove(_ key: LimitKey) {
        let place = place(of: key.hash)
        if slots[place].key != 0 { clear(place) }
    }

    // MARK: Places

    private var mask: Int { slots.count - 1 }

    private func home(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask }

    /// Where the key is, or else the free slot where it belongs: at most three of four slots are taken.
    private func place(of hash: UInt64) -> Int {
        var place = home(of: hash)
        while slots[place].key != 0, slots[place].key != hash { place = (place + 1) & mask }
        return place
    }

    /// Frees a slot, and moves those up that would not be found past it.
    private mutating func clear(_ place: Int) {
        var free = place
        var next = (place + 1) & mask
        while slots[next].key != 0 {
            let distance = (next - home(of: slots[next].key)) & mask
            if distance >= (next - free) & mask {
                slots[free] = slots[next]
                free = next
            }
            next = (next + 1) & mask
        }
        slots[free] = Slot()
        count -= 1
    }

    // MARK: Room

    /// Sees to it that another entry fits. False: none does.
    private mutating func makeRoom(floor: Int64) -> Bool {
        let isTight = count >= min(capacity, slots.count / 4 * 3)
        guard isTight || count > slots.count / 2 else { return true }
        let lowest = sweep(floor: floor)
        guard count >= min(capacity, slots.count / 4 * 3) else { return true }
        if count < capacity {
            grow()
            return true
        }
        guard whenFull == .forget, let lowest else { return false }
        clear(lowest)
        return true
    }

    /// Looks at some entries and drops those that mean nothing. Returns the place of the lowest of the others; nil if one was
    /// dropped.
    private mutating func sweep(floor: Int64) -> Int? {
        var seen = 0
        var lowest: Int?
        var hasDropped = false
        for _ in 0..<slots.count {
            if seen == Self.glances { break }
            hand &= mask
            guard slots[hand].key != 0 else {
                hand += 1
                continue
            }
            seen += 1
            if slots[hand].number <= floor {
                clear(hand)  // another may have taken its place: the hand stays
                hasDropped = true
            } else {
                if lowest.map({ slots[hand].number < slots[$0].number }) ?? true { lowest = hand }
                hand += 1
            }
        }
        return hasDropped ? nil : lowest
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        for slot in old where slot.key != 0 { slots[place(of: slot.key)] = slot }
        hand = 0
    }
}

/// Deadlines by the thousand: O(1) to set, nothing to cancel, no wake-up without a due entry.
///
/// A wheel of `slots` buckets of `tick` milliseconds each. An entry further away than the wheel reaches waits in the
/// last bucket and is handed out early: the owner keeps the true deadline, compares, and schedules again. An owner whose
/// deadline moved later does nothing at all; one whose deadline moved closer schedules a second entry and tells the old
/// one apart by its tick. So a deadline that moves with every message costs one store.
///
/// Pure: the time is an argument, in milliseconds of a monotonic clock.
package struct TimerWheel: ~Copyable {
    /// What the owner finds its timer by: opaque here.
    package typealias Token = UInt64

    /// Milliseconds in a tick: how late an entry may be.
    package static let tick: Int64 = 64
    private static let slots: Int64 = 1024

    private var buckets: [[Token]]
    private var occupied: [UInt64]  // one bit a bucket
    private var current: Int64  // every bucket up to this tick has been handed out

    package init(now: Int64) {
        buckets = Array(repeating: [], count: Int(Self.slots))
        occupied = Array(repeating: 0, count: Int(Self.slots) / 64)
        current = Self.floor(now)
    }

    /// Schedules `token`; returns the tick at which it will be handed out: not before `deadline`, unless that lies
    /// beyond the wheel.
    package mutating func schedule(_ token: Token, at deadline: Int64) -> Int64 {
        let tick = self.tick(of: deadline)
        let slot = Int(tick & (Self.slots - 1))
        buckets[slot].append(token)
        occupied[slot >> 6] |= 1 << UInt64(slot & 63)
        return tick
    }

    /// The tick at which an entry for `deadline` would be handed out.
    package func tick(of deadline: Int64) -> Int64 {
        min(max(Self.floor(deadline) &+ 1, current + 1), current + Self.slots - 1)
    }

    /// Milliseconds until the next entry is due; nil when there is none.
    package func wait(now: Int64) -> Int64? {
        var distance: Int64 = 1
        while distance < Self.slots {
            let tick = current + distance
            let slot = Int(tick & (Self.slots - 1))
            // The buckets from here to the end of the word, this one lowest.
            let word = occupied[slot >> 6] >> UInt64(slot & 63)
            if word != 0 { return max(0, (tick + Int64(word.trailingZeroBitCount)) * Self.tick - now) }
            distance += 64 - Int64(slot & 63)
        }
        return nil
    }

    /// Appends what is due at `now` to `due`, each with the tick that it was scheduled for.
    package mutating func expire(now: Int64, into due: inout [(token: Token, tick: Int64)]) {
        let target = Self.floor(now)
        guard target > current else { return }
        // Entries lie less than a turn ahead: after a longer sleep every bucket is due, under the tick of its entries.
        var tick = current + 1
        let last = min(target, current + Self.slots - 1)
        current = target
        while tick <= last {
            let slot = Int(tick & (Self.slots - 1))
            if occupied[slot >> 6] & 1 << UInt64(slot & 63) != 0 {
                occupied[slot >> 6] &= ~(1 << UInt64(slot & 63))
                for token in buckets[slot] { due.append((token, tick)) }
                buckets[slot].removeAll(keepingCapacity: buckets[slot].count <= 64)
            }
            tick += 1
        }
    }

    private static func floor(_ milliseconds: Int64) -> Int64 { max(0, milliseconds) / tick }
}

import Synchronization
import Wire

/// Words for the totals of a loop that is not there.
package final class TotalWords {
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    package init() {
        words = .allocate(capacity: PacketTotals.wordCount)
        for index in 0..<PacketTotals.wordCount { (words + index).initialize(to: Atomic(0)) }
    }

    deinit { words.deallocate() }

    /// Valid as long as the words.
    package var totals: PacketTotals { PacketTotals(words) }
}

import Synchronization

/// Where a loop counts the packets of all its sessions in one direction: words with one writer, the loop, which any thread may
/// read at any time. Whoever owns the words keeps them longer than this.
package struct PacketTotals: BitwiseCopyable {
    /// How many words it uses: packets and bytes of each kind, and the payload.
    package static let wordCount = 2 * PacketKind.count + 1

    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    /// `words` are `wordCount` initialized ones.
    package init(_ words: UnsafeMutablePointer<Atomic<UInt64>>) { self.words = words }

    /// What was counted so far. Any thread: two numbers of it may be a moment apart.
    package var counts: PacketCounts {
        PacketCounts(payloadBytes: read(2 * PacketKind.count)) { kind in
            PacketCounts.Count(packets: read(2 * Int(kind.rawValue)), bytes: read(2 * Int(kind.rawValue) + 1))
        }
    }

    private func read(_ index: Int) -> UInt64 { words[index].load(ordering: .relaxed) }

    /// Adds packets of the kind with this raw value.
    @inline(__always)
    func add(_ index: Int, packets: UInt64, bytes: UInt64) {
        add(2 &* index, packets)
        add(2 &* index &+ 1, bytes)
    }

    @inline(__always)
    func add(payload: UInt64) { add(2 &* PacketKind.count, payload) }

    /// The one writer's: no other thread's addition can be lost.
    @inline(__always)
    private func add(_ index: Int, _ count: UInt64) {
        words[index].store(words[index].load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }
}

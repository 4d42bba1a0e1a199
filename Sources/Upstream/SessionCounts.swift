import Synchronization

/// How many sessions each peer of a pool has, over all loops: exact, so that `max_conns` is never exceeded: a place is
/// taken by compare and exchange before the connect.
///
/// Touched when a session takes or leaves a peer, never on the data path. Any thread.
@safe
package final class SessionCounts: Sendable {
    /// Counters that were made together; freed when the last that counts with them is gone.
    @safe
    private final class Block: Sendable {
        nonisolated(unsafe) let first: UnsafeMutablePointer<Atomic<Int>>
        let count: Int

        init(count: Int) {
            self.count = count
            unsafe first = .allocate(capacity: count)
            for index in 0..<count { unsafe (first + index).initialize(to: Atomic(0)) }
        }

        deinit {
            unsafe first.deinitialize(count: count)
            unsafe first.deallocate()
        }
    }

    /// What owns the counters.
    private let blocks: [Block]
    /// Where each counter is: choosing reads one for each peer, and an object for each would cost it two more atomic
    /// instructions.
    nonisolated(unsafe) private let counters: [UnsafeMutablePointer<Atomic<Int>>]

    package convenience init(peers: Int) { self.init([Block(count: max(0, peers))]) }

    private init(_ blocks: [Block]) {
        self.blocks = blocks
        unsafe counters = blocks.flatMap { block in
            unsafe (0..<block.count).map { index in unsafe block.first + index }
        }
    }

    /// The same counts, with places for more peers.
    package func grown(to peers: Int) -> SessionCounts {
        SessionCounts(peers > self.peers ? blocks + [Block(count: peers - self.peers)] : blocks)
    }

    package var peers: Int { unsafe counters.count }

    /// Sessions on the peer now.
    package subscript(peer: Int) -> Int { unsafe counters[peer].pointee.load(ordering: .relaxed) }

    /// Takes a place on the peer unless it has `limit` sessions already (0: no limit).
    package func acquire(_ peer: Int, limit: Int) -> Bool {
        let counter = unsafe counters[peer]
        guard limit > 0 else {
            unsafe counter.pointee.wrappingAdd(1, ordering: .relaxed)
            return true
        }
        var seen = unsafe counter.pointee.load(ordering: .relaxed)
        while seen < limit {
            let (exchanged, original) = unsafe counter.pointee.compareExchange(
                expected: seen, desired: seen + 1, ordering: .relaxed)
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Gives a place back.
    package func release(_ peer: Int) { unsafe counters[peer].pointee.wrappingSubtract(1, ordering: .relaxed) }
}

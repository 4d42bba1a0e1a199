import Synchronization

/// How many sessions each peer of a pool has, over all loops: exact, so that `max_conns` is never exceeded: a place is
/// taken by compare and exchange before the connect.
///
/// Touched when a session takes or leaves a peer, never on the data path. Any thread.
package final class SessionCounts: Sendable {
    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    private let counters: [Counter]

    package init(peers: Int) { counters = (0..<peers).map { _ in Counter() } }

    private init(_ counters: [Counter]) { self.counters = counters }

    /// The same counts, with places for more peers.
    package func grown(to peers: Int) -> SessionCounts {
        SessionCounts(counters + (counters.count..<max(peers, counters.count)).map { _ in Counter() })
    }

    package var peers: Int { counters.count }

    /// Sessions on the peer now.
    package subscript(peer: Int) -> Int { counters[peer].value.load(ordering: .relaxed) }

    /// Takes a place on the peer unless it has `limit` sessions already (0: no limit).
    package func acquire(_ peer: Int, limit: Int) -> Bool {
        let counter = counters[peer]
        guard limit > 0 else {
            counter.value.wrappingAdd(1, ordering: .relaxed)
            return true
        }
        var seen = counter.value.load(ordering: .relaxed)
        while seen < limit {
            let (exchanged, original) = counter.value.compareExchange(
                expected: seen, desired: seen + 1, ordering: .relaxed)
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Gives a place back.
    package func release(_ peer: Int) { counters[peer].value.wrappingSubtract(1, ordering: .relaxed) }
}

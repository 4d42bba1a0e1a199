/// Smooth weighted round robin: every peer's turn comes by its weight, and heavy peers' turns lie apart.
///
/// With weights 5, 1, 1 the order is a a b a c a a, not a a a a a b c. Each choice raises all candidates by their weight
/// and lowers the chosen one by the sum, so that none is ever a whole turn ahead of its share. Peers of the same weight are
/// less than one turn behind; with mixed weights a peer can fall a little further back.
package struct SmoothRoundRobin: Sendable {
    private var current: [Int]

    package init(count: Int) { current = Array(repeating: 0, count: count) }

    /// Chooses one of the candidates; nil when there is none.
    package mutating func choose(_ peers: [Peer], where isCandidate: (Int) -> Bool) -> Int? {
        var best: Int?
        var total = 0
        for index in peers.indices where isCandidate(index) {
            let weight = peers[index].settings.weight
            current[index] += weight
            total += weight
            if let leader = best, current[leader] >= current[index] { continue }
            best = index
        }
        if let best { current[best] -= total }
        return best
    }
}

/// Smooth weighted round robin: every peer has turns in proportion to its weight, and heavy peers' turns are spread out.
///
/// With weights 5, 1, 1 the order is a a b a c a a, not a a a a a b c. Each choice raises all candidates by their weight
/// and lowers the chosen one by the sum, so that none is ever a whole turn ahead of its share. Peers of the same weight are
/// less than one turn behind; with mixed weights a peer can fall a little further back.
enum SmoothRoundRobin {
    /// The candidate whose turn it is; nil when there is none.
    static func choose(_ candidates: [Candidate], _ peers: inout [Peer]) -> Int? {
        var best: Int?
        var total = 0
        for candidate in candidates {
            peers[candidate.index].turn += candidate.weight
            total += candidate.weight
            if let leader = best, peers[leader].turn >= peers[candidate.index].turn { continue }
            best = candidate.index
        }
        if let best { peers[best].turn -= total }
        return best
    }
}

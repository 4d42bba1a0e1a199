/// Weighted least connections: the peer with the fewest sessions for its weight, the new one included. Among equals, the
/// one whose turn it is.
enum LeastConnections {
    static func choose(_ candidates: inout [Candidate], _ peers: inout [Peer]) -> Int? {
        guard var least = candidates.first else { return nil }
        for candidate in candidates where least.isFuller(than: candidate) { least = candidate }
        candidates.removeAll { $0.isFuller(than: least) }
        return candidates.count == 1 ? least.index : SmoothRoundRobin.choose(candidates, &peers)
    }
}

/// `hash KEY consistent`: weighted rendezvous hashing (highest random weight, Thaler and Ravishankar 1998).
///
/// Every peer has a number for the key, computed only from its identity and the key; the best one has the key. So all replicas
/// agree without communicating and whatever the order of their peers; a peer that is lost gives up its own keys and
/// no other moves; the next best is the same everywhere too. With u drawn evenly from (0, 1), the least of -log(u)/weight
/// comes up by the weights.
enum RendezvousHash {
    /// The key's peer. With a `bound`, the best that is not over it; and the best of all when all are.
    static func choose(_ key: UInt64, _ candidates: [Candidate], _ peers: [Peer], bound: LoadBound?) -> Int? {
        var best: (cost: UInt64, candidate: Candidate, isOver: Bool)?
        for candidate in candidates {
            let word = Hash.mix(key ^ peers[candidate.index].settings.identity)
            var isWorse = false
            if let leader = best {
                // No product overflows: costs are below 2^39, weights below 2^24.
                let (limit, weight) = (leader.cost * UInt64(candidate.weight), UInt64(leader.candidate.weight))
                // Nearly all are out of the question without a logarithm.
                isWorse = Logarithm.lowestCost(word) * weight >= limit || Logarithm.cost(word) * weight >= limit
                if isWorse, !leader.isOver { continue }
            }
            let isOver = bound?.isExceeded(by: candidate) ?? false
            if let leader = best, isOver == leader.isOver ? isWorse : isOver { continue }
            best = (Logarithm.cost(word), candidate, isOver)
        }
        return best?.candidate.index
    }
}

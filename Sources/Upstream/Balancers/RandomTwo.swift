/// The power of two choices: two peers are chosen at random by their weights, and the one with fewer sessions for its weight
/// gets the session. No more than one peer's load is compared with another's, so loops that see the same counts at the same time do
/// not all run to the same peer.
enum RandomTwo {
    static func choose(_ candidates: [Candidate], random: UInt64) -> Int? {
        guard let first = pick(candidates, random, without: nil) else { return nil }
        guard let second = pick(candidates, Hash.mix(random), without: first) else { return candidates[first].index }
        let (a, b) = (candidates[first], candidates[second])
        return a.isFuller(than: b) ? b.index : a.index
    }

    /// A candidate that comes up by its weight.
    private static func pick(_ candidates: [Candidate], _ random: UInt64, without other: Int?) -> Int? {
        var total = 0
        for (place, candidate) in candidates.enumerated() where place != other { total += candidate.weight }
        guard total > 0 else { return nil }
        var rest = Int(random % UInt64(total))
        for (place, candidate) in candidates.enumerated() where place != other {
            rest -= candidate.weight
            if rest < 0 { return place }
        }
        return nil
    }
}

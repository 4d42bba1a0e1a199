/// `hash_balance_factor`: the most sessions that a peer may have for its share of them.
struct LoadBound {
    /// Sessions for each unit of weight.
    private let allowed: Double

    /// `factor`: thousandths.
    init(_ candidates: [Candidate], factor: Int) {
        var (load, weight) = (1, 0)  // the new session counts
        for candidate in candidates {
            load += candidate.load
            weight += candidate.weight
        }
        allowed = Double(factor) * Double(load) / (1000 * Double(max(1, weight)))
    }

    /// Whether the peer has as much as it may have already: its part, rounded up, as a bound below one session would exceed
    /// everybody.
    func isExceeded(by candidate: Candidate) -> Bool { Double(candidate.load) >= allowed * Double(candidate.weight) }
}

/// A peer that may be chosen now, as the balancers see it.
struct Candidate {
    /// Its place in the pool.
    let index: Int
    /// Its effective weight, from 1.
    let weight: Int
    /// Its sessions, over all loops.
    let load: Int

    /// Whether a session more makes this peer fuller for its weight than the same would `other`: compared without division.
    func isFuller(than other: Candidate) -> Bool { (load + 1) * other.weight > (other.load + 1) * weight }
}

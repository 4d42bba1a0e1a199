/// How a pool chooses among the peers that may be chosen. One algorithm a file; a new one is a case here.
package enum Balancer: Sendable, Equatable {
    case roundRobin
    case leastConnections
    /// The better of two chosen at random.
    case randomTwo
    /// By the number of the session's key. `balanceFactor`: thousandths of its share that a peer may hold; 0: no bound.
    case hash(isConsistent: Bool, balanceFactor: Int)

    /// Whether sessions have a key.
    package var usesKey: Bool { if case .hash = self { true } else { false } }
}

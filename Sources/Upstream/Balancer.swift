/// How a pool chooses among the peers that may be chosen. One algorithm a file; a new one is a case here.
package enum Balancer: Sendable {
    case roundRobin(SmoothRoundRobin)

    mutating func choose(_ peers: [Peer], where isCandidate: (Int) -> Bool) -> Int? {
        switch self {
        case .roundRobin(var algorithm):
            let choice = algorithm.choose(peers, where: isCandidate)
            self = .roundRobin(algorithm)
            return choice
        }
    }
}

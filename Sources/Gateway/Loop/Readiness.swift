import Upstream

/// Whether new clients are to be sent to this gateway.
enum Readiness {
    case ready
    /// A drain has begun, or was announced.
    case draining
    case noHealthyUpstream

    /// What `health` answers with.
    var text: [UInt8] {
        switch self {
        case .ready: Self.texts.ready
        case .draining: Self.texts.draining
        case .noHealthyUpstream: Self.texts.noHealthyUpstream
        }
    }

    private static let texts = (
        ready: [UInt8]("ready\n".utf8), draining: [UInt8]("draining\n".utf8),
        noHealthyUpstream: [UInt8]("no healthy upstream\n".utf8)
    )
}

extension LoopContext {
    /// As this loop sees it, for clients that may come to any of these pools. One usable pool of several is enough: to send
    /// everyone away because of another would hurt those whom this one serves. Without pools no client needs a broker.
    func readiness(pools needed: [Int]) -> Readiness {
        if isDraining { return .draining }
        let isUsable = needed.contains { pools.indices.contains($0) && pools[$0].hasUsablePeer(now: now) }
        return isUsable || needed.isEmpty ? .ready : .noHealthyUpstream
    }
}

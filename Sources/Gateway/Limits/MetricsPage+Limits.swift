import Configuration
import Telemetry

/// What limits have refused.
extension MetricsPage {
    mutating func writeLimitsRefused() {
        page.begin(MetricCatalogue.limitsRefused)
        for refusal in LimitRefusal.all {
            let count = input.loops.reduce(0 as UInt64) { $0 &+ ($1.figures.limitsRefused[refusal] ?? 0) }
            page.sample([.limit: refusal.limit.rawValue, .per: refusal.key?.rawValue ?? "all"], count)
        }
    }
}

extension LimitRefusal {
    /// All that there can be.
    static let all = Limit.allCases.flatMap { limit -> [LimitRefusal] in
        switch limit {
        case .connections, .connectRate: LimitSettings.Key.allCases.map { LimitRefusal(limit, $0) }
        case .handshakeRate: [LimitRefusal(limit, .ip), LimitRefusal(limit, .server)]
        case .pendingConnects, .memory: [LimitRefusal(limit)]
        }
    }
}

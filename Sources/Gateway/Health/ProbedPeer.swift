import Configuration
import Reactor
import Upstream
import Wire

/// A peer to be probed.
struct ProbeTarget: Sendable {
    let pool: Int
    let peer: Int
    /// The upstream's.
    let name: String
    /// The address, as logs show it.
    let text: String
    let address: SocketAddress
    /// Source addresses, used in turn; empty: chosen by the system.
    let source: [SocketAddress]
}

/// How the peers of one pool are probed.
struct ProbePlan: Sendable {
    let settings: HealthCheckSettings
    let password: [UInt8]?
    /// The PROXY header that goes before everything else; nil: none.
    let proxyHeader: ProxyHeader.Version?
}

/// What the prober knows of one peer. Its thread's.
final class ProbedPeer {
    private(set) var target: ProbeTarget
    private(set) var plan: ProbePlan
    /// Of the probe's CONNECT: the same each time, so that a broker does not collect sessions.
    private(set) var clientID: String
    private(set) var schedule: ProbeSchedule
    var check: ActiveCheck
    /// When the next probe begins.
    var dueAt: Int64
    /// The probe that is under way.
    var probe: Probe?

    init(_ target: ProbeTarget, _ plan: ProbePlan, clientID: String, dueIn delay: (ProbeSchedule) -> Int64, now: Int64)
    {
        self.target = target
        self.plan = plan
        self.clientID = clientID
        schedule = ProbeSchedule(interval: plan.settings.interval.milliseconds, jitter: plan.settings.jitter)
        check = ActiveCheck(fails: plan.settings.fails, passes: plan.settings.passes)
        dueAt = now + delay(schedule)
    }

    /// The operator asks it in another way; what was found out so far stays. A probe that is under way is not changed.
    func adopt(_ target: ProbeTarget, _ plan: ProbePlan, clientID: String, now: Int64) {
        self.target = target
        self.plan = plan
        self.clientID = clientID
        schedule = ProbeSchedule(interval: plan.settings.interval.milliseconds, jitter: plan.settings.jitter)
        check.adopt(fails: plan.settings.fails, passes: plan.settings.passes)
        dueAt = min(dueAt, now + plan.settings.interval.milliseconds)
    }

    /// A probe that speaks no MQTT, or asks another port, vouches for nothing that a client meets.
    var health: PeerHealth {
        let asksBroker = plan.settings.kind == .mqtt && plan.settings.port == nil
        return PeerHealth(isHealthy: check.isHealthy, isVouchedFor: asksBroker && check.isPassing)
    }

    /// The address to ask: the peer's, or another port of it.
    var address: SocketAddress { plan.settings.port.map(target.address.withPort) ?? target.address }
}

extension MQTTSettings.Version {
    var wire: ProtocolVersion {
        switch self {
        case .v3_1: .v3_1
        case .v3_1_1: .v3_1_1
        case .v5_0: .v5_0
        }
    }
}

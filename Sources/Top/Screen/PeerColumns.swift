/// The columns of the table of upstreams.
enum PeerColumns {
    static var all: [Column<UpstreamPeer>] {
        [
            Column(title: "UPSTREAM", minimum: 8, preferred: 12, maximum: 20, priority: 4, value: \.upstream),
            Column(title: "PEER", minimum: 10, preferred: 21, maximum: 47, priority: 1, value: \.address),
            Column(
                title: "STATE", minimum: 8, preferred: 11, maximum: 11, priority: 2, style: stateStyle, value: \.state),
            Column(title: "ROLE", minimum: 6, maximum: 6, priority: 10) { $0.isBackup ? "backup" : "" },
            Column(
                title: "WEIGHT", minimum: 6, preferred: 11, maximum: 11, priority: 6, alignsRight: true, value: weight),
            Column(title: "SHARE", minimum: 5, maximum: 5, priority: 5, alignsRight: true) {
                Figures.percent($0.share)
            },
            Column(
                title: "SESSIONS", minimum: 8, preferred: 12, maximum: 12, priority: 3, alignsRight: true,
                value: sessions),
            figure("TOTAL", priority: 9) { $0.sessionsTotal },
            figure("TRIES", priority: 8) { $0.tries },
            Column(
                title: "FAILED", minimum: 6, maximum: 6, priority: 7, alignsRight: true,
                style: { $0.failureCount > 0 ? .warning : .plain }, value: { Figures.count(Double($0.failureCount)) }),
            Column(title: "CHECK", minimum: 9, maximum: 9, priority: 11) { peer in
                peer.isHealthy.map { $0 ? "healthy" : "unhealthy" } ?? "-"
            },
            Column(title: "BALANCER", minimum: 11, maximum: 11, priority: 13, value: \.balancer),
            Column(title: "FAILURES", minimum: 12, maximum: 60, priority: 12, value: failures),
            Column(title: "CHANGED", minimum: 8, maximum: 24, priority: 14) { $0.changed.joined(separator: ",") },
        ]
    }

    private static func figure(
        _ title: String, priority: Int, _ value: @escaping (UpstreamPeer) -> Int
    ) -> Column<UpstreamPeer> {
        Column(title: title, minimum: 6, maximum: 6, priority: priority, alignsRight: true) {
            Figures.count(Double(value($0)))
        }
    }

    /// `2`, and `2 (0.5)` while a peer has less than its weight.
    private static func weight(_ peer: UpstreamPeer) -> String {
        guard peer.effectiveWeight != Double(peer.weight) else { return "\(peer.weight)" }
        return "\(peer.weight) (\(Figures.decimal(peer.effectiveWeight, 1)))"
    }

    private static func sessions(_ peer: UpstreamPeer) -> String {
        peer.mostSessions > 0 ? "\(peer.sessions)/\(peer.mostSessions)" : "\(peer.sessions)"
    }

    static func failures(_ peer: UpstreamPeer) -> String {
        peer.failures.filter { $0.count > 0 }.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    }

    static func stateStyle(_ peer: UpstreamPeer) -> Style {
        switch peer.state {
        case "up": .good
        case "draining", "full", "starting", "down": .warning
        default: .bad
        }
    }
}

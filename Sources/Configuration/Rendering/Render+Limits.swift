extension Writer {
    /// The limits that a block has itself: elsewhere they would count something else.
    mutating func limits(_ limits: LimitSettings) {
        for limit in limits.connections { line("limit_connections", "per=\(limit.key.rawValue)", "\(limit.count)") }
        for limit in limits.connectRates { rate("limit_connect_rate", limit) }
        for limit in limits.handshakeRates { rate("limit_handshake_rate", limit) }
        if let count = limits.pendingConnects { line("limit_pending_connects", count == 0 ? "off" : "\(count)") }
        if let bytes = limits.bytes { traffic("limit_rate", bytes) { Value.text(ofSize: $0) } }
        if let packets = limits.packets { traffic("limit_packet_rate", packets) { "\($0)/s" } }
    }

    private mutating func rate(_ name: String, _ limit: LimitSettings.Rate) {
        line(
            name, "per=\(limit.key.rawValue)", "\(limit.count)/\(limit.period.rawValue)", "burst=\(limit.burst)")
    }

    private mutating func traffic(_ name: String, _ traffic: LimitSettings.Traffic, _ text: (Int) -> String) {
        var words: [String] = []
        if let rate = traffic.received { words.append("in=\(text(rate))") }
        if let rate = traffic.sent { words.append("out=\(text(rate))") }
        if let burst = traffic.burst { words.append("burst=\(burst)") }
        line(name, words)
    }
}

extension MemoryLimit {
    /// As `memory_limit` writes it.
    var source: String {
        switch self {
        case .bytes(let size): Value.text(ofSize: size)
        case .percent(let share): "\(share)%"
        }
    }
}

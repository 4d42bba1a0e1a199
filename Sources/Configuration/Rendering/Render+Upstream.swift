extension Writer {
    mutating func upstream(_ upstream: UpstreamSettings) {
        block("upstream", [upstream.name]) { writer in
            writer.balancer(upstream)
            for server in upstream.servers { writer.server(server) }
            if upstream.servers.contains(where: \.resolves) {
                writer.line("resolve_interval", Value.text(of: upstream.resolveInterval))
            }
            if let check = upstream.healthCheck { writer.healthCheck(check) }
            writer.line(
                "proxy_protocol",
                [upstream.proxyProtocol.version.rawValue] + (upstream.proxyProtocol.tellsCommonName ? ["cn"] : []))
            if !upstream.bindAddresses.isEmpty { writer.line("proxy_bind", upstream.bindAddresses) }
            writer.rebalance(upstream.rebalance)
        }
    }

    private mutating func balancer(_ upstream: UpstreamSettings) {
        switch upstream.balancer {
        case .roundRobin: break
        case .leastConnections: line("least_conn", [])
        case .randomTwo: line("random", "two")
        case .hash(let key, let isConsistent):
            line("hash", [key.source] + (isConsistent ? ["consistent"] : []))
            line("hash_balance_factor", Value.text(ofThousandths: upstream.hashBalanceFactor))
        }
    }

    private mutating func server(_ server: UpstreamServerSettings) {
        var words = [
            server.address.description, "weight=\(server.weight)", "max_conns=\(server.maxConnections)",
            "max_fails=\(server.maxFails)", "fail_timeout=\(Value.text(of: server.failTimeout))",
            "slow_start=\(Value.text(of: server.slowStart))",
        ]
        if server.resolves { words.append("resolve") }
        if server.isBackup { words.append("backup") }
        if server.isDown { words.append("down") }
        if server.isDraining { words.append("drain") }
        line("server", words)
    }

    private mutating func healthCheck(_ check: HealthCheckSettings) {
        var words = [
            "type=\(check.kind.rawValue)", "interval=\(Value.text(of: check.interval))",
            "timeout=\(Value.text(of: check.timeout))", "fails=\(check.fails)", "passes=\(check.passes)",
            "jitter=\(check.jitter)%",
        ]
        if let port = check.port { words.append("port=\(port)") }
        switch check.kind {
        case .tcp: break
        case .mqtt:
            words += ["version=\(check.version.rawValue)", "client_id=\(check.clientIDPrefix)"]
            if let username = check.username { words.append("username=\(username)") }
            if let path = check.passwordFile { words.append("password_file=\(path)") }
        case .http:
            let (low, high) = (check.statuses.lowerBound, check.statuses.upperBound)
            words += ["uri=\(check.uri)", "status=\(low == high ? "\(low)" : "\(low)-\(high)")"]
        }
        line("health_check", words)
    }

    private mutating func rebalance(_ settings: RebalanceSettings?) {
        guard let settings else { return line("rebalance", "off") }
        line(
            "rebalance", "rate=\(settings.rate)/s", "idle=\(Value.text(of: settings.idle))",
            "threshold=\(settings.threshold)%", "reason=\(settings.reason.rawValue)")
    }

    mutating func realIP(_ settings: RealIPSettings) {
        if !settings.trusted.isEmpty { line("set_real_ip_from", settings.trusted.map(\.description)) }
        line("real_ip_header", settings.header ?? "off")
        line("real_ip_recursive", settings.isRecursive ? "on" : "off")
    }
}

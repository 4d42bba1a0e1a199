extension DirectiveTable {
    static let limits: [Directive] = [
        Directive(
            "limit_connections", .inherited, .limitConnections,
            "Sessions at a time of one address, user name or client identifier, or of a whole server.",
            repeatable: true),
        Directive(
            "limit_connect_rate", .inherited, .limitRate(\.connectRates, LimitSettings.Key.allCases),
            "CONNECTs in a second, minute or hour, of one address, user name or client identifier, or of a whole server.",
            repeatable: true),
        Directive(
            "limit_handshake_rate", [.main, .server], .limitRate(\.handshakeRates, [.ip, .server]),
            "New connections in a second, minute or hour, of one address or to a whole server.", repeatable: true),
        Directive(
            "limit_pending_connects", .inherited, .limitPending,
            "CONNECTs that may wait at a time until it is decided who is allowed in, and for a broker."),
        Directive(
            "limit_rate", .inherited, .limitTraffic(\.bytes, "1m", isSize: true),
            "Bytes in a second that one session may carry from its client and to it."),
        Directive(
            "limit_packet_rate", .inherited, .limitTraffic(\.packets, "100/s", isSize: false),
            "MQTT packets in a second that one session may carry from its client and to it."),
        Directive(
            "memory_limit", .main, .memoryLimit,
            "Memory of the process above which it takes no more connections, a size or a share of what it may have."),
    ]
}

extension Action {
    static var limitConnections: Action {
        Action(2...2) { (statement, builder) throws(ConfigurationError) in
            let (key, words) = try limitKey(statement, LimitSettings.Key.allCases)
            let word = words[0]
            guard let count = Value.integer(word.text[...]), (1...100_000_000).contains(count) else {
                throw statement.error(
                    "must have a number from 1 to 100000000 after per=\(key.rawValue), not \(quoted(word.text))",
                    at: word)
            }
            guard !builder.scope.limits.connections.contains(where: { $0.key == key }) else {
                throw statement.error("limits per=\(key.rawValue) twice in one block", at: statement.argument)
            }
            builder.scope.limits.connections.append(LimitSettings.Connections(key: key, count: count))
        }
    }

    static func limitRate(
        _ target: WritableKeyPath<LimitSettings, [LimitSettings.Rate]> & Sendable, _ keys: [LimitSettings.Key]
    ) -> Action {
        Action(2...3) { (statement, builder) throws(ConfigurationError) in
            let (key, words) = try limitKey(statement, keys)
            guard !builder.scope.limits[keyPath: target].contains(where: { $0.key == key }) else {
                throw statement.error("limits per=\(key.rawValue) twice in one block", at: statement.argument)
            }
            var (rate, burst): (LimitSettings.Rate?, Int?)
            for word in words {
                do throws(ValueFault) {
                    if word.text.hasPrefix("burst="), burst == nil {
                        burst = try Parameter(word.text).integer(0...1_000_000)
                    } else {
                        guard rate == nil else { throw ValueFault("has a second rate: \(quoted(word.text))") }
                        rate = try readRate(word.text, key)
                    }
                } catch {
                    throw statement.error(error, at: word)
                }
            }
            guard var rate else { throw statement.error("needs a rate such as 10/s or 600/m") }
            rate.burst = burst ?? 0
            builder.scope.limits[keyPath: target].append(rate)
        }
    }

    static var limitPending: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard word.text != "off" else {
                builder.scope.limits.pendingConnects = 0
                return
            }
            guard let count = Value.integer(word.text[...]), (1...10_000_000).contains(count) else {
                throw statement.error("must be off or a number from 1 to 10000000, not \(quoted(word.text))", at: word)
            }
            builder.scope.limits.pendingConnects = count
        }
    }

    /// `in=`, `out=` and, for packets, `burst=`.
    static func limitTraffic(
        _ target: WritableKeyPath<LimitSettings, LimitSettings.Traffic?> & Sendable, _ example: String, isSize: Bool
    ) -> Action {
        Action(1...(isSize ? 2 : 3)) { (statement, builder) throws(ConfigurationError) in
            var traffic = LimitSettings.Traffic()
            let names = ParameterNames(withValue: isSize ? ["in", "out"] : ["in", "out", "burst"])
            try statement.readParameters(after: 0) { (parameter) throws(ValueFault) in
                guard parameter.value != nil, names.withValue.contains(parameter.name) else {
                    throw names.fault(parameter)
                }
                if parameter.name == "burst" {
                    traffic.burst = try parameter.integer(1...1_000_000)
                    return
                }
                let rate = isSize ? try bytesRate(parameter) : try parameter.rate(1...1_000_000)
                if parameter.name == "in" { traffic.received = rate } else { traffic.sent = rate }
            }
            guard traffic.received != nil || traffic.sent != nil else {
                throw statement.error("needs in=, out= or both, such as in=\(example)")
            }
            builder.scope.limits[keyPath: target] = traffic
        }
    }

    static var memoryLimit: Action {
        let allowed = "a share from 10% to 95%, or a size from 32m to 1024g"
        return .single(\.process.memoryLimit, allowed) { text -> MemoryLimit?? in
            if let share = Value.percent(text) { return (10...95).contains(share) ? .some(.percent(share)) : nil }
            guard let size = Value.size(text), (32 << 20...1 << 40).contains(size) else { return nil }
            return .some(.bytes(size))
        }
    }

    // MARK: Parts

    /// The key of a limit, and the other arguments.
    private static func limitKey(
        _ statement: Statement, _ keys: [LimitSettings.Key]
    ) throws(ConfigurationError) -> (LimitSettings.Key, [Word]) {
        let choices = keys.map { "per=\($0.rawValue)" }
        guard let word = statement.arguments.first(where: { $0.text.hasPrefix("per=") }) else {
            throw statement.error("must say what is counted: \(choices.joined(separator: ", "))")
        }
        guard let key = keys.first(where: { "per=\($0.rawValue)" == word.text }) else {
            throw statement.error(
                "must have one of \(choices.joined(separator: ", ")), not \(quoted(word.text))", at: word)
        }
        let others = statement.arguments.filter { $0.position != word.position }
        guard !others.isEmpty else { throw statement.error("has per=\(key.rawValue) twice") }
        return (key, others)
    }

    /// "10/s"
    private static func readRate(_ text: String, _ key: LimitSettings.Key) throws(ValueFault) -> LimitSettings.Rate {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Value.integer(parts[0]), (1...1_000_000).contains(count),
            let period = LimitSettings.Rate.Period(rawValue: String(parts[1]))
        else {
            throw ValueFault(
                "must have a rate from 1 to 1000000 a second, minute or hour, such as 10/s, 600/m or 100/h, not \(quoted(text))"
            )
        }
        return LimitSettings.Rate(key: key, count: count, period: period)
    }

    private static func bytesRate(_ parameter: Parameter) throws(ValueFault) -> Int {
        guard let size = Value.size(parameter.value ?? ""), (4096...1 << 30).contains(size) else {
            throw ValueFault(
                "must have bytes a second from 4k to 1g after \"\(parameter.name)=\", such as 1m, "
                    + "not \(quoted(parameter.value ?? ""))")
        }
        return size
    }
}

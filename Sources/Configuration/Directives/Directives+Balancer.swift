extension DirectiveTable {
    static let balancers: [Directive] = [
        Directive(
            "least_conn", .upstream, .leastConn,
            "New sessions go to the broker with the fewest sessions relative to its weight."),
        Directive(
            "random", .upstream, .randomTwo,
            "New sessions go to the better of two brokers chosen at random: random two."),
        Directive(
            "hash", .upstream, .hash,
            "New sessions go to the broker that their key maps to; consistent moves few keys when a broker is lost."),
        Directive(
            "hash_balance_factor", .upstream, .hashBalanceFactor,
            "How much more than its share a hash may give to one broker."),
        Directive(
            "rebalance", .upstream, .rebalance,
            "How sessions are moved when a broker comes back: rate, idle, threshold, reason; or off."),
    ]
}

extension Action {
    /// Sets the balancer, of which an upstream has one.
    private static func balancer(
        _ arguments: ClosedRange<Int>,
        _ read: @escaping @Sendable (Statement) throws(ConfigurationError) -> BalancerSettings
    ) -> Action {
        Action(arguments) { (statement, builder) throws(ConfigurationError) in
            if let first = builder.upstream?.balancer {
                throw statement.error(
                    "would be a second balancer", hint: "\(quoted(first.text)) is at \(first.position)")
            }
            builder.upstream?.settings.balancer = try read(statement)
            let text = ([statement.name] + statement.arguments).map(\.text).joined(separator: " ")
            builder.upstream?.balancer = (text, statement.name.position)
        }
    }

    static var leastConn: Action { balancer(0...0) { _ in .leastConnections } }

    static var randomTwo: Action {
        balancer(0...2) { (statement) throws(ConfigurationError) in
            let words = statement.arguments.map(\.text)
            guard !words.isEmpty else {
                throw statement.error("without \"two\" ignores the load", hint: "write \"random two\"")
            }
            guard words == ["two"] || words == ["two", "least_conn"] else {
                throw statement.error(
                    ValueFault("must be \"random two\", not \(quoted((["random"] + words).joined(separator: " ")))"))
            }
            return .randomTwo
        }
    }

    static var hash: Action {
        balancer(1...2) { (statement) throws(ConfigurationError) in
            if let word = statement.arguments.dropFirst().first, word.text != "consistent" {
                throw statement.error("takes consistent after its key, not \(quoted(word.text))", at: word)
            }
            let key: Template
            do throws(ValueFault) {
                key = try Template.parsed(statement.argument.text)
            } catch {
                throw statement.error(error)
            }
            guard !key.variables.isEmpty else {
                throw statement.error(
                    "needs a key with a variable such as $mqtt_client_id, not \(quoted(statement.argument.text))",
                    at: statement.argument, hint: "without a variable, every session would go to the same broker")
            }
            if let late = key.variables.first(where: \.isKnownAtEndOnly) {
                throw statement.error(
                    "cannot use \"$\(late.name)\": its value is known only at the end of a session",
                    at: statement.argument)
            }
            return .hash(key: key, isConsistent: statement.arguments.count > 1)
        }
    }

    static var hashBalanceFactor: Action {
        ofUpstream(1...1) { (statement, upstream) throws(ConfigurationError) in
            let text = statement.argument.text
            guard let factor = Value.thousandths(text), factor == 0 || (1000...10_000).contains(factor) else {
                let isLarge = Value.thousandths(text).map { $0 > 10_000 } ?? text.hasSuffix("%")
                throw statement.error(
                    ValueFault(
                        "must be 0 (off) or a factor from 1 to 10, such as 1.25, not \(quoted(text))",
                        hint: isLarge ? "it is a factor: write 1.5 for 150%" : nil), at: statement.argument)
            }
            upstream.hashBalanceFactor = factor
        }
    }

    private static let rebalanceParameters = ParameterNames(withValue: ["rate", "idle", "threshold", "reason"])

    static var rebalance: Action {
        ofUpstream(1...4) { (statement, upstream) throws(ConfigurationError) in
            upstream.rebalance = nil
            if statement.arguments.map(\.text) == ["off"] { return }
            var settings = RebalanceSettings(rate: 0)
            try statement.readParameters(after: 0) { (parameter) throws(ValueFault) in
                switch (parameter.name, parameter.value) {
                case ("rate", _?): settings.rate = try parameter.rate(1...10_000)
                case ("idle", _?): settings.idle = try parameter.time(.zero...(.seconds(86400)), such: "30s")
                case ("threshold", _?): settings.threshold = try parameter.percent(1...100)
                case ("reason", _?): settings.reason = try parameter.choice(RebalanceSettings.Reason.self)
                default: throw rebalanceParameters.fault(parameter)
                }
            }
            guard settings.rate > 0 else {
                throw statement.error("needs a rate", hint: "such as rate=50/s, or write \"rebalance off\"")
            }
            upstream.rebalance = settings
        }
    }
}

extension Template {
    var variables: [Variable] {
        segments.compactMap { segment in if case .variable(let variable) = segment { variable } else { nil } }
    }
}

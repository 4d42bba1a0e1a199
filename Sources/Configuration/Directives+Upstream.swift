extension DirectiveTable {
    static let upstream: [Directive] = [
        Directive(
            "upstream", .main, .upstreamBlock,
            "A pool of brokers.", repeatable: true, phase: .definition, opens: .upstream),
        Directive(
            "server", .upstream, .upstreamServer,
            "A broker of the pool: its address, then weight, max_conns, max_fails, fail_timeout, backup, down.",
            repeatable: true),
    ]
}

extension Action {
    static var upstreamBlock: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let name = statement.argument
            // Without ":" it can be no address, which names an upstream that `mqtt_pass` implies.
            guard isIdentifier(name.text) else {
                throw statement.error("needs a name of letters, digits, \"_\", \"-\" and \".\"", at: name)
            }
            if let first = builder.upstreamsByName[name.text]?.position {
                throw statement.error(
                    "defines \(quoted(name.text)) again", at: name, hint: "the first one is at \(first)")
            }
            builder.upstream = UpstreamDraft(name: name)
            try builder.run(statement.block ?? [], in: .upstream)
            let servers = builder.upstream?.servers ?? []
            builder.upstream = nil
            guard !servers.isEmpty else { throw statement.error("\(quoted(name.text)) has no server", at: name) }
            guard servers.contains(where: { !$0.isDown }) else {
                throw statement.error("\(quoted(name.text)) has no server that is not down", at: name)
            }
            builder.upstreamsByName[name.text] = (builder.upstreams.count, name.position)
            builder.upstreams.append(UpstreamSettings(name: name.text, servers: servers))
        }
    }

    static var upstreamServer: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            var server: UpstreamServerSettings
            do throws(ValueFault) {
                server = UpstreamServerSettings(address: try Address.peer(statement.argument.text))
            } catch {
                throw statement.error(error)
            }
            var seen: Set<Substring> = []
            for word in statement.arguments.dropFirst() {
                let name = word.text.prefix { $0 != "=" }
                guard seen.insert(name).inserted else {
                    throw statement.error("has the parameter \(quoted(String(name))) twice", at: word)
                }
                do throws(ValueFault) {
                    try server.read(name, word.text)
                } catch {
                    throw statement.error(error, at: word)
                }
            }
            builder.upstream?.servers.append(server)
        }
    }
}

extension UpstreamServerSettings {
    private static let parameters = ["weight", "max_conns", "max_fails", "fail_timeout", "backup", "down"]
    private static let later: Set<Substring> = ["slow_start", "resolve", "drain", "health_check"]

    /// Reads one parameter, `name=value` or a bare name.
    fileprivate mutating func read(_ name: Substring, _ text: String) throws(ValueFault) {
        let value = text.count > name.count ? text.dropFirst(name.count + 1) : nil
        switch (name, value) {
        case ("weight", let value?): weight = try number(value, 1...65535, name)
        case ("max_conns", let value?): maxConnections = try number(value, 0...Int(Int32.max), name)
        case ("max_fails", let value?): maxFails = try number(value, 0...Int(Int32.max), name)
        case ("fail_timeout", let value?):
            guard let time = Value.time(String(value)), time > .zero, time <= .seconds(86400) else {
                throw ValueFault("must have a fail_timeout from 1ms to 1d, such as 10s, not \(quoted(String(value)))")
            }
            failTimeout = time
        case ("backup", nil): isBackup = true
        case ("down", nil): isDown = true
        default: throw Self.unknown(name, hasValue: value != nil)
        }
    }

    private func number(
        _ value: Substring, _ range: ClosedRange<Int>, _ name: Substring
    ) throws(ValueFault) -> Int {
        guard let number = Value.integer(value), range.contains(number) else {
            throw ValueFault(
                "must have a \(name) from \(range.lowerBound) to \(range.upperBound), not \(quoted(String(value)))")
        }
        return number
    }

    private static func unknown(_ name: Substring, hasValue: Bool) -> ValueFault {
        if later.contains(name) {
            return ValueFault("has the parameter \"\(name)\", which this version does not have yet")
        }
        if parameters.contains(String(name)) {
            return ValueFault("takes \"\(name)\" " + (hasValue ? "without a value" : "with a value: \(name)=…"))
        }
        let near = nearest(to: String(name), in: parameters).map { "did you mean \"\($0)\"?" }
        return ValueFault(
            "has no parameter \(quoted(String(name)))", hint: near ?? "it takes \(listed(parameters))")
    }
}

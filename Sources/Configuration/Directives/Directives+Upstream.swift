extension DirectiveTable {
    static let upstream: [Directive] = [
        Directive(
            "upstream", .main, .upstreamBlock,
            "A pool of brokers.", repeatable: true, phase: .definition, opens: .upstream),
        Directive(
            "server", .upstream, .upstreamServer,
            "A broker of the pool: its address, then weight, max_conns, max_fails, fail_timeout, slow_start, resolve, backup, "
                + "down, drain.",
            repeatable: true),
        Directive(
            "resolve_interval", .upstream, .resolveInterval,
            "How often the names of servers with resolve are resolved again."),
        Directive(
            "proxy_protocol", .upstream, .proxyProtocol,
            "PROXY protocol header to send to the brokers: off, v1 or v2; cn adds the client certificate's common name."
        ),
        Directive(
            "proxy_bind", .upstream, .proxyBind,
            "Source addresses for connections to the brokers, used in turn."),
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
            builder.upstream = UpstreamDraft(name: name.text)
            try builder.run(statement.block ?? [], in: .upstream)
            guard let draft = builder.upstream else { return }
            builder.upstream = nil
            try draft.check(statement, name)
            builder.upstreamsByName[name.text] = (builder.upstreams.count, name.position)
            builder.upstreams.append(draft.settings)
        }
    }

    /// One argument or more, into the upstream that is being read; its position is kept for checks.
    static func ofUpstream(
        _ arguments: ClosedRange<Int>,
        _ read: @escaping @Sendable (Statement, inout UpstreamSettings) throws(ConfigurationError) -> Void
    ) -> Action {
        Action(arguments) { (statement, builder) throws(ConfigurationError) in
            guard var draft = builder.upstream else { return }
            draft.positions[statement.name.text] = statement.name.position
            try read(statement, &draft.settings)
            builder.upstream = draft
        }
    }

    static var resolveInterval: Action {
        ofUpstream(1...1) { (statement, upstream) throws(ConfigurationError) in
            let text = statement.argument.text
            guard let time = Value.time(text), (.seconds(1)...(.seconds(86_400))).contains(time) else {
                throw statement.error(
                    ValueFault("must be a time from 1s to 1d, such as 10s, not \(quoted(text))"), at: statement.argument
                )
            }
            upstream.resolveInterval = time
        }
    }

    static var proxyProtocol: Action {
        ofUpstream(1...2) { (statement, upstream) throws(ConfigurationError) in
            typealias Version = ProxyProtocolSettings.Version
            guard let version = Version(rawValue: statement.argument.text) else {
                throw statement.error(
                    ValueFault("must be one of off, v1, v2, not \(quoted(statement.argument.text))"),
                    at: statement.argument)
            }
            upstream.proxyProtocol.version = version
            guard let word = statement.arguments.dropFirst().first else { return }
            guard word.text == "cn" else {
                throw statement.error("has no parameter \(quoted(word.text))", at: word, hint: "after v2 it takes cn")
            }
            guard version == .v2 else {
                throw statement.error("takes cn only with v2: v1 cannot carry it", at: word)
            }
            upstream.proxyProtocol.tellsCommonName = true
        }
    }

    static var proxyBind: Action {
        ofUpstream(1...Int.max) { (statement, upstream) throws(ConfigurationError) in
            for word in statement.arguments {
                let isBracketed = word.text.hasPrefix("[") && word.text.hasSuffix("]")
                let bare = isBracketed ? word.text.dropFirst().dropLast() : word.text[...]
                let isIPv4 = !isBracketed && Host.isIPv4(bare)
                guard let address = isIPv4 ? String(bare) : Host.canonicalIPv6(bare) else {
                    throw statement.error(
                        "must be addresses of this machine such as 127.0.0.2 or 2001:db8::2, without a port, "
                            + "not \(quoted(word.text))", at: word)
                }
                guard !upstream.bindAddresses.contains(address) else {
                    throw statement.error("names \(address) twice", at: word)
                }
                upstream.bindAddresses.append(address)
            }
        }
    }
}

extension UpstreamDraft {
    /// What can be said only when the whole block is known.
    fileprivate func check(_ statement: Statement, _ name: Word) throws(ConfigurationError) {
        let servers = settings.servers
        guard !servers.isEmpty else { throw statement.error("\(quoted(name.text)) has no server", at: name) }
        guard servers.contains(where: { !$0.isDown && !$0.isDraining }) else {
            let isDown = servers.allSatisfy(\.isDown)
            throw statement.error(
                "\(quoted(name.text)) has no server that is not down" + (isDown ? "" : " or draining"), at: name)
        }
        if let position = positions["hash_balance_factor"] {
            guard case .hash = settings.balancer else {
                throw ConfigurationError(
                    at: position, "\"hash_balance_factor\" needs a \"hash\"",
                    hint: "add \"hash KEY consistent\", or remove it: other balancers consider the load themselves")
            }
        }
        if let position = positions["resolve_interval"], !servers.contains(where: \.resolves) {
            throw ConfigurationError(
                at: position, "\"resolve_interval\" has no effect: no server of \(quoted(name.text)) has resolve")
        }
        if let check = settings.healthCheck, let position = positions["health_check"] {
            try checkUnixServers(check, position)
        }
    }

    private func checkUnixServers(_ check: HealthCheckSettings, _ position: Position) throws(ConfigurationError) {
        let hasUnix = settings.servers.contains { if case .unix = $0.address { true } else { false } }
        guard hasUnix else { return }
        if check.kind == .http {
            throw ConfigurationError(
                at: position, "\"health_check type=http\" cannot probe a unix socket",
                hint: "write type=mqtt or type=tcp"
            )
        }
        if check.port != nil {
            throw ConfigurationError(
                at: position, "\"health_check\" has a port, but a unix socket does not",
                hint: "remove port=, or put unix sockets into a separate upstream")
        }
    }
}

import Configuration

/// Goes through nginx's statements, in their order, and writes ours.
struct Converter {
    let options: ConversionOptions
    let survey: Survey
    var output = Output()
    /// Names of upstreams, also of those that were added.
    var upstreamNames: Set<String>
    /// Log formats that could be carried over.
    var formats: Set<String> = []

    init(_ statements: [Statement], _ options: ConversionOptions) {
        self.options = options
        survey = Survey(statements)
        upstreamNames = Set(survey.uses.keys)
    }

    /// The whole file: nginx's main context, or a part of its `http` as files of a site are.
    mutating func convert(_ statements: [Statement]) {
        output.note("Converted from nginx's configuration by \"sluice convert\". What is not carried over is a comment")
        output.note("with its place in nginx's file and the reason. \"sluice -t\" tests the result.")
        output.blank()
        // A site's file is a part of `http`.
        let servers = statements.filter { $0.name.text == "server" }
        for statement in statements where statement.name.text != "server" {
            switch statement.name.text {
            case "http":
                output.blank()
                http(statement.block ?? [])
            case "stream":
                output.blank()
                stream(statement.block ?? [])
            default: web(statement, beside: statements)
            }
        }
        for server in inOrder(servers) { web(server, beside: statements) }
    }

    private mutating func http(_ block: [Statement]) {
        for statement in block where statement.name.text != "server" { web(statement, beside: block) }
        for server in inOrder(block.filter({ $0.name.text == "server" })) { web(server, beside: block) }
    }

    /// Default servers first, as the first server of an address is its default here.
    private func inOrder(_ servers: [Statement]) -> [Statement] {
        func isDefault(_ server: Statement) -> Bool {
            (server.block ?? []).contains { $0.name.text == "listen" && $0.isDefaultListen }
        }
        return servers.filter(isDefault) + servers.filter { !isDefault($0) }
    }

    private mutating func web(_ statement: Statement, beside others: [Statement]) {
        switch statement.name.text {
        case "server" where statement.isStreamServer: streamServer(statement, in: [])
        case "server": httpServer(statement, in: others)
        case "upstream": upstream(statement)
        default: setting(statement, in: "main")
        }
    }

    /// What `stream` says outside of servers goes into each of them, as `http` may say something else.
    private mutating func stream(_ block: [Statement]) {
        for statement in block {
            switch statement.name.text {
            case "server": streamServer(statement, in: block)
            case "upstream": upstream(statement)
            case "log_format", "limit_conn_zone", MissingInclude.name: setting(statement, in: "main")
            case _ where statement.block != nil: setting(statement, in: "main")
            default:
                if !block.contains(where: { $0.name.text == "server" }) { setting(statement, in: "main") }
            }
        }
    }

    mutating func drop(_ statement: Statement, _ reason: String? = nil) {
        let unknown = "neither nginx nor Sluice has such a directive: is it a module's?"
        output.drop(statement, reason ?? NginxSyntax.advice(for: statement.name.text) ?? unknown)
    }
}

// MARK: - MQTT over TCP

extension Converter {
    /// A server of `stream`.
    private mutating func streamServer(_ server: Statement, in outer: [Statement]) {
        let own = server.block ?? []
        // A list of its own replaces the outer one; `allow` and `deny` are one list.
        let hasOwnRules = own.has("allow") || own.has("deny")
        let inherited = outer.filter { statement in
            statement.block == nil
                && !["log_format", "limit_conn_zone", MissingInclude.name].contains(statement.name.text)
                && !own.has(statement.name.text)
                && !(hasOwnRules && ["allow", "deny"].contains(statement.name.text))
        }
        let all = inherited + own
        guard let pass = own.first(where: { $0.name.text == "proxy_pass" }), let target = survey.streamTarget(server)
        else {
            return drop(server, "this does not look like MQTT: keep it in nginx")
        }
        let passesTLS = own.has("ssl_preread") || !own.isTLS && targetPort(target) == 8883
        addUpstream(for: target)
        output.openBlock(["server"], from: server)
        let hasCertificate = all.has("ssl_certificate")
        if passesTLS {
            output.note("nginx passes TLS on to the broker; Sluice terminates it, with a certificate of its own.")
        }
        for listen in own where listen.name.text == "listen" {
            self.listen(listen, isTLS: passesTLS, isMQTT: true)
        }
        if own.isTLS || passesTLS, !hasCertificate { missingCertificate() }
        if own.readsProxyHeader, !all.has("set_real_ip_from") { missingFront() }
        if !guards(all).isEmpty { closed(all) }
        passTo(target, from: pass, isStream: true)
        for statement in all {
            switch statement.name.text {
            case "listen", "proxy_pass": continue
            case "proxy_protocol", "proxy_bind", "health_check":
                if survey.uses[target.server]?.settings.contains(where: { $0.name == statement.name }) != true {
                    drop(statement, statement.arguments.first?.text == "off" ? "not needed: this is the default" : nil)
                }
            case "proxy_download_rate" where all.has("proxy_upload_rate") && limitsAreThere:
                continue  // with the other one
            case "proxy_upload_rate" where all.has("proxy_download_rate") && limitsAreThere:
                let rates = all.filter { $0.name.text == "proxy_download_rate" } + [statement]
                let words = rates.compactMap { survey.limits.words(for: $0)?.last }.sorted()
                output.directive(["limit_rate"] + words, from: statement)
            case "ssl_preread": drop(statement, "not supported: the gateway terminates TLS")
            default: setting(statement, in: "server", isStream: true)
            }
        }
        output.closeBlock()
    }

    private func targetPort(_ target: ProxyTarget) -> Int? {
        target.server.lastIndex(of: ":").flatMap { Int(target.server[target.server.index(after: $0)...]) }
    }
}

extension [Statement] {
    /// Whether a `listen` has ssl, or `ssl on` stands beside it.
    var isTLS: Bool {
        contains { $0.name.text == "listen" && $0.arguments.contains { $0.text == "ssl" } }
            || first("ssl") { $0 == "on" } != nil
    }

    var readsProxyHeader: Bool {
        contains { $0.name.text == "listen" && $0.arguments.contains { $0.text == "proxy_protocol" } }
    }
}

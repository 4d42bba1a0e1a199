import Configuration

extension Converter {
    /// An upstream, if something that is carried over uses it.
    mutating func upstream(_ upstream: Statement) {
        guard let name = upstream.arguments.first?.text, let use = survey.uses[name] else {
            return drop(upstream, "not needed: nothing that is carried over uses it")
        }
        let own = upstream.block ?? []
        output.openBlock(["upstream", name], from: upstream)
        let addresses = brokers(own, use)
        note(addresses, isStream: use.isStream)
        for statement in own where statement.name.text != "server" { balancing(statement) }
        for (statement, address) in zip(own.filter { $0.name.text == "server" }, addresses) {
            server(statement, address.text)
        }
        settings(of: use)
        output.closeBlock()
    }

    /// The brokers' addresses, with the port of MQTT over TCP where nginx names another one.
    private func brokers(_ block: [Statement], _ use: Survey.Use) -> [BrokerAddress] {
        let texts = block.filter { $0.name.text == "server" }.compactMap { $0.arguments.first?.text }
        let found = texts.map { BrokerAddress($0, isStream: use.isStream, port: options.brokerPort) }
        // Several brokers of one machine differ in their ports: which are theirs for TCP nobody can tell.
        guard Set(found.map(\.text)).count == found.count else {
            return zip(texts, found).map { text, address in
                var address = address
                if text.contains(":") { address.text = text }
                return address
            }
        }
        return found
    }

    /// Says where the file must be looked at: a port was replaced, or a socket is that of a broker's WebSocket listener.
    private mutating func note(_ addresses: [BrokerAddress], isStream: Bool) {
        if !isStream, addresses.contains(where: { $0.text.hasPrefix("unix:") }) {
            output.note("Write the socket where the broker takes MQTT without WebSocket.")
        }
        let ports = Set(addresses.compactMap(\.replaced)).sorted().map { "\($0)" }.joined(separator: ", ")
        guard !ports.isEmpty else { return }
        output.note("nginx has \(ports) here: write the port where the broker takes MQTT over TCP, usually 1883.")
    }

    private mutating func server(_ statement: Statement, _ address: String) {
        let known = ["weight", "max_conns", "max_fails", "fail_timeout", "slow_start"]
        var words = ["server", address]
        for word in statement.arguments.dropFirst().map(\.text) {
            let name = word.prefix { $0 != "=" }
            // An address is not resolved.
            if word == "resolve", !address.contains(where: \.isLetter) || address.hasPrefix("[") { continue }
            if known.contains(String(name)) || ["backup", "down", "drain", "resolve"].contains(word) {
                words.append(word)
            }
        }
        output.directive(words, from: statement)
    }

    private mutating func balancing(_ statement: Statement) {
        let words = statement.arguments.map(\.text)
        switch statement.name.text {
        case "ip_hash": output.directive(["hash", "$remote_addr", "consistent"], from: statement)
        case "least_time": output.directive(["least_conn"], from: statement)
        case "random": output.directive(["random", "two"], from: statement)
        case "sticky", "sticky_cookie_insert":
            output.directive(["hash", "$mqtt_client_id", "consistent"], from: statement)
        case "hash":
            output.directive(["hash"] + words.map(Variables.ofKey), from: statement)
        default: setting(statement, in: "upstream")
        }
    }

    /// What nginx says about the way to the brokers where it passes requests on.
    private mutating func settings(of use: Survey.Use) {
        if let statement = use.proxyProtocol {
            output.note("Tells the brokers the clients' addresses: they must expect the header (docs/brokers.md).")
            output.directive(["proxy_protocol", "v1"], from: statement)
        }
        if let statement = use.proxyBind, let address = statement.arguments.first?.text {
            output.directive(["proxy_bind", address], from: statement)
        }
        if let statement = use.healthCheck {
            let kept = statement.arguments.map(\.text).filter { word in
                ["interval=", "fails=", "passes="].contains { word.hasPrefix($0) }
            }
            output.directive(["health_check", "type=tcp"] + kept, from: statement)
        }
    }
}

// MARK: - Where a location or a server leads

extension Converter {
    /// An upstream for an address that nginx passes to directly, if more than the address has to be said.
    mutating func addUpstream(for target: ProxyTarget) {
        guard let use = survey.uses[target.server], needsUpstream(target, use) else { return }
        let name = upstreamName(of: target)
        guard upstreamNames.insert(name).inserted else { return }
        let address = BrokerAddress(target.server, isStream: use.isStream, port: options.brokerPort)
        output.openBlock(["upstream", name])
        note([address], isStream: use.isStream)
        output.directive(["server", address.text])
        settings(of: use)
        output.closeBlock()
    }

    mutating func passTo(_ target: ProxyTarget, from pass: Statement, isStream: Bool) {
        guard isAddress(target) else { return output.directive(["mqtt_pass", target.server], from: pass) }
        if let use = survey.uses[target.server], needsUpstream(target, use) {
            return output.directive(["mqtt_pass", upstreamName(of: target)], from: pass)
        }
        let address = BrokerAddress(target.server, isStream: isStream, port: options.brokerPort)
        note([address], isStream: isStream)
        output.directive(["mqtt_pass", address.text], from: pass)
    }

    private func needsUpstream(_ target: ProxyTarget, _ use: Survey.Use) -> Bool {
        isAddress(target) && !use.settings.isEmpty
    }

    /// Whether it is no name of an upstream.
    private func isAddress(_ target: ProxyTarget) -> Bool { !survey.isUpstream(target.server) }

    private func upstreamName(of target: ProxyTarget) -> String {
        "broker_" + target.server.map { $0.isLetter || $0.isNumber ? $0 : "_" }
    }
}

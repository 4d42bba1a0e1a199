extension Action {
    static var upstreamServer: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            var server: UpstreamServerSettings
            do throws(ValueFault) {
                server = UpstreamServerSettings(address: try Address.peer(statement.argument.text))
            } catch {
                throw statement.error(error)
            }
            try statement.readParameters(after: 1) { (parameter) throws(ValueFault) in
                try server.read(parameter)
            }
            builder.upstream?.settings.servers.append(server)
        }
    }
}

extension UpstreamServerSettings {
    private static let parameters = ParameterNames(
        withValue: ["weight", "max_conns", "max_fails", "fail_timeout", "slow_start"],
        bare: ["backup", "down", "drain", "resolve"])

    fileprivate mutating func read(_ parameter: Parameter) throws(ValueFault) {
        switch (parameter.name, parameter.value) {
        case ("weight", _?): weight = try parameter.integer(1...65535)
        case ("max_conns", _?): maxConnections = try parameter.integer(0...Int(Int32.max))
        case ("max_fails", _?): maxFails = try parameter.integer(0...Int(Int32.max))
        case ("fail_timeout", _?): failTimeout = try parameter.time(.milliseconds(1)...(.seconds(86400)), such: "10s")
        case ("slow_start", _?): slowStart = try parameter.time(.zero...(.seconds(3600)), such: "30s")
        case ("backup", nil): isBackup = true
        case ("down", nil): isDown = true
        case ("drain", nil): isDraining = true
        case ("resolve", nil):
            guard case .inet(let host, _) = address, !Host.isIPv4(host[...]), !host.utf8.contains(0x3A) else {
                throw ValueFault("takes resolve only with a name: an address is not resolved")
            }
            resolves = true
        default: throw Self.parameters.fault(parameter)
        }
    }
}

extension DirectiveTable {
    static let healthCheck: [Directive] = [
        Directive(
            "health_check", .upstream, .healthCheck,
            "Probes that find out which brokers are healthy: type=mqtt, tcp or http, then interval, timeout, fails, passes, "
                + "jitter, port, and the parameters of the type.")
    ]
}

extension Action {
    static var healthCheck: Action {
        Action(0...Int.max) { (statement, builder) throws(ConfigurationError) in
            var kind = HealthCheckSettings.Kind.mqtt
            for word in statement.arguments where Parameter(word.text).name == "type" {
                do throws(ValueFault) {
                    kind = try Parameter(word.text).choice(HealthCheckSettings.Kind.self)
                } catch {
                    throw statement.error(error, at: word)
                }
            }
            var settings = HealthCheckSettings(kind: kind)
            var passwordFile: Word?
            try statement.readParameters(after: 0) { (parameter) throws(ValueFault) in
                try settings.read(parameter)
                if parameter.name == "password_file" {
                    passwordFile = statement.arguments.first { $0.text.hasPrefix("password_file=") }
                }
            }
            if let passwordFile {
                guard settings.username != nil else {
                    throw statement.error("has a password_file without a username", at: passwordFile)
                }
                let path = Word(text: settings.passwordFile ?? "", position: passwordFile.position)
                settings.passwordFile = try builder.path(path, of: statement)
            }
            builder.upstream?.positions["health_check"] = statement.name.position
            builder.upstream?.settings.healthCheck = settings
        }
    }
}

extension HealthCheckSettings {
    private static let common = ["type", "interval", "timeout", "fails", "passes", "jitter", "port"]
    private static let ofMQTT = ["version", "client_id", "username", "password_file"]
    private static let ofHTTP = ["uri", "status"]

    /// What this type takes.
    private var parameters: ParameterNames {
        switch kind {
        case .mqtt: ParameterNames(withValue: Self.common + Self.ofMQTT)
        case .tcp: ParameterNames(withValue: Self.common)
        case .http: ParameterNames(withValue: Self.common + Self.ofHTTP)
        }
    }

    fileprivate mutating func read(_ parameter: Parameter) throws(ValueFault) {
        guard let value = parameter.value, parameters.withValue.contains(parameter.name) else {
            for (kind, names) in [(Kind.mqtt, Self.ofMQTT), (.http, Self.ofHTTP)] where names.contains(parameter.name) {
                guard kind != self.kind else { break }
                throw ValueFault("has the parameter \"\(parameter.name)\", which belongs to type=\(kind.rawValue)")
            }
            throw parameters.fault(parameter)
        }
        switch parameter.name {
        case "interval": interval = try parameter.time(.milliseconds(100)...(.seconds(3600)), such: "5s")
        case "timeout": timeout = try parameter.time(.milliseconds(10)...(.seconds(60)), such: "5s")
        case "fails": fails = try parameter.integer(1...100)
        case "passes": passes = try parameter.integer(1...100)
        case "jitter": jitter = try parameter.percent(0...50)
        case "port": port = UInt16(truncatingIfNeeded: try parameter.integer(1...65535))
        case "version": version = try parameter.choice(MQTTSettings.Version.self)
        case "client_id": clientIDPrefix = try Self.clientID(value, parameter)
        case "username": username = try Self.username(value, parameter)
        case "password_file": passwordFile = value
        case "uri": uri = try Self.uri(value, parameter)
        case "status": statuses = try Self.statuses(value, parameter)
        default: break  // type was read first
        }
    }

    private static func clientID(_ value: String, _ parameter: Parameter) throws(ValueFault) -> String {
        let isRight = value.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"+#/".utf8.contains($0) }
        guard isRight, (1...64).contains(value.utf8.count) else {
            throw parameter.fault("of 1 to 64 printable characters without spaces, \"+\", \"#\" and \"/\"")
        }
        return try withoutVariables(value)
    }

    private static func username(_ value: String, _ parameter: Parameter) throws(ValueFault) -> String {
        guard !value.isEmpty, value.utf8.count <= 1024, isPrintable(value) else {
            throw parameter.fault("of 1 to 1024 bytes without control characters")
        }
        return try withoutVariables(value)
    }

    private static func uri(_ value: String, _ parameter: Parameter) throws(ValueFault) -> String {
        guard value.hasPrefix("/"), value.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") })
        else {
            throw parameter.fault("that begins with \"/\" and has no spaces and no \"#\"")
        }
        return try withoutVariables(value)
    }

    /// A probe belongs to no session, so variables have no value.
    private static func withoutVariables(_ value: String) throws(ValueFault) -> String {
        if let variable = variableReference(in: value) {
            throw ValueFault("takes no variables: \(quoted(variable)) would not be replaced")
        }
        return value
    }

    /// "200" or "200-299".
    private static func statuses(_ value: String, _ parameter: Parameter) throws(ValueFault) -> ClosedRange<Int> {
        let parts = value.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let low = Value.integer(parts[0]),
            let high = Value.integer(parts[parts.count - 1]), (100...599).contains(low), (low...599).contains(high)
        else { throw parameter.fault("such as 200 or 200-299") }
        return low...high
    }
}

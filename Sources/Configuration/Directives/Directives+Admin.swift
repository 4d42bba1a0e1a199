extension DirectiveTable {
    static let admin: [Directive] = [
        Directive(
            "metrics", .location, .admin { _ throws(ConfigurationError) in .metrics },
            "Metrics for Prometheus, at this path."),
        Directive(
            "api", .location, .api,
            "The JSON API below this path; write=on lets it change things, for who has a token or a password."),
        Directive(
            "dashboard", .location, .admin { _ throws(ConfigurationError) in .dashboard },
            "The page that shows connections, brokers and traffic; it needs an api in the same server."),
        Directive(
            "auth_basic", .inherited, .authBasic,
            "The realm of HTTP Basic authentication for metrics, api and dashboard, or off."),
        Directive(
            "auth_basic_user_file", .inherited, .authBasicUserFile,
            "File of users and hashed passwords for auth_basic, as written by htpasswd and sluice passwd."),
        Directive(
            "api_token_file", .inherited, .offOrPath(\.scope.admin.tokenFile),
            "File of tokens, one on each line, that are accepted as Authorization: Bearer."),
    ]
}

extension Action {
    /// What one location of the operator's side is; none of them takes arguments but `api`.
    fileprivate static func admin(
        _ arguments: ClosedRange<Int> = 0...0,
        _ action: @escaping @Sendable (Statement) throws(ConfigurationError) -> LocationSettings.Action
    ) -> Action {
        Action(arguments) { (statement, builder) throws(ConfigurationError) in
            builder.location?.admin = (statement.name, try action(statement))
        }
    }

    fileprivate static var api: Action {
        admin(0...1) { statement throws(ConfigurationError) in
            var isWritable = false
            try statement.readParameters(after: 0) { (parameter) throws(ValueFault) in
                switch (parameter.name, parameter.value) {
                case ("write", "on"): isWritable = true
                case ("write", "off"): isWritable = false
                case ("write", let value?): throw ValueFault("takes write=on or write=off, not \(quoted(value))")
                default: throw ParameterNames(withValue: ["write"]).fault(parameter)
                }
            }
            return .api(isWritable: isWritable)
        }
    }

    fileprivate static var authBasic: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard !word.text.isEmpty, isPrintable(word.text) else {
                throw statement.error("needs off, or a realm that is not empty and has no control characters", at: word)
            }
            if let variable = variableReference(in: word.text) {
                throw statement.error("takes no variables: \(quoted(variable)) would not be replaced", at: word)
            }
            builder.scope.admin.basic = (word.text == "off" ? nil : word.text, statement.name.position)
        }
    }

    fileprivate static var authBasicUserFile: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            builder.scope.admin.userFile = (
                try builder.path(statement.argument, of: statement), statement.name.position
            )
        }
    }
}

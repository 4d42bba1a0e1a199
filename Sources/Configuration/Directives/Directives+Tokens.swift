/// Actions of the `auth_jwt_` directives: where a token is, which keys sign it, and what it must say.
extension Action {
    static var keyFile: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard word.text != "off" else {
                builder.scope.access.keyFile = nil
                return
            }
            let path = try builder.path(word, of: statement)
            let other = builder.scope.access.jwksURL
            try alone(statement, "auth_jwt_jwks_url", other.map { ($0.context, $0.position) }, builder)
            builder.scope.access.jwksURL = nil
            builder.scope.access.keyFile = (path, builder.context, statement.name.position)
        }
    }

    static var jwksURL: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard word.text != "off" else {
                builder.scope.access.jwksURL = nil
                return
            }
            guard isURL(word.text) else { throw statement.error(malformedURL(word.text)) }
            let other = builder.scope.access.keyFile
            try alone(statement, "auth_jwt_key_file", other.map { ($0.context, $0.position) }, builder)
            builder.scope.access.keyFile = nil
            builder.scope.access.jwksURL = (word.text, builder.context, statement.name.position)
        }
    }

    /// Keys come from one place; an inner block replaces the place of an outer one.
    private static func alone(
        _ statement: Statement, _ name: String, _ other: (context: Contexts, position: Position)?, _ builder: Builder
    ) throws(ConfigurationError) {
        guard let other, other.context == builder.context else { return }
        throw statement.error(
            "cannot be used together with \"\(name)\": keys come from one place",
            hint: "the other one is at \(other.position)")
    }

    static var tokenPlaces: Action {
        Action(1...16) { (statement, builder) throws(ConfigurationError) in
            var places: [TokenPlace] = []
            for word in statement.arguments {
                guard let place = TokenPlace(source: word.text) else {
                    throw statement.error(
                        ValueFault(
                            "must list password, username, query:NAME, cookie:NAME, header:NAME or subprotocol, "
                                + "not \(quoted(word.text))"), at: word)
                }
                guard !places.contains(place) else { throw statement.error("names \(word.text) twice", at: word) }
                places.append(place)
            }
            builder.scope.access.jwt.places = places
            builder.scope.access.tokenRule = (statement.name, builder.context)
        }
    }

    static var requirements: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            for word in statement.arguments {
                let claim = String(word.text.prefix { $0 != "=" })
                guard !claim.isEmpty, isPrintable(claim) else {
                    throw statement.error("must be CLAIM or CLAIM=VALUE, not \(quoted(word.text))", at: word)
                }
                var requirement = JWTRequirement(claim: claim)
                if claim.utf8.count < word.text.utf8.count {
                    let text = String(word.text.dropFirst(claim.count + 1))
                    requirement.value = try template(text, word, statement, needsText: true)
                }
                builder.scope.access.requirements.append(requirement, in: builder.context)
            }
            builder.scope.access.tokenRule = (statement.name, builder.context)
        }
    }

    /// A template of what is known when a CONNECT arrives.
    static func template(
        _ text: String, _ word: Word, _ statement: Statement, needsText: Bool
    ) throws(ConfigurationError) -> Template {
        let template: Template
        do throws(ValueFault) { template = try Template.parsed(text) } catch {
            throw statement.error(error, at: word)
        }
        if needsText, template.segments.isEmpty {
            throw statement.error("requires an empty value, which never matches", at: word)
        }
        for case .variable(let variable) in template.segments where variable.isKnownAtEndOnly {
            throw statement.error(
                "cannot use \"$\(variable.name)\": its value is known only at the end of a session", at: word)
        }
        return template
    }
}

extension TokenPlace {
    /// As `auth_jwt_token` names it.
    init?(source: String) {
        let parts = source.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = parts.first else { return nil }
        let name = parts.count > 1 ? parts[1] : nil
        if let name, !Action.isToken(name) { return nil }
        switch (kind, name) {
        case ("password", nil): self = .password
        case ("username", nil): self = .username
        case ("subprotocol", nil): self = .subprotocol
        case ("query", let name?): self = .query(name)
        case ("cookie", let name?): self = .cookie(name)
        case ("header", let name?): self = .header(name.lowercased())
        default: return nil
        }
    }

    var source: String {
        switch self {
        case .password: "password"
        case .username: "username"
        case .subprotocol: "subprotocol"
        case .query(let name): "query:\(name)"
        case .cookie(let name): "cookie:\(name)"
        case .header(let name): "header:\(name)"
        }
    }
}

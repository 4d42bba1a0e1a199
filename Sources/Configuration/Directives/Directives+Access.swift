extension DirectiveTable {
    static let access: [Directive] = [
        Directive(
            "allow", .inherited, .addressRule(isAllowed: true),
            "Allows clients by address, network, unix: or all; the first allow or deny that matches decides.",
            repeatable: true),
        Directive(
            "deny", .inherited, .addressRule(isAllowed: false),
            "Denies clients by address; the first allow or deny that matches decides.", repeatable: true),
        Directive(
            "satisfy", .inherited, .choice(\.scope.access.satisfy),
            "Whether any auth_ method that allows the client is enough, or all of them must."),
        Directive(
            "auth_anonymous", .inherited, .flag(\.scope.access.anonymous),
            "Whether clients without any credentials are admitted."),
        Directive(
            "auth_timeout", .inherited, .time(\.scope.access.timeout),
            "Time from the CONNECT to the decision whether the client is admitted."),
        Directive(
            "auth_password_file", .inherited, .offOrPath(\.scope.access.passwordFile),
            "File of users and hashed passwords, as written by htpasswd and mosquitto_passwd."),
        Directive(
            "auth_password_cache", .inherited, .time(\.scope.access.passwordCache, zero: "off"),
            "How long a correct password is remembered and not hashed again."),
        Directive(
            "auth_hash_threads", .main, .hashThreads,
            "Number of threads that hash passwords; auto is one for every two cores."),
        Directive(
            "auth_certificate", .inherited, .authCertificate,
            "The part of a client's certificate that identifies it; as_username makes it the user name."),
        Directive(
            "auth_trusted_certificate", .inherited, .path(\.scope.access.trustedCertificate),
            "PEM file of the authorities for https in auth_http and auth_jwt_jwks_url."),
    ]

    static let tokens: [Directive] = [
        Directive(
            "auth_jwt_key_file", .inherited, .keyFile,
            "File of the keys that tokens are verified with: a JSON Web Key Set, or PEM."),
        Directive(
            "auth_jwt_jwks_url", .inherited, .jwksURL,
            "URL that the keys are fetched from, as a JSON Web Key Set."),
        Directive(
            "auth_jwt_jwks_refresh", .inherited, .time(\.scope.access.jwt.refresh, .seconds(10)...(.seconds(86400))),
            "Time between regular fetches of the keys."),
        Directive(
            "auth_jwt_token", .inherited, .tokenPlaces,
            "Where to look for the token: password, username, query:NAME, cookie:NAME, header:NAME, subprotocol."),
        Directive(
            "auth_jwt_require", .inherited, .requirements,
            "Claims that the token must have, CLAIM or CLAIM=VALUE.", repeatable: true),
        Directive(
            "auth_jwt_leeway", .inherited, .time(\.scope.access.jwt.leeway, zero: "none"),
            "How far the clocks of issuer and gateway may differ."),
    ]

    static let authHTTP: [Directive] = [
        Directive(
            "auth_http", .inherited, .serviceURL,
            "URL of a service that decides which clients are admitted."),
        Directive(
            "auth_http_timeout", .inherited, .time(\.scope.access.http.timeout),
            "Time from the question to the service's answer."),
        Directive(
            "auth_http_connections", .inherited, .integer(\.scope.access.http.connections, 1...4096),
            "Maximum number of concurrent questions to the service."),
        Directive(
            "auth_http_queue", .inherited, .integer(\.scope.access.http.queue, 0...1_000_000),
            "Number of questions that may wait; beyond it clients are told that the server is busy."),
        Directive(
            "auth_http_cache", .inherited, .time(\.scope.access.http.cache, zero: "off"),
            "How long an answer that allows a client is reused for the same question."),
        Directive(
            "auth_http_on_failure", .inherited, .choice(\.scope.access.http.onFailure),
            "What happens to clients while the service does not answer."),
        Directive(
            "auth_http_headers", .inherited, .forwardedHeaders,
            "Fields of the upgrade request that are passed on to the service."),
        Directive(
            "auth_http_set_header", .inherited, .serviceHeader,
            "A field that is sent to the service with every question.", repeatable: true),
    ]

    static let identity: [Directive] = [
        Directive(
            "mqtt_set_connect", .inherited, .setConnect,
            "A field of the CONNECT that the broker is sent in place of the client's; an empty value removes it.",
            repeatable: true),
        Directive(
            "mqtt_assign_client_id", .inherited, .flag(\.scope.access.assignsClientID),
            "Whether a client without an identifier gets one from the gateway."),
        Directive(
            "ssl_client_certificate", [.main, .server], .file(\.scope.clientVerification.authorities),
            "PEM file of the authorities that clients' certificates are verified with."),
        Directive(
            "ssl_verify_client", [.main, .server], .verifyClient,
            "Whether clients must present a certificate, may present one, or are not asked for one."),
        Directive(
            "ssl_verify_depth", [.main, .server], .integer(\.scope.clientVerification.depth, 0...10),
            "How many authorities are allowed between a client's certificate and a trusted one."),
        Directive(
            "ssl_crl", [.main, .server], .file(\.scope.clientVerification.revocationLists),
            "PEM file of certificate revocation lists for clients' certificates."),
    ]
}

// MARK: - Methods

extension Action {
    static func addressRule(isAllowed: Bool) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            do throws(ValueFault) {
                let network = try Network.parsed(statement.argument.text)
                builder.scope.access.addressRules.append(
                    AddressRule(isAllowed: isAllowed, network: network), in: builder.context)
            } catch {
                throw statement.error(error)
            }
        }
    }

    /// A path, or `off`, which cancels an outer block's.
    static func offOrPath(_ target: Target<String?>) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            builder[keyPath: target] = word.text == "off" ? nil : try builder.path(word, of: statement)
        }
    }

    static var hashThreads: Action {
        .single(\.process.hashThreads, "auto or a number from 1 to 64") { text -> Int?? in
            if text == "auto" { return .some(nil) }
            guard let number = Value.integer(text[...]), (1...64).contains(number) else { return nil }
            return .some(number)
        }
    }

    static var authCertificate: Action {
        Action(1...2) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            let option = statement.arguments.dropFirst().first
            if word.text == "off" {
                guard option == nil else { throw statement.error("takes nothing after off", at: option) }
                builder.scope.access.certificate = nil
                return
            }
            guard let field = CertificateAuthSettings.Field(rawValue: word.text) else {
                let allowed = CertificateAuthSettings.Field.allCases.map(\.rawValue).joined(separator: ", ")
                throw statement.error(ValueFault("must be one of \(allowed), off, not \(quoted(word.text))"))
            }
            if let option, option.text != "as_username" {
                throw statement.error("takes as_username after the part, not \(quoted(option.text))", at: option)
            }
            builder.scope.access.certificate = (
                CertificateAuthSettings(field: field, setsUsername: option != nil), statement.name.position
            )
        }
    }

    static var verifyClient: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard let verify = ClientVerificationDraft.Verify(rawValue: word.text) else {
                throw statement.error(ValueFault("must be one of on, optional, off, not \(quoted(word.text))"))
            }
            builder.scope.clientVerification.verify = verify
            builder.scope.clientVerification.position = statement.name.position
        }
    }
}

// MARK: - The service

extension Action {
    static var serviceURL: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard word.text != "off" else {
                builder.scope.access.httpURL = nil
                return
            }
            guard isURL(word.text) else { throw statement.error(malformedURL(word.text)) }
            builder.scope.access.httpURL = word.text
        }
    }

    static var forwardedHeaders: Action {
        Action(1...64) { (statement, builder) throws(ConfigurationError) in
            if statement.arguments.count == 1, statement.argument.text == "off" {
                builder.scope.access.http.forwardedHeaders = []
                return
            }
            var names: [String] = []
            for word in statement.arguments {
                let name = word.text.lowercased()
                guard isToken(name) else {
                    throw statement.error("must list field names such as Cookie, not \(quoted(word.text))", at: word)
                }
                guard !names.contains(name) else { throw statement.error("names \(word.text) twice", at: word) }
                names.append(name)
            }
            builder.scope.access.http.forwardedHeaders = names
        }
    }

    static var serviceHeader: Action {
        Action(2...2) { (statement, builder) throws(ConfigurationError) in
            let name = statement.argument
            guard isToken(name.text) else {
                throw statement.error("needs a field name such as X-Api-Key, not \(quoted(name.text))", at: name)
            }
            guard let value = statement.arguments.last, isPrintable(value.text) else {
                throw statement.error("needs a value without control characters")
            }
            if let variable = variableReference(in: value.text) {
                throw statement.error("takes no variables: \(quoted(variable)) would not be replaced", at: value)
            }
            builder.scope.access.httpHeaders.append(.init(name: name.text, value: value.text), in: builder.context)
        }
    }

    /// `http://` or `https://`, a host, and no user information, blanks or fragment.
    static func isURL(_ text: String) -> Bool {
        let rest: Substring
        if text.hasPrefix("http://") {
            rest = text.dropFirst(7)
        } else if text.hasPrefix("https://") {
            rest = text.dropFirst(8)
        } else {
            return false
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        return !authority.isEmpty && !authority.hasPrefix(":") && !authority.contains("@")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !text.contains("#") && !text.contains("\\")
    }

    static func malformedURL(_ text: String) -> ValueFault {
        // The part before "@" may contain a password.
        let shown = text.contains("@") ? "a URL with credentials in it" : quoted(text)
        return ValueFault(
            "must be off or a URL such as http://127.0.0.1:8080/mqtt/auth, not \(shown)",
            hint: text.contains("@") ? "credentials go into \"auth_http_set_header Authorization …\"" : nil)
    }
}

// MARK: - What the broker is told

extension Action {
    static var setConnect: Action {
        Action(2...2) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard let field = ConnectChange.Field(source: word.text) else {
                throw statement.error(
                    ValueFault(
                        "must begin with clientid, username, password or user_property:NAME, not \(quoted(word.text))"))
            }
            let value = statement.arguments.last ?? word
            let template = try template(value.text, value, statement, needsText: false)
            let list = builder.scope.access.setConnect
            if list.isOf(builder.context), list.elements.contains(where: { $0.field == field }), !field.isUserProperty {
                throw statement.error("sets \(word.text) twice", at: word)
            }
            builder.scope.access.setConnect.append(ConnectChange(field: field, value: template), in: builder.context)
        }
    }
}

extension ConnectChange.Field {
    /// As `mqtt_set_connect` names it.
    init?(source: String) {
        switch source {
        case "clientid", "client_id": self = .clientID
        case "username": self = .username
        case "password": self = .password
        default:
            guard source.hasPrefix("user_property:") else { return nil }
            let name = String(source.dropFirst(14))
            guard !name.isEmpty, isPrintable(name), name.utf8.count <= 1024 else { return nil }
            self = .userProperty(name)
        }
    }

    var source: String {
        switch self {
        case .clientID: "clientid"
        case .username: "username"
        case .password: "password"
        case .userProperty(let name): "user_property:\(name)"
        }
    }

    /// Only user properties may be given more than once.
    var isUserProperty: Bool { if case .userProperty = self { true } else { false } }
}

extension Variable {
    /// Whether no value is there when a CONNECT arrives.
    var isKnownAtEndOnly: Bool {
        switch self {
        case .authTime, .upstreamAddr, .upstreamTries, .upstreamConnackTime, .bytesIn, .bytesOut, .packetsIn,
            .packetsOut,
            .duration, .statusReason, .closeSide, .websocketCloseCode, .mqttReasonCode, .timeISO8601:
            true
        default: false
        }
    }
}

extension DirectiveTable {
    static let tls: [Directive] = [
        Directive(
            "ssl_password_file", [.main, .server], .file(\.scope.tls.passPhrases),
            "File of the keys' passphrases, one in each line."),
        Directive(
            "ssl_prefer_server_ciphers", [.main, .server], .flag(\.scope.tls.prefersServerCiphers),
            "Whether the order of ssl_ciphers counts, and not the client's."),
        Directive(
            "ssl_ecdh_curve", [.main, .server], .groups,
            "Groups for the key exchange, as OpenSSL names them, the best first."),
        Directive(
            "ssl_dhparam", [.main, .server], .file(\.scope.tls.dhParameters),
            "PEM file of parameters for the key exchange without elliptic curves in TLS 1.2."),
        Directive(
            "ssl_conf_command", [.main, .server], .openSSLCommand,
            "A command to OpenSSL, for what has no directive.", repeatable: true),
        Directive(
            "ssl_session_ticket_key", [.main, .server], .ticketKey,
            "File of 80 or 48 random bytes, the key of session tickets; the first one seals, all of them open.",
            repeatable: true),
        Directive(
            "ssl_session_timeout", [.main, .server],
            .time(\.scope.tls.sessionTimeout, .seconds(1)...(.seconds(604_800))),
            "How long a TLS session can be resumed."),
        Directive(
            "ssl_session_cache", [.main, .server], .sessionCache,
            "Where TLS sessions are kept while ssl_session_tickets is off."),
        Directive(
            "ssl_stapling", [.main, .server], .flag(\.scope.tls.stapling),
            "Whether the OCSP responses of ssl_stapling_file are sent to clients that ask."),
        Directive(
            "ssl_stapling_file", [.main, .server], .staplingFile,
            "File of an OCSP response about a certificate of the server, in DER.", repeatable: true),
        Directive(
            "ssl_trusted_certificate", [.main, .server], .file(\.scope.tls.trusted),
            "PEM file of authorities that are trusted like those of ssl_client_certificate, without telling clients."),
    ]
}

/// Lists of TLS that the first directive of an inner block replaces.
struct TLSLists: Sendable {
    var commands = AccessDraft.Inherited<TLSSettings.Command>()
    var ticketKeys = AccessDraft.Inherited<Written>()
    var staplingFiles = AccessDraft.Inherited<Written>()
}

extension Action {
    /// Names separated by colons, as OpenSSL takes them; whether it knows them is found out when they are loaded.
    static var groups: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            let names = word.text.split(separator: ":", omittingEmptySubsequences: false)
            guard names.allSatisfy({ isGroup($0) }) else {
                throw statement.error(
                    ValueFault(
                        "must be auto or groups separated by colons, such as X25519:P-256, not \(quoted(word.text))"))
            }
            builder.scope.tls.groups = Written(word.text, at: statement.name.position)
        }
    }

    /// A name of OpenSSL's, with `?` in front of one that may be unknown.
    private static func isGroup(_ name: Substring) -> Bool {
        let bare = name.hasPrefix("?") ? name.dropFirst() : name
        return !bare.isEmpty
            && bare.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-_.".utf8.contains(byte)
                }
            }
    }

    static var openSSLCommand: Action {
        Action(2...2) { (statement, builder) throws(ConfigurationError) in
            guard let value = statement.arguments.last, statement.arguments.allSatisfy({ isPrintable($0.text) }) else {
                throw statement.error("must not have control characters")
            }
            if let variable = variableReference(in: value.text) {
                throw statement.error("takes no variables: \(quoted(variable)) would not be replaced", at: value)
            }
            let name = Written(statement.argument.text, at: statement.name.position)
            builder.scope.tlsLists.commands.append(.init(name: name, value: value.text), in: builder.context)
        }
    }

    static var ticketKey: Action { files(\.scope.tlsLists.ticketKeys) }

    static var staplingFile: Action { files(\.scope.tlsLists.staplingFiles) }

    /// Appends a path.
    private static func files(_ target: Target<AccessDraft.Inherited<Written>>) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let path = try builder.path(statement.argument, of: statement)
            builder[keyPath: target].append(Written(path, at: statement.name.position), in: builder.context)
        }
    }

    /// `off`, `none`, or nginx's `builtin:SESSIONS shared:NAME:SIZE`, of which the second part counts.
    static var sessionCache: Action {
        Action(1...2) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            if statement.arguments.count == 1, word.text == "off" || word.text == "none" {
                builder.scope.tls.sessionCache = nil
                return
            }
            var cache: TLSSettings.SessionCache?
            for word in statement.arguments where word.text != "builtin" && !word.text.hasPrefix("builtin:") {
                let parts = word.text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 3, parts[0] == "shared", isIdentifier(parts[1]),
                    let size = Value.size(parts[2]), (32 << 10...1 << 30).contains(size)
                else {
                    throw statement.error(
                        ValueFault(
                            "must be off, none or shared:NAME:SIZE with a size from 32k to 1g, not \(quoted(word.text))"
                        ),
                        at: word)
                }
                guard cache == nil else { throw statement.error("names two caches", at: word) }
                cache = .init(name: Written(parts[1], at: statement.name.position), size: size)
            }
            guard let cache else {
                throw statement.error(
                    "has no cache for each process: all loops share one", at: word,
                    hint: "write shared:NAME:SIZE, such as shared:TLS:10m")
            }
            builder.scope.tls.sessionCache = cache
        }
    }
}

extension Builder {
    /// What a server makes of its part of `Scope`.
    func tlsSettings(_ certificates: [TLSSettings.Certificate]) throws(ConfigurationError) -> TLSSettings {
        var tls = scope.tls
        tls.certificates = certificates
        tls.commands = scope.tlsLists.commands.elements
        tls.ticketKeys = scope.tlsLists.ticketKeys.elements
        tls.staplingFiles = scope.tlsLists.staplingFiles.elements
        tls.clientVerification = try scope.clientVerification.settings(isTrusting: tls.trusted != nil)
        try checkCache(tls.sessionCache)
        return tls
    }

    /// Servers that share a cache agree about its size.
    private func checkCache(_ cache: TLSSettings.SessionCache?) throws(ConfigurationError) {
        guard let cache else { return }
        let others = servers.compactMap { $0.settings.tls?.sessionCache }
        guard let other = others.first(where: { $0.name == cache.name && $0.size != cache.size }) else { return }
        throw ConfigurationError(
            at: cache.name.position,
            "\"ssl_session_cache\" gives \(cache.name.text) a size of \(Value.text(ofSize: cache.size)), "
                + "and \(Value.text(ofSize: other.size)) elsewhere",
            hint: "the other one is at \(other.name.position)")
    }
}

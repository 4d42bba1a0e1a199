extension DirectiveTable {
    static let server: [Directive] = [
        Directive(
            "server", .main, .serverBlock,
            "Sites: the addresses and names they answer to.", repeatable: true, phase: .block, opens: .server),
        Directive(
            "listen", .server, .listen,
            "An address to accept clients on; ssl ends TLS there, proxy_protocol reads a front's header.",
            repeatable: true),
        Directive(
            "server_name", .server, .serverName,
            "Names the server answers to; *.example.com stands for every name below it.", repeatable: true),
        Directive(
            "ssl_certificate", [.main, .server], .certificate(\.scope.certificates),
            "PEM file of a certificate and its chain; one of each key type may stand side by side.",
            repeatable: true),
        Directive(
            "ssl_certificate_key", [.main, .server], .certificate(\.scope.keys),
            "PEM file of the key of the ssl_certificate in the same order.", repeatable: true),
        Directive(
            "ssl_protocols", [.main, .server], .choices(\.scope.tls.versions),
            "TLS versions to speak."),
        Directive(
            "ssl_ciphers", [.main, .server], .text(\.scope.tls.ciphers),
            "Cipher list or suites, as OpenSSL names them."),
        Directive(
            "ssl_session_tickets", [.main, .server], .flag(\.scope.tls.sessionTickets),
            "Whether clients may resume a TLS session by a ticket."),
        Directive(
            "ssl_handshake_timeout", [.main, .server], .time(\.scope.handshakeTimeout),
            "Time for the TLS handshake."),
        Directive(
            "client_header_timeout", [.main, .server], .time(\.scope.clientHeaderTimeout),
            "Time for the whole request head."),
        Directive(
            "client_header_buffer_size", [.main, .server], .size(\.scope.clientHeaderBufferSize, 1024...1 << 20),
            "Largest request head."),
    ]
}

extension Action {
    static var serverBlock: Action {
        Action(0...0) { (statement, builder) throws(ConfigurationError) in
            builder.server = ServerDraft(position: statement.name.position)
            try builder.runInheriting(statement.block ?? [], in: .server) { builder throws(ConfigurationError) in
                try builder.finishServer()
            }
        }
    }

    static var listen: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            let addresses: [Address]
            do throws(ValueFault) {
                addresses = try Address.listening(statement.argument.text)
            } catch {
                throw statement.error(error)
            }
            var words: Set<String> = []
            for word in statement.arguments.dropFirst() {
                guard ["ssl", "proxy_protocol"].contains(word.text) else {
                    throw statement.error(unknownListenParameter(word.text), at: word)
                }
                guard words.insert(word.text).inserted else {
                    throw statement.error("says \(word.text) twice", at: word)
                }
            }
            for (index, address) in addresses.enumerated() {
                let isImplied = index > 0
                if !isImplied,
                    let first = builder.server?.listens.first(where: { $0.address == address && !$0.isImplied })
                {
                    throw statement.error(
                        "has the address \(address) twice in one server", at: statement.argument,
                        hint: "the first one is at \(first.position)")
                }
                builder.server?.listens.append(
                    ServerDraft.Listen(
                        address: address, isTLS: words.contains("ssl"),
                        readsProxyHeader: words.contains("proxy_protocol"), isImplied: isImplied,
                        position: statement.argument.position))
            }
        }
    }

    private static func unknownListenParameter(_ text: String) -> ValueFault {
        switch text {
        case "http2", "mqtt":
            ValueFault("has the parameter \"\(text)\", which this version does not have yet")
        case "default_server":
            ValueFault("has no parameter \"default_server\"", hint: "the first server of an address is its default")
        default:
            ValueFault("has no parameter \(quoted(text))", hint: "after the address it takes ssl and proxy_protocol")
        }
    }

    static var serverName: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            for word in statement.arguments {
                let bare = word.text.hasPrefix("*.") ? word.text.dropFirst(2) : word.text[...]
                guard Host.isName(bare) || Host.isIPv4(word.text) else {
                    throw statement.error(
                        "must be a name such as example.com or *.example.com, not \(quoted(word.text))", at: word,
                        hint: word.text.hasPrefix("~") ? "regular expressions are not supported" : nil)
                }
                let name = word.text.lowercased()
                if let first = builder.server?.names.first(where: { $0.name == name }) {
                    throw statement.error(
                        "has \(quoted(name)) twice", at: word, hint: "the first one is at \(first.position)")
                }
                builder.server?.names.append((name, word.position))
            }
        }
    }

    /// Appends a path; the first one in a block replaces both lists of the block around.
    static func certificate(_ target: Target<[Word]>) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let path = try builder.path(statement.argument, of: statement)
            if builder.scope.certificatesContext != builder.context {
                builder.scope.certificates = []
                builder.scope.keys = []
                builder.scope.certificatesContext = builder.context
            }
            builder[keyPath: target].append(Word(text: path, position: statement.name.position))
        }
    }
}

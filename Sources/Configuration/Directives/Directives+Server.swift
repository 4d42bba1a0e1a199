extension DirectiveTable {
    static let server: [Directive] = [
        Directive(
            "server", .main, .serverBlock,
            "A site: its addresses, its names, and what it serves.", repeatable: true, phase: .block, opens: .server),
        Directive(
            "listen", .server, .listen,
            "An address to accept clients on; ssl terminates TLS there, proxy_protocol reads a load balancer's header, mqtt takes "
                + "MQTT without WebSocket.",
            repeatable: true),
        Directive(
            "server_name", .server, .serverName,
            "Names of the server; *.example.com matches every name below example.com.", repeatable: true),
        Directive(
            "ssl_certificate", [.main, .server], .certificate(\.scope.certificates),
            "PEM file of a certificate and its chain; one for each key type may be given.",
            repeatable: true),
        Directive(
            "ssl_certificate_key", [.main, .server], .certificate(\.scope.keys),
            "PEM file of the private key; the n-th key belongs to the n-th ssl_certificate.", repeatable: true),
        Directive(
            "ssl_protocols", [.main, .server],
            .choices(
                \.scope.tls.versions, hint: "TLS 1.1 and older, and SSL, are not supported (RFC 8996); remove them"),
            "TLS versions to accept."),
        Directive(
            "ssl_ciphers", [.main, .server],
            .text(\.scope.tls.ciphers) { words in
                "separate ciphers by colons: \(quoted(words.joined(separator: ":")))"
            },
            "Ciphers, as OpenSSL names them."),
        Directive(
            "ssl_session_tickets", [.main, .server], .flag(\.scope.tls.sessionTickets),
            "Whether clients may resume a TLS session with a ticket."),
        Directive(
            "ssl_handshake_timeout", [.main, .server], .time(\.scope.handshakeTimeout),
            "Time for the TLS handshake."),
        Directive(
            "client_header_timeout", [.main, .server], .time(\.scope.clientHeaderTimeout),
            "Time for the whole request head."),
        Directive(
            "client_header_buffer_size", [.main, .server], .size(\.scope.clientHeaderBufferSize, 1024...1 << 20),
            "Largest request head."),
        Directive(
            "keepalive_timeout", [.main, .server],
            .time(\.scope.keepaliveTimeout, zero: "close after each answer"),
            "How long a connection may stay idle after an answer."),
        Directive(
            "keepalive_requests", [.main, .server], .integer(\.scope.keepaliveRequests, 1...1_000_000_000),
            "Number of requests that one connection may carry."),
        Directive(
            "http2", [.main, .server], .flag(\.scope.http2.isOn),
            "Whether HTTP/2 is spoken, and WebSocket over it."),
        Directive(
            "http2_max_concurrent_streams", [.main, .server],
            .integer(\.scope.http2.maxConcurrentStreams, 1...65_535),
            "Number of requests and sessions that one HTTP/2 connection may have open at a time."),
    ]
}

extension Action {
    static var serverBlock: Action {
        Action(0...0) { (statement, builder) throws(ConfigurationError) in
            builder.server = ServerDraft(position: statement.name.position)
            try builder.runInheriting(statement.block ?? [], in: .server) { builder throws(ConfigurationError) in
                try builder.finishMQTT(statement)
                try builder.finishServer()
            }
        }
    }

    static var listen: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            try checkOrder(statement)
            let addresses: [Address]
            do throws(ValueFault) {
                addresses = try Address.listening(statement.argument.text)
            } catch {
                throw statement.error(error)
            }
            var words: Set<String> = []
            for word in statement.arguments.dropFirst() {
                guard listenParameters.contains(word.text) else {
                    throw statement.error(unknownListenParameter(word.text), at: word)
                }
                guard words.insert(word.text).inserted else {
                    throw statement.error("has the parameter \(word.text) twice", at: word)
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
                        readsProxyHeader: words.contains("proxy_protocol"),
                        carriesMQTT: words.contains("mqtt"), isImplied: isImplied,
                        position: statement.argument.position))
            }
        }
    }

    /// `listen ssl 443`: the address comes first.
    private static func checkOrder(_ statement: Statement) throws(ConfigurationError) {
        let texts = statement.arguments.map(\.text)
        guard let first = texts.first,
            listenParameters.contains(first) || unknownListenParameter(first).hint != otherHint
        else { return }
        let isAddress = texts.dropFirst().map { (try? Address.listening($0)) != nil }
        let address = isAddress.firstIndex(of: true).map { texts[$0 + 1] } ?? "443"
        let right = ["listen", address] + texts.filter { $0 != address && listenParameters.contains($0) }
        throw statement.error(
            "must begin with the address, not with \(quoted(first))", at: statement.argument,
            hint: "write \"\(right.joined(separator: " "))\"")
    }

    private static let listenParameters = ["ssl", "proxy_protocol", "mqtt"]
    private static let otherHint = "the parameters are ssl, proxy_protocol and mqtt"

    private static func unknownListenParameter(_ text: String) -> ValueFault {
        let hint: String
        switch Parameter(text).name {
        case "http2":
            hint = "HTTP/2 is a matter of the server, not of an address: remove it; \"http2 off\" turns it off"
        case "default_server", "default": hint = "not needed: the first server of an address is its default; remove it"
        case "ipv6only":
            hint =
                text == "ipv6only=off"
                ? "[::] is IPv6 only: write a second \"listen\" for IPv4" : "not needed: [::] is IPv6 only; remove it"
        case "reuseport", "backlog", "rcvbuf", "sndbuf", "fastopen", "deferred", "bind", "so_keepalive", "setfib",
            "accept_filter", "multipath":
            hint = "not needed: socket options are already set as MQTT needs them; remove it"
        case "quic", "udp", "spdy": hint = "not supported: WebSockets use TCP; remove it"
        default: hint = otherHint
        }
        return ValueFault("has no parameter \(quoted(text))", hint: hint)
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
    static func certificate(_ target: Target<[Written]>) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let path = try builder.path(statement.argument, of: statement)
            if builder.scope.certificatesContext != builder.context {
                builder.scope.certificates = []
                builder.scope.keys = []
                builder.scope.certificatesContext = builder.context
            }
            builder[keyPath: target].append(Written(path, at: statement.name.position))
        }
    }
}

extension DirectiveTable {
    static let location: [Directive] = [
        Directive(
            "location", .server, .locationBlock,
            "What answers requests for a path: the longest matching prefix, or = for exactly this path.",
            repeatable: true, phase: .block, opens: .location),
        Directive(
            "mqtt_pass", [.server, .location], .mqttPass,
            "Upstream, or address of a broker, that WebSockets at this path, or sessions of a listen with mqtt, are connected to."
        ),
        Directive(
            "mqtt_connect_timeout", .inherited, .time(\.scope.mqtt.connectTimeout),
            "Time from the upgrade to the complete CONNECT."),
        Directive(
            "mqtt_max_connect_size", .inherited, .size(\.scope.mqtt.maxConnectSize, 128...256 << 20),
            "Largest CONNECT."),
        Directive(
            "mqtt_max_packet_size", .inherited,
            .size(\.scope.mqtt.maxPacketSize, 128...256 << 20, zero: "what the broker allows"),
            "Largest packet that a client may send after its CONNECT."),
        Directive(
            "mqtt_versions", .inherited,
            .choices(
                \.scope.mqtt.versions, hint: "3.1.1 is what a CONNECT calls level 4, and 5.0 what it calls 5"),
            "MQTT versions to accept."),
        Directive(
            "upstream_connect_timeout", .inherited, .time(\.scope.mqtt.upstreamConnectTimeout),
            "Time to connect to a broker."),
        Directive(
            "upstream_connack_timeout", .inherited, .time(\.scope.mqtt.upstreamConnackTimeout),
            "Time from the CONNECT to the broker's CONNACK."),
        Directive(
            "upstream_tries", .inherited, .integer(\.scope.mqtt.upstreamTries, 1...100),
            "Number of brokers to try for one CONNECT."),
        Directive(
            "upstream_tries_timeout", .inherited, .time(\.scope.mqtt.upstreamTriesTimeout),
            "Time for all tries of one CONNECT together."),
        Directive(
            "websocket_subprotocols", .inherited, .subprotocols,
            "Subprotocols to accept."),
        Directive(
            "websocket_require_subprotocol", .inherited, .flag(\.scope.webSocket.requireSubprotocol),
            "Whether a client that offers no subprotocol is refused."),
        Directive(
            "websocket_origins", .inherited, .origins,
            "Origins whose pages may connect; any allows all."),
        Directive(
            "websocket_frames", .inherited, .choice(\.scope.webSocket.frames),
            "How MQTT packets are put into WebSocket messages towards the client."),
        Directive(
            "websocket_strict", .inherited, .flag(\.scope.webSocket.isStrict),
            "Whether an unmasked Pong or Close frame ends the connection."),
        Directive(
            "websocket_ping", .inherited, .time(\.scope.webSocket.ping, zero: "off"),
            "Silence of the client after which it is sent a ping."),
        Directive(
            "websocket_deflate", .inherited, .flag(\.scope.webSocket.deflates),
            "Whether messages may be compressed (permessage-deflate)."),
        Directive(
            "websocket_deflate_min_length", .inherited, .size(\.scope.webSocket.deflateMinimum, 126...1 << 20),
            "Smallest message that is compressed on its way to the client."),
        Directive(
            "mqtt_keepalive_offload", .inherited, .flag(\.scope.webSocket.offloadsKeepAlive),
            "Whether the gateway sends PINGREQ to the broker for a client that answers pings but keeps silent."),
    ]
}

extension Action {
    static var locationBlock: Action {
        Action(1...2) { (statement, builder) throws(ConfigurationError) in
            let match = try locationMatch(statement)
            let key = match.source
            if let first = builder.server?.locations[key] {
                throw statement.error(
                    "\(quoted(key)) is a duplicate", at: statement.argument, hint: "the first one is at \(first)")
            }
            builder.server?.locations[key] = statement.argument.position
            builder.location = LocationDraft(match: match)
            try builder.runInheriting(statement.block ?? [], in: .location) { builder throws(ConfigurationError) in
                try builder.finishLocation(statement)
            }
        }
    }

    /// `PATH`, `= PATH`, `=PATH` or `^~ PATH`, which is a prefix like any other where there are no expressions.
    private static func locationMatch(_ statement: Statement) throws(ConfigurationError) -> LocationSettings.Match {
        let first = statement.argument
        let last = statement.arguments.last ?? first
        var path = last.text
        var isExact = false
        if statement.arguments.count > 1, first.text != "^~" {
            guard first.text == "=" else {
                let isExpression = first.text.hasPrefix("~")
                throw statement.error(
                    "must be \"location PATH\" or \"location = PATH\", not \(quoted("location " + first.text))",
                    at: first, hint: isExpression ? "regular expressions are not supported" : nil)
            }
            isExact = true
        } else if path.hasPrefix("=") {
            path = String(path.dropFirst())
            isExact = true
        }
        guard path.hasPrefix("/"), isPrintable(path), !path.contains("?"), !path.contains("#") else {
            throw statement.error(
                "needs a path that begins with \"/\" and has no \"?\" or \"#\", not \(quoted(path))", at: last)
        }
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }), !path.contains("//") else {
            throw statement.error("needs a path without \"//\", \".\" and \"..\", not \(quoted(path))", at: last)
        }
        return isExact ? .exact(path) : .prefix(path)
    }

    static var mqttPass: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let upstream = try builder.upstreamIndex(statement)
            if builder.context == .server {
                builder.server?.pass = (statement.argument, upstream)
            } else {
                builder.location?.pass = (statement.argument, upstream)
            }
        }
    }
}

extension LocationSettings.Match {
    /// As `location` writes it.
    var source: String {
        switch self {
        case .exact(let path): "= \(path)"
        case .prefix(let path): path
        case .listener: ""
        }
    }
}

// MARK: - WebSocket

extension Action {
    static var subprotocols: Action {
        Action(1...32) { (statement, builder) throws(ConfigurationError) in
            var names: [String] = []
            for word in statement.arguments {
                guard isToken(word.text) else {
                    throw statement.error("must list names such as mqtt, not \(quoted(word.text))", at: word)
                }
                guard !names.contains(word.text) else {
                    throw statement.error("names \(word.text) twice", at: word)
                }
                names.append(word.text)
            }
            builder.scope.webSocket.subprotocols = names
        }
    }

    static var origins: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            if statement.arguments.count == 1, statement.argument.text == "any" {
                builder.scope.webSocket.origins = nil
                return
            }
            var origins: [String] = []
            var seen: Set<String> = []
            for word in statement.arguments {
                do throws(ValueFault) {
                    let origin = try Origin.parsed(word.text)
                    guard seen.insert(origin).inserted else { throw ValueFault("names \(origin) twice") }
                    origins.append(origin)
                } catch {
                    throw statement.error(error, at: word)
                }
            }
            builder.scope.webSocket.origins = origins
        }
    }

    /// RFC 9110 §5.6.2
    static func isToken(_ text: String) -> Bool {
        let marks = "!#$%&'*+-.^`|~".unicodeScalars
        return !text.isEmpty && text.unicodeScalars.allSatisfy { Template.isNameScalar($0) || marks.contains($0) }
    }
}

// What can be said only when a block, or the whole text, is known.

extension Builder {
    /// The upstream that `mqtt_pass` names; an address makes one of that single server.
    mutating func upstreamIndex(_ statement: Statement) throws(ConfigurationError) -> Int {
        let text = statement.argument.text
        if let known = upstreamsByName[text] { return known.index }
        if let (_, rest) = Address.withoutScheme(text), upstreamsByName[rest] != nil {
            throw statement.error(
                "must be an upstream's name or an address, not \(quoted(text))", at: statement.argument,
                hint: "omit the scheme: \(rest)")
        }
        guard text.utf8.contains(0x3A) else {
            let names = upstreams.map(\.name)
            let near = nearest(to: text, in: names) ?? (names.count == 1 ? names.first : nil)
            throw statement.error(
                "names an upstream that does not exist: \(quoted(text))", at: statement.argument,
                hint: near.map { "did you mean \"\($0)\"?" } ?? "write an upstream's name, host:port or unix:/path")
        }
        let address: Address
        do throws(ValueFault) {
            address = try Address.peer(text)
        } catch {
            throw statement.error(error)
        }
        upstreamsByName[text] = (upstreams.count, statement.argument.position)
        upstreams.append(UpstreamSettings(name: text, servers: [UpstreamServerSettings(address: address)]))
        return upstreams.count - 1
    }

    /// Makes the location that has been read, and adds it to its server.
    mutating func finishLocation(_ statement: Statement) throws(ConfigurationError) {
        guard let draft = location else { return }
        location = nil
        let ownRoot = scope.root.flatMap { $0.context == .location ? $0 : nil }
        try checkOne(draft, ownRoot)
        var settings: LocationSettings
        if let admin = draft.admin {
            settings = try adminLocation(statement, admin.word, draft.match, admin.action)
            if admin.action == .dashboard { server?.dashboard = admin.word.position }
        } else if draft.health != nil {
            settings = try healthLocation(statement, draft.match)
        } else if let pass = draft.pass {
            settings = try passSettings(draft.match, upstream: pass.upstream)
            settings.webSocket = scope.webSocket
            try checkOffload(statement)
        } else if let fixed = draft.fixed {
            settings = LocationSettings(match: draft.match, action: .fixed(fixed.answer))
            settings.web = scope.web.settingsOfReturn
        } else if let root = scope.root {
            settings = filesLocation(draft.match, root, in: .location)
        } else {
            throw statement.error(
                "needs \"mqtt_pass\", \"root\", \"return\", \"health\", \"metrics\", \"api\" or \"dashboard\"")
        }
        if draft.admin == nil {
            try checkNoAdmin(statement.block ?? [], at: statement.name.position, draft.name)
        }
        settings.access = try scope.access.settings(isMQTT: draft.pass != nil)
        settings.accessLog = scope.accessLog
        settings.limits = scope.limits
        if draft.pass == nil { try checkNoLimits(statement.block ?? []) }
        server?.settings.locations.append(settings)
    }

    /// What is limited are sessions.
    private func checkNoLimits(_ block: [Statement]) throws(ConfigurationError) {
        guard let own = block.first(where: { $0.name.text.hasPrefix("limit_") }) else { return }
        throw own.error(
            "limits MQTT sessions, which this location does not have", hint: "move it to one with \"mqtt_pass\"")
    }

    /// What takes MQTT to an upstream.
    func passSettings(
        _ match: LocationSettings.Match, upstream: Int
    ) throws(ConfigurationError) -> LocationSettings {
        var settings = LocationSettings(match: match, action: .mqtt(upstream: upstream))
        settings.mqtt = scope.mqtt
        settings.mqtt.setConnect = scope.access.setConnect.elements
        settings.mqtt.assignsClientID = scope.access.assignsClientID || hashesClientID(upstream)
        try checkCertificate()
        return settings
    }

    /// The gateway's own PINGRESP is taken out of what comes from the broker, packet by packet.
    private func checkOffload(_ statement: Statement) throws(ConfigurationError) {
        guard scope.webSocket.offloadsKeepAlive, scope.webSocket.frames == .stream else { return }
        let names = ["mqtt_keepalive_offload", "websocket_frames"]
        let own = (statement.block ?? []).first { names.contains($0.name.text) }
        throw ConfigurationError(
            at: own?.name.position ?? statement.name.position,
            "\"mqtt_keepalive_offload on\" cannot be used with \"websocket_frames stream\"",
            hint: "write \"websocket_frames packet\", or \"mqtt_keepalive_offload off\"")
    }

    /// A client without an identifier needs one before a broker can be chosen by it.
    private func hashesClientID(_ upstream: Int) -> Bool {
        guard case .hash(let key, _) = upstreams[upstream].balancer else { return false }
        return key.variables.contains(.mqttClientID)
    }

    /// Clients have certificates only where they are asked for them.
    private func checkCertificate() throws(ConfigurationError) {
        guard let position = scope.access.certificate?.position else { return }
        guard server?.listens.contains(where: \.isTLS) ?? false else {
            throw ConfigurationError(
                at: position, "\"auth_certificate\" admits no client, because no \"listen\" of this server has ssl",
                hint: "clients present certificates only over TLS")
        }
        guard scope.clientVerification.verify != .off else {
            throw ConfigurationError(
                at: position, "\"auth_certificate\" admits no client while \"ssl_verify_client\" is off",
                hint: "add \"ssl_verify_client on\" or \"optional\" to the server")
        }
    }

    /// Makes the server that has been read.
    mutating func finishServer() throws(ConfigurationError) {
        guard var draft = server else { return }
        server = nil
        guard !draft.listens.isEmpty else {
            throw ConfigurationError(at: draft.position, "\"server\" has no \"listen\"")
        }
        try serveWhatIsLeft(&draft)
        try checkDashboard(draft)
        let certificates = try pairedCertificates()
        if let listen = draft.listens.first(where: \.isTLS) {
            guard !certificates.isEmpty else {
                throw ConfigurationError(at: listen.position, "\"listen … ssl\" needs an \"ssl_certificate\"")
            }
            draft.settings.tls = try tlsSettings(certificates)
        }
        draft.settings.names = draft.names.map(\.name)
        draft.settings.handshakeTimeout = scope.handshakeTimeout
        draft.settings.clientHeaderTimeout = scope.clientHeaderTimeout
        draft.settings.clientHeaderBufferSize = scope.clientHeaderBufferSize
        draft.settings.keepaliveTimeout = scope.keepaliveTimeout
        draft.settings.keepaliveRequests = scope.keepaliveRequests
        draft.settings.http2 = scope.http2
        draft.settings.accessLog = scope.accessLog
        if draft.pass == nil {  // with MQTT alone there are no answers
            draft.settings.errorPages = scope.web.errorPages.elements
            draft.settings.headers = scope.web.headers.elements
        }
        draft.settings.realIP = try scope.realIP.settings()
        draft.settings.limits = scope.limits
        servers.append(draft)
    }

    private func pairedCertificates() throws(ConfigurationError) -> [TLSSettings.Certificate] {
        let count = min(scope.certificates.count, scope.keys.count)
        if let alone = scope.certificates.dropFirst(count).first {
            throw ConfigurationError(at: alone.position, "\"ssl_certificate\" without its \"ssl_certificate_key\"")
        }
        if let alone = scope.keys.dropFirst(count).first {
            throw ConfigurationError(at: alone.position, "\"ssl_certificate_key\" without its \"ssl_certificate\"")
        }
        return zip(scope.certificates, scope.keys).map { .init(certificate: $0, key: $1) }
    }
}

// MARK: - The whole

extension Builder {
    /// Everything that has been read, checked as a whole. `path` is the main file, for errors that have no place.
    func snapshot(of path: String) throws(ConfigurationError) -> Snapshot {
        _ = try pairedCertificates()  // those of main, which every server may have replaced
        guard !servers.isEmpty else {
            throw ConfigurationError(
                at: Position(file: path, line: 0, column: 0), "there is no \"server\" block, so nothing to listen on")
        }
        var snapshot = Snapshot()
        snapshot.process = process
        snapshot.limits = scope.limits
        snapshot.upstreams = upstreams
        snapshot.servers = servers.map(\.settings)
        snapshot.listeners = try listeners()
        return snapshot
    }

    private func listeners() throws(ConfigurationError) -> [ListenerSettings] {
        var listeners: [ListenerSettings] = []
        var byAddress: [Address: (index: Int, first: ServerDraft.Listen)] = [:]
        for (server, draft) in servers.enumerated() {
            for listen in draft.listens {
                guard let known = byAddress[listen.address] else {
                    byAddress[listen.address] = (listeners.count, listen)
                    var listener = ListenerSettings(address: listen.address, isTLS: listen.isTLS, servers: [server])
                    listener.readsProxyHeader = listen.readsProxyHeader
                    listener.carriesMQTT = listen.carriesMQTT
                    listener.isImplied = listen.isImplied
                    try checkFronts(listen, draft)
                    listeners.append(listener)
                    continue
                }
                try checkAgreement(listen, known.first, "proxy_protocol", \.readsProxyHeader)
                try checkAgreement(listen, known.first, "ssl", \.isTLS)
                try checkAgreement(listen, known.first, "mqtt", \.carriesMQTT)
                if !listen.isImplied { listeners[known.index].isImplied = false }
                // `listen 80; listen [::]:80;` names one address twice.
                if listeners[known.index].servers.last != server { listeners[known.index].servers.append(server) }
            }
        }
        for listener in listeners { try checkNames(listener) }
        return listeners
    }

    /// Every `listen` of one address agrees about a parameter.
    private func checkAgreement(
        _ listen: ServerDraft.Listen, _ first: ServerDraft.Listen, _ name: String,
        _ says: KeyPath<ServerDraft.Listen, Bool>
    ) throws(ConfigurationError) {
        let isHere = listen[keyPath: says]
        guard first[keyPath: says] != isHere else { return }
        let isImplied = listen.isImplied || first.isImplied
        throw ConfigurationError(
            at: listen.position,
            "\"listen \(listen.address)\" \(isHere ? "has" : "lacks") \(name) here, "
                + "but \(isHere ? "lacks" : "has") it elsewhere",
            hint: "the first one is at \(first.position)" + (isImplied ? Self.portAlone(listen.address) : ""))
    }

    /// The explanation if two servers share an IPv6 address that one of them does not spell out.
    private static func portAlone(_ address: Address) -> String {
        guard case .inet(_, let port) = address else { return "" }
        return "; a port alone means every address, including IPv6: write *:\(port) for IPv4 only"
    }

    /// A PROXY protocol header is accepted only from trusted addresses.
    private func checkFronts(_ listen: ServerDraft.Listen, _ draft: ServerDraft) throws(ConfigurationError) {
        guard listen.readsProxyHeader, draft.settings.realIP.trusted.isEmpty else { return }
        throw ConfigurationError(
            at: listen.position,
            "\"listen … proxy_protocol\" needs \"set_real_ip_from\": no load balancer is trusted yet",
            hint: "list the addresses of the load balancers, such as 10.0.0.0/8")
    }

    /// Whether a server listens there only because it gives a port without an address.
    private func isImplied(_ listener: ListenerSettings, in server: ServerDraft) -> Bool {
        server.listens.allSatisfy { $0.address != listener.address || $0.isImplied }
    }

    /// Each name leads to one server of a listener, and each server but the first, the default, has a name.
    private func checkNames(_ listener: ListenerSettings) throws(ConfigurationError) {
        var first: [String: Position] = [:]
        for (order, index) in listener.servers.enumerated() {
            let server = servers[index]
            if order > 0 { try checkNamesReach(listener, server) }
            if order > 0, server.names.isEmpty {
                throw ConfigurationError(
                    at: server.position,
                    "\"server\" can never be selected on \(listener.address): it has no \"server_name\"",
                    hint: "the default there is the server at \(servers[listener.servers[0]].position)"
                        + (isImplied(listener, in: servers[listener.servers[0]]) || isImplied(listener, in: server)
                            ? Self.portAlone(listener.address) : ""))
            }
            for (name, position) in server.names {
                if let earlier = first[name] {
                    throw ConfigurationError(
                        at: position, "\"server_name\" \(quoted(name)) is on \(listener.address) twice",
                        hint: "the first one is at \(earlier)")
                }
                first[name] = position
            }
        }
    }
}

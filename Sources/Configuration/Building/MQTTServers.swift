// Servers whose listeners carry MQTT as it is. A server is of one kind: its listeners take HTTP and lead to locations, or they
// take MQTT and lead to its `mqtt_pass`.

extension Builder {
    /// Makes what a server of MQTT does with its sessions; refuses what has no effect in it, and `mqtt_pass` in any other.
    mutating func finishMQTT(_ statement: Statement) throws(ConfigurationError) {
        guard let draft = server else { return }
        guard let mqtt = draft.listens.first(where: \.carriesMQTT) else { return try checkNoPass(draft) }
        if let other = draft.listens.first(where: { !$0.carriesMQTT }) {
            throw ConfigurationError(
                at: other.position, "\"listen\" with and without mqtt cannot be used in one server",
                hint:
                    "make a server of its own for MQTT without WebSocket; the \"listen\" with mqtt is at \(mqtt.position)"
            )
        }
        guard let pass = draft.pass else {
            throw ConfigurationError(
                at: mqtt.position, "\"listen … mqtt\" needs \"mqtt_pass\" in its server",
                hint: "add \"mqtt_pass\" with an upstream, or the address of a broker")
        }
        try checkNoHTTP(statement.block ?? [])
        try checkNoAdmin(statement.block ?? [], at: statement.name.position, "mqtt_pass", in: "server")
        var settings = try passSettings(.listener, upstream: pass.upstream)
        settings.access = try scope.access.settings(isMQTT: true)
        settings.accessLog = scope.accessLog
        try checkTokenPlaces(settings.access.jwt, statement.block ?? [], mqtt)
        server?.settings.locations = [settings]
    }

    private func checkNoPass(_ draft: ServerDraft) throws(ConfigurationError) {
        guard let pass = draft.pass else { return }
        throw ConfigurationError(
            at: pass.word.position,
            "\"mqtt_pass\" in \"server\" is for \"listen … mqtt\", which this server does not have",
            hint: "for WebSockets move it into a location: \"location /mqtt { mqtt_pass \(pass.word.text); }\"")
    }

    /// There are no requests that a location could answer, and no frames.
    private func checkNoHTTP(_ block: [Statement]) throws(ConfigurationError) {
        for own in block {
            switch own.name.text {
            case "location":
                throw own.error(
                    "is for HTTP requests, which a server with \"listen … mqtt\" does not take",
                    hint: "move it to a server with a \"listen\" of its own")
            case "root", "index", "alias", "try_files", "error_page", "return", "add_header", "expires", "gzip_static",
                "types", "default_type":
                throw own.error("does not apply to \"listen … mqtt\"", hint: "remove it")
            case let name where name.hasPrefix("websocket_") || name == "mqtt_keepalive_offload":
                throw own.error("does not apply to \"listen … mqtt\", which has no WebSockets", hint: "remove it")
            default: break
            }
        }
    }

    /// A token comes in the CONNECT, or not at all.
    private func checkTokenPlaces(
        _ jwt: JWTSettings?, _ block: [Statement], _ listen: ServerDraft.Listen
    ) throws(ConfigurationError) {
        guard let jwt, !jwt.places.contains(where: { $0 == .password || $0 == .username }) else { return }
        let own = block.first { $0.name.text == "auth_jwt_token" }
        throw ConfigurationError(
            at: own?.name.position ?? listen.position,
            "\"auth_jwt_token\" names no place that clients of \"listen … mqtt\" have",
            hint: "write \"auth_jwt_token password\" or \"username\" in that server, beside others if need be")
    }

    /// Where there is no TLS, nothing tells which of several servers a client of MQTT means.
    func checkNamesReach(_ listener: ListenerSettings, _ server: ServerDraft) throws(ConfigurationError) {
        guard listener.carriesMQTT, !listener.isTLS else { return }
        throw ConfigurationError(
            at: server.position,
            "\"server\" can never be selected on \(listener.address): MQTT without TLS names no server",
            hint: "the one there is the server at \(servers[listener.servers[0]].position)")
    }
}

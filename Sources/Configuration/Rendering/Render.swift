/// The whole of a snapshot in the syntax it was read from, with includes, inheritance and defaults resolved.
///
/// Loading the text gives an equal snapshot.
package func render(_ snapshot: Snapshot) -> String {
    var writer = Writer()
    writer.process(snapshot.process)
    writer.limits(snapshot.limits)
    writer.logFormats(of: snapshot)
    for upstream in snapshot.upstreams where !upstream.isImplied { writer.upstream(upstream) }
    for index in snapshot.servers.indices { writer.server(index, of: snapshot) }
    return writer.text
}

extension UpstreamSettings {
    /// Whether `mqtt_pass` made it: it is named by the address of its only server, as no block can be.
    fileprivate var isImplied: Bool { name.utf8.contains(0x3A) }
}

extension Snapshot {
    /// The address of a listener as a server writes it; nil: it is half of a port
    /// without an address, which is printed with the other half.
    fileprivate func address(of listener: ListenerSettings, in server: Int) -> String? {
        guard case .inet(let host, let port) = listener.address else { return listener.address.description }
        if listener.isImplied { return "\(port)" }
        let isHalf =
            host == "*"
            && listeners.contains {
                $0.isImplied && $0.address == .inet(host: "::", port: port) && $0.servers.contains(server)
            }
        return isHalf ? nil : listener.address.description
    }
}

/// Writes directives and blocks, with four spaces a level.
struct Writer {
    var text = ""
    private var indent = ""

    /// One directive; `words` are quoted where they need it.
    mutating func line(_ name: String, _ words: String...) {
        line(name, words)
    }

    mutating func line(_ name: String, _ words: [String]) {
        text += indent + ([name] + words).map(escaped).joined(separator: " ") + ";\n"
    }

    mutating func block(_ name: String, _ words: [String], _ body: (inout Writer) -> Void) {
        text += "\n" + indent + ([name] + words.map(escaped)).joined(separator: " ") + " {\n"
        indent += "    "
        body(&self)
        indent.removeLast(4)
        text += indent + "}\n"
    }

    /// A word that the lexer reads as `word`.
    private func escaped(_ word: String) -> String { Quoting.word(word, also: ["$"]) }
}

// MARK: - Main

extension Writer {
    mutating func process(_ process: ProcessSettings) {
        line("worker_threads", process.workerThreads.map { "\($0)" } ?? "auto")
        if let user = process.user { line("user", user.text) }
        if let path = process.pidFile { line("pid_file", path) }
        line("error_log", process.errorLog.target.description, process.errorLog.level.rawValue)
        if let limit = process.descriptorLimit { line("worker_rlimit_nofile", "\(limit)") }
        line("worker_rlimit_core", Value.text(ofSize: process.coreLimit))
        line("seccomp", process.filtersCalls ? "on" : "off")
        line("watch", process.watchesFiles ? "on" : "off")
        line("worker_shutdown_timeout", Value.text(of: process.shutdownTimeout))
        if let limit = process.memoryLimit { line("memory_limit", limit.source) }
        line("drain_delay", Value.text(of: process.drainDelay))
        if let reference = process.drainReference { line("drain_server_reference", reference) }
        line("auth_hash_threads", process.hashThreads.map { "\($0)" } ?? "auto")
    }

    /// The formats that are used, each once, in the order of their use.
    mutating func logFormats(of snapshot: Snapshot) {
        var seen: Set<String> = []
        let logs = snapshot.servers.flatMap { [$0.accessLog] + $0.locations.map(\.accessLog) }
        for log in logs {
            guard case .named(let name, let template) = log?.format, seen.insert(name).inserted else { continue }
            line("log_format", name, template.source)
        }
    }
}

// MARK: - Server and location

extension Writer {
    mutating func server(_ index: Int, of snapshot: Snapshot) {
        let server = snapshot.servers[index]
        block("server", []) { writer in
            for listener in snapshot.listeners where listener.servers.contains(index) {
                guard let address = snapshot.address(of: listener, in: index) else { continue }
                writer.line(
                    "listen",
                    [address] + (listener.isTLS ? ["ssl"] : []) + (listener.readsProxyHeader ? ["proxy_protocol"] : [])
                        + (listener.carriesMQTT ? ["mqtt"] : []))
            }
            if !server.names.isEmpty { writer.line("server_name", server.names) }
            if let tls = server.tls { writer.tls(tls) }
            writer.line("ssl_handshake_timeout", Value.text(of: server.handshakeTimeout))
            writer.line("client_header_timeout", Value.text(of: server.clientHeaderTimeout))
            writer.line("client_header_buffer_size", Value.text(ofSize: server.clientHeaderBufferSize))
            writer.line("keepalive_timeout", Value.text(of: server.keepaliveTimeout))
            writer.line("keepalive_requests", "\(server.keepaliveRequests)")
            writer.line("http2", server.http2.isOn ? "on" : "off")
            writer.line("http2_max_concurrent_streams", "\(server.http2.maxConcurrentStreams)")
            writer.realIP(server.realIP)
            writer.headers(server.headers)
            writer.errorPages(server.errorPages)
            writer.accessLog(server.accessLog)
            writer.limits(server.limits)
            for location in server.locations { writer.location(location, of: snapshot) }
        }
    }

    mutating func tls(_ tls: TLSSettings) {
        for pair in tls.certificates {
            line("ssl_certificate", pair.certificate.text)
            line("ssl_certificate_key", pair.key.text)
        }
        if let file = tls.passPhrases { line("ssl_password_file", file.text) }
        line("ssl_protocols", tls.versions.map(\.rawValue))
        line("ssl_ciphers", tls.ciphers.text)
        line("ssl_prefer_server_ciphers", tls.prefersServerCiphers ? "on" : "off")
        line("ssl_ecdh_curve", tls.groups.text)
        if let file = tls.dhParameters { line("ssl_dhparam", file.text) }
        for command in tls.commands { line("ssl_conf_command", command.name.text, command.value) }
        line("ssl_session_tickets", tls.sessionTickets ? "on" : "off")
        for file in tls.ticketKeys { line("ssl_session_ticket_key", file.text) }
        line("ssl_session_timeout", Value.text(of: tls.sessionTimeout))
        line(
            "ssl_session_cache",
            tls.sessionCache.map { "shared:\($0.name.text):\(Value.text(ofSize: $0.size))" } ?? "none")
        line("ssl_stapling", tls.stapling ? "on" : "off")
        for file in tls.staplingFiles { line("ssl_stapling_file", file.text) }
        if let file = tls.trusted { line("ssl_trusted_certificate", file.text) }
        clientVerification(tls.clientVerification)
    }

    mutating func accessLog(_ log: AccessLogSettings?) {
        switch log?.format {
        case nil: line("access_log", "off")
        case .json: line("access_log", log?.target.description ?? "", "json")
        case .named(let name, _): line("access_log", log?.target.description ?? "", name)
        }
    }

    mutating func location(_ location: LocationSettings, of snapshot: Snapshot) {
        switch location.match {
        case .exact(let path): block("location", ["=", path]) { $0.content(of: location, snapshot) }
        case .prefix(let path): block("location", [path]) { $0.content(of: location, snapshot) }
        case .listener: content(of: location, snapshot)
        }
    }

    private mutating func content(of location: LocationSettings, _ snapshot: Snapshot) {
        addressRules(location.access.addressRules)
        switch location.action {
        case .mqtt(let index):
            let isThere = snapshot.upstreams.indices.contains(index)
            line("mqtt_pass", isThere ? snapshot.upstreams[index].name : "")
            access(location.access)
            mqtt(location.mqtt)
            if location.match != .listener { webSocket(location.webSocket) }
            limits(location.limits)
        case .files(let root):
            files(root)
            web(location.web, isFiles: true)
        case .fixed(let answer):
            fixed(answer)
            web(location.web, isFiles: false)
        case .health:
            line("health")
            headers(location.web.headers)
            errorPages(location.web.errorPages)
        case .metrics: line("metrics")
        case .api(let isWritable): line("api", isWritable ? "write=on" : "write=off")
        case .dashboard: line("dashboard")
        }
        if let admin = location.admin { self.admin(admin) }
        if location.match != .listener { accessLog(location.accessLog) }
    }

    mutating func mqtt(_ mqtt: MQTTSettings) {
        line("mqtt_connect_timeout", Value.text(of: mqtt.connectTimeout))
        line("mqtt_max_connect_size", Value.text(ofSize: mqtt.maxConnectSize))
        line("mqtt_max_packet_size", Value.text(ofSize: mqtt.maxPacketSize))
        line("mqtt_versions", mqtt.versions.map(\.rawValue))
        line("upstream_connect_timeout", Value.text(of: mqtt.upstreamConnectTimeout))
        line("upstream_connack_timeout", Value.text(of: mqtt.upstreamConnackTimeout))
        line("upstream_tries", "\(mqtt.upstreamTries)")
        line("upstream_tries_timeout", Value.text(of: mqtt.upstreamTriesTimeout))
        for change in mqtt.setConnect { line("mqtt_set_connect", change.field.source, change.value.source) }
        line("mqtt_assign_client_id", mqtt.assignsClientID ? "on" : "off")
    }

    mutating func webSocket(_ webSocket: WebSocketSettings) {
        line("websocket_subprotocols", webSocket.subprotocols)
        line("websocket_require_subprotocol", webSocket.requireSubprotocol ? "on" : "off")
        line("websocket_origins", webSocket.origins ?? ["any"])
        line("websocket_frames", webSocket.frames.rawValue)
        line("websocket_strict", webSocket.isStrict ? "on" : "off")
        line("websocket_ping", Value.text(of: webSocket.ping))
        line("websocket_deflate", webSocket.deflates ? "on" : "off")
        line("websocket_deflate_min_length", Value.text(ofSize: webSocket.deflateMinimum))
        line("mqtt_keepalive_offload", webSocket.offloadsKeepAlive ? "on" : "off")
    }
}

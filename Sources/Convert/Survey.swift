import Configuration

/// What is known of the whole file before a line is written: which upstreams are brokers, and what nginx says about the
/// way to them, which belongs into the upstream here.
struct Survey {
    /// How an upstream is used.
    struct Use {
        var isStream = false
        var proxyProtocol: Statement?
        var proxyBind: Statement?
        var healthCheck: Statement?

        /// What an upstream must say about it.
        var settings: [Statement] { [proxyProtocol, proxyBind, healthCheck].compactMap(\.self) }
    }

    private(set) var uses: [String: Use] = [:]
    let limits: Limits
    /// Addresses of `http` that a `listen` gives a parameter: in nginx it holds for every server there.
    private var parameters: [String: Set<String>] = [:]
    /// Names and ports of the servers of each upstream.
    private var upstreams: [String: [String]] = [:]

    init(_ statements: [Statement]) {
        let http = statements.flatMap { $0.name.text == "http" ? $0.block ?? [] : [] } + statements
        let stream = statements.flatMap { $0.name.text == "stream" ? $0.block ?? [] : [] }
        limits = Limits(http + stream)
        for listen in http.filter({ $0.name.text == "server" }).flatMap({ $0.block ?? [] })
        where listen.name.text == "listen" {
            let words = listen.arguments.map(\.text)
            parameters[words.first ?? "", default: []].formUnion(words.dropFirst())
        }
        for upstream in http + stream where upstream.name.text == "upstream" {
            let servers = (upstream.block ?? []).filter { $0.name.text == "server" }
            upstreams[upstream.arguments.first?.text ?? ""] = servers.compactMap { $0.arguments.first?.text }
        }
        for server in http where server.name.text == "server" && !server.isStreamServer {
            for location in server.block ?? [] where location.name.text == "location" {
                guard case .mqtt(let target) = passing(location, in: server, of: http) else { continue }
                note(target, from: location.block ?? [], isStream: false)
            }
        }
        let servers = stream + http.filter(\.isStreamServer)
        for server in servers where server.name.text == "server" {
            guard let target = streamTarget(server) else { continue }
            note(target, from: (server.block ?? []) + stream, isStream: true)
        }
    }

    /// Whether an address of `http` has a parameter in any server.
    func has(_ parameter: String, at address: String) -> Bool { parameters[address]?.contains(parameter) ?? false }

    /// Whether the file has an upstream of this name.
    func isUpstream(_ name: String) -> Bool { upstreams[name] != nil }

    private mutating func note(_ target: ProxyTarget, from block: [Statement], isStream: Bool) {
        var use = uses[target.server] ?? Use()
        use.isStream = isStream
        use.proxyProtocol = use.proxyProtocol ?? block.first("proxy_protocol") { $0 == "on" }
        use.proxyBind = use.proxyBind ?? block.first("proxy_bind") { $0 != "off" && !$0.contains("$") }
        use.healthCheck = use.healthCheck ?? block.first("health_check") { _ in true }
        uses[target.server] = use
    }
}

// MARK: - What requests are passed to

extension Survey {
    enum Passing {
        /// WebSockets that carry MQTT.
        case mqtt(ProxyTarget)
        /// Something else, and why it is taken for that.
        case other(String)
        /// No `…_pass`.
        case nothing
    }

    /// Where a location's requests go. `outer`: the statements around the server.
    func passing(_ location: Statement, in server: Statement, of outer: [Statement]) -> Passing {
        let block = location.block ?? []
        guard let pass = block.first(where: { $0.name.text.hasSuffix("_pass") }) else { return .nothing }
        guard pass.name.text == "proxy_pass", let text = pass.arguments.first?.text else {
            return .other("Sluice serves files and MQTT, no applications")
        }
        guard let target = ProxyTarget(text) else {
            return .other("where it leads is known only for each request; name an upstream in \"mqtt_pass\"")
        }
        let upgrades = [block, server.block ?? [], outer].contains { statements in
            statements.contains {
                $0.name.text == "proxy_set_header" && $0.arguments.first?.text.lowercased() == "upgrade"
                    || $0.name.text == MissingInclude.name
            }
        }
        guard upgrades else { return .other("Sluice serves files and MQTT, no applications") }
        guard isMQTT(target, path: location.arguments.last?.text ?? "", server) else {
            return .other(
                "this does not look like MQTT; if it is, write \"mqtt_pass\" with the address of the broker's TCP port")
        }
        return .mqtt(target)
    }

    /// Whether the names or ports say that brokers are there.
    private func isMQTT(_ target: ProxyTarget, path: String, _ server: Statement) -> Bool {
        let servers = upstreams[target.server] ?? [target.server]
        let names = (server.block ?? []).filter { $0.name.text == "server_name" }.flatMap { $0.arguments.map(\.text) }
        let words = ([target.server, path] + servers + names).map { $0.lowercased() }
        if words.contains(where: { word in Self.brokers.contains { word.contains($0) } }) { return true }
        return servers.contains { server in Self.ports.contains { server.hasSuffix(":\($0)") } }
    }

    private static let brokers = [
        "mqtt", "mosquitto", "emqx", "hivemq", "vernemq", "rabbit", "tbmq", "nanomq", "ejabberd", "activemq", "broker",
    ]
    /// What brokers listen on for MQTT, plain and in WebSockets: nobody else's usual ports.
    private static let ports = [1883, 1884, 8883, 8083, 8084, 9001, 15675, 15676]

    /// Where a server of `stream` leads; nil: to something else than brokers.
    func streamTarget(_ server: Statement) -> ProxyTarget? {
        guard let block = server.block, let pass = block.first(where: { $0.name.text == "proxy_pass" }),
            let target = pass.arguments.first.flatMap({ ProxyTarget($0.text) })
        else { return nil }
        let listens = block.filter { $0.name.text == "listen" }.compactMap { $0.arguments.first?.text }
        let addresses = (upstreams[target.server] ?? [target.server]) + listens
        let isOther = addresses.contains { address in
            Self.otherPorts.contains { address == "\($0)" || address.hasSuffix(":\($0)") }
        }
        return isOther ? nil : target
    }

    /// Well-known ports of what is not MQTT.
    private static let otherPorts = [
        21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 3306, 3389, 5432, 5671, 5672, 5900, 6379,
        6443, 9042, 9092, 9200, 11211, 27017,
    ]
}

extension [Statement] {
    /// The first statement of a name whose first argument is right.
    func first(_ name: String, _ isRight: (String) -> Bool) -> Statement? {
        first { $0.name.text == name && isRight($0.arguments.first?.text ?? "") }
    }

    func has(_ name: String) -> Bool { contains { $0.name.text == name } }
}

extension Statement {
    /// A server of `stream` in a file of its own: it passes everything on.
    var isStreamServer: Bool {
        guard name.text == "server", let block else { return false }
        return block.has("proxy_pass") && !block.has("location")
    }
}

import Text

// Locations of the operator's side, and the rules that keep them to the operator.

extension Builder {
    /// Makes a location of the operator's side: `name` is the directive that makes it one.
    func adminLocation(
        _ statement: Statement, _ name: Word, _ match: LocationSettings.Match, _ action: LocationSettings.Action
    ) throws(ConfigurationError) -> LocationSettings {
        try checkDirectives(statement.block ?? [], name.text, Self.companions, instead: Self.instead(of:))
        var settings = LocationSettings(match: match, action: action)
        let admin = try scope.admin.settings(passwordCache: scope.access.passwordCache)
        try checkExposure(name, admin)
        if action == .api(isWritable: true), admin.realm == nil, admin.tokenFile == nil {
            throw ConfigurationError(
                at: name.position, "\"api write=on\" needs \"auth_basic\" or \"api_token_file\", on every address",
                hint: "without them every program on this machine could disconnect clients")
        }
        settings.admin = admin
        return settings
    }

    /// A location of MQTT or files takes nothing of the operator's side, which would protect nothing there. `name` is the
    /// directive that makes the location.
    func checkNoAdmin(
        _ block: [Statement], at position: Position, _ name: String, in context: String = "location"
    ) throws(ConfigurationError) {
        let instead =
            name == "mqtt_pass"
            ? "use \"auth_password_file\" for MQTT" : "files know only \"allow\" and \"deny\""
        if let basic = scope.admin.basic, basic.realm != nil {
            let isOwn = block.contains { $0.name.text == "auth_basic" }
            throw ConfigurationError(
                at: basic.position,
                "\"auth_basic\" does not protect \"\(name)\""
                    + (isOwn ? "" : ", which the \(context) at \(position) has"),
                hint: instead + (isOwn ? "" : ", and write \"auth_basic off\" in that \(context)"))
        }
        for own in block where ["auth_basic_user_file", "api_token_file"].contains(own.name.text) {
            throw own.error("does not protect \"\(name)\"", hint: instead)
        }
    }

    /// The page asks the API of its own server, as pages may.
    func checkDashboard(_ draft: ServerDraft) throws(ConfigurationError) {
        let hasAPI = draft.settings.locations.contains { if case .api = $0.action { true } else { false } }
        guard let position = draft.dashboard, !hasAPI else { return }
        throw ConfigurationError(
            at: position, "\"dashboard\" has nothing to show: no location of this server has \"api\"",
            hint: "add \"location /api/ { api; }\" to the server")
    }
}

// MARK: - Checks

extension Builder {
    /// What makes a location; each has exactly one of them.
    private static let actions: Set<String> = [
        "mqtt_pass", "root", "alias", "return", "health", "metrics", "api", "dashboard",
    ]
    /// What else may be in a location of the operator's side.
    private static let companions: Set<String> = [
        "allow", "deny", "auth_basic", "auth_basic_user_file", "auth_password_cache", "api_token_file", "access_log",
    ]

    /// Nothing is in the block that has no effect there: it may have been meant to protect it. `instead`: what to do about
    /// what is neither `name` nor among its `companions`.
    func checkDirectives(
        _ block: [Statement], _ name: String, _ companions: Set<String>, instead: (String) -> String
    ) throws(ConfigurationError) {
        let actions = block.filter { Self.actions.contains($0.name.text) }
        if actions.count > 1 {
            let (first, second) = (actions[0].name, actions[1].name)
            throw ConfigurationError(
                at: second.position, "\"\(first.text)\" and \"\(second.text)\" cannot be used in one location",
                hint: "\"\(first.text)\" is at \(first.position)")
        }
        for other in block where other.name.text != name && !companions.contains(other.name.text) {
            throw other.error("does not apply to \"\(name)\"", hint: instead(other.name.text))
        }
    }

    private static func instead(of name: String) -> String {
        if name == "satisfy" {
            return "the address must be allowed, and the credentials must be right, too; remove it"
        }
        return name.hasPrefix("auth_")
            ? "use \"auth_basic\" and \"auth_basic_user_file\", or \"api_token_file\"" : "remove it"
    }

    /// The operator's side is for this machine, unless something protects it.
    private func checkExposure(_ name: Word, _ admin: AdminSettings) throws(ConfigurationError) {
        let rules = scope.access.addressRules.elements
        guard admin.realm == nil, !rules.denyTheRest, let server, let reach = reach(of: server) else { return }
        let missing =
            if rules.isEmpty {
                "it has neither \"auth_basic\" nor \"deny all\""
            } else if rules.contains(where: \.isAllowed) {
                "\"allow\" protects nothing unless \"deny all\" follows"
            } else {
                "\"deny\" leaves every other address allowed"
            }
        throw ConfigurationError(
            at: name.position, "\"\(name.text)\" would be open to other machines: \(reach.reason), and \(missing)",
            hint: "\(reach.mend), or \"allow\" some addresses and \"deny all\", or write \"auth_basic\" and "
                + "\"auth_basic_user_file\"")
    }

    /// How other machines reach a server, and what would prevent it; nil: they do not.
    private func reach(of server: ServerDraft) -> (reason: String, mend: String)? {
        for listen in server.listens {
            let address = listen.address
            guard address.isOfThisMachine else {
                let port: UInt16 = if case .inet(_, let port) = address { port } else { 9090 }
                return ("this server listens on \(address)", "write \"listen 127.0.0.1:\(port)\"")
            }
            let sign: String? =
                listen.readsProxyHeader ? "proxy_protocol" : scope.realIP.header != nil ? "\"real_ip_header\"" : nil
            if let sign {
                return (
                    "a load balancer brings their requests to \(address), as \(sign) says",
                    "move it to a server that no load balancer uses"
                )
            }
        }
        return nil
    }
}

extension [AddressRule] {
    /// Whether every address that no rule allows by itself is denied.
    fileprivate var denyTheRest: Bool {
        for rule in self where rule.network == .all || rule.isAllowed && rule.network.isEverything {
            return !rule.isAllowed
        }
        return false
    }
}

extension Address {
    /// Whether only programs of this machine can connect to it: 127.0.0.0/8, ::1 and unix sockets.
    fileprivate var isOfThisMachine: Bool {
        guard case .inet(let host, _) = self else { return true }
        guard let bytes = AddressText.bytes(host) else { return false }
        return [Network.inet([127, 0, 0, 0], prefix: 8), .inet([UInt8](repeating: 0, count: 15) + [1], prefix: 128)]
            .contains { $0.contains(bytes) }
    }
}

import Configuration

extension Converter {
    /// A server of `http`; `outer` are the statements around it.
    mutating func httpServer(_ server: Statement, in outer: [Statement]) {
        let own = server.block ?? []
        let redirect = Redirect(of: own)
        let guards = guards(own, outer: guards(outer))
        guard redirect != nil || serves(server, outer) else {
            drop(server, "Sluice serves files and MQTT, no applications: keep nginx for this one (docs/fronts.md)")
            return defaultServer(insteadOf: server, outer)
        }
        for target in targets(of: server, outer) { addUpstream(for: target) }
        output.openBlock(["server"], from: server)
        let start = output.lines.count
        listens(own.filter { $0.name.text == "listen" }, of: own, outer)
        realIPHeader(of: own, outer)
        for statement in own where statement.name.text != "listen" {
            switch statement.name.text {
            case "location" where redirect != nil, "root" where redirect != nil, "index" where redirect != nil,
                "try_files" where redirect != nil:
                drop(statement, "not needed: the server's \"return\" answers every request")
            case "location": location(statement, in: server, outer, guards: guards)
            case "return", "if", "rewrite",
                "ssl_reject_handshake" where redirect?.origin.name == statement.name:
                if let redirect, statement.name == redirect.origin.name {
                    output.directive(["return"] + redirect.words, from: statement)
                    continue
                }
                redirect == nil ? condition(statement, in: "server") : drop(statement, Redirect.covered)
            case "root" where server.isApplication && redirect == nil: drop(statement, Self.sourceCode)
            case "root" where !usesRoot(server, outer):
                drop(statement, "not needed: no location that is carried over serves files from it")
            case "try_files": drop(statement, "not needed: as in nginx, no location inherits it")
            default: setting(statement, in: "server")
            }
        }
        let lines = output.lines[start...]
        let hasRoot = outer.has("root") || lines.contains { $0.isRoot && $0.depth == lines.first?.depth }
        let isOpen = hasRoot && !lines.contains(where: \.isForTheRest)
        let isOther =
            server.isApplication || own.contains { $0.name.text == "location" && literal($0)?.isForTheRest == true }
        if redirect == nil, isOpen, isOther || !guards.isEmpty { closeTheRest() }
        output.closeBlock()
    }

    /// Sluice serves a server's `root` without any location, also where nginx asks for something or passes requests on.
    private mutating func closeTheRest() {
        output.openBlock(["location", "/"])
        output.note("nginx does not serve these files to everybody. Until you have decided, nobody gets them.")
        output.directive(["deny", "all"])
        output.closeBlock()
    }

    /// Whether something of a server can be carried over.
    private func serves(_ server: Statement, _ outer: [Statement]) -> Bool {
        let own = server.block ?? []
        if !targets(of: server, outer).isEmpty { return true }
        let locations = own.filter { $0.name.text == "location" }
        if server.isApplication { return false }
        if own.has("root"), usesRoot(server, outer) { return true }
        return locations.contains { location in
            let block = location.block ?? []
            guard literal(location) != nil, case .nothing = survey.passing(location, in: server, of: outer) else {
                return false
            }
            return block.has("root") || block.has("alias") || block.has("return") || block.has("try_files")
                || own.has("root") && !block.has("deny")
        }
    }

    private func targets(of server: Statement, _ outer: [Statement]) -> [ProxyTarget] {
        (server.block ?? []).filter { $0.name.text == "location" }.compactMap { location in
            guard literal(location) != nil, case .mqtt(let target) = survey.passing(location, in: server, of: outer)
            else { return nil }
            return target
        }
    }

    /// Whether a location, or the server itself, serves files from the server's `root`.
    private func usesRoot(_ server: Statement, _ outer: [Statement]) -> Bool {
        let own = server.block ?? []
        let rest = own.filter { $0.name.text == "location" }.filter { location in
            guard literal(location)?.words == ["/"] else { return false }
            return true
        }
        guard let location = rest.first else { return true }
        if case .nothing = survey.passing(location, in: server, of: outer) { return true }
        return own.contains { other in
            guard other.name.text == "location", literal(other) != nil, let block = other.block,
                case .nothing = survey.passing(other, in: server, of: outer)
            else { return false }
            return !block.has("root") && !block.has("alias") && !block.has("return") && !block.has("stub_status")
        }
    }
}

// MARK: - Addresses

extension Converter {
    mutating func listens(_ listens: [Statement], of own: [Statement], _ outer: [Statement]) {
        if listens.isEmpty { output.directive(["listen", "80"]) }
        let isOn = own.first("ssl") { $0 == "on" } != nil
        for listen in listens { self.listen(listen, isTLS: isOn, isMQTT: false) }
        func has(_ parameter: String) -> Bool {
            listens.contains { survey.has(parameter, at: $0.arguments.first?.text ?? "") }
        }
        if own.isTLS || has("ssl"), !(own + outer).has("ssl_certificate") { missingCertificate() }
        if has("proxy_protocol"), !(own + outer).has("set_real_ip_from") { missingFront() }
    }

    /// nginx's default is a header, ours is none: without it rules would be about the load balancer's address.
    private mutating func realIPHeader(of own: [Statement], _ outer: [Statement]) {
        let all = own + outer
        let isBehindProxy = own.contains { listen in
            listen.name.text == "listen" && survey.has("proxy_protocol", at: listen.arguments.first?.text ?? "")
        }
        guard all.has("set_real_ip_from"), !all.has("real_ip_header"), !isBehindProxy else { return }
        output.note("nginx's default:")
        output.directive(["real_ip_header", "X-Real-IP"])
    }

    /// One `listen`, with the parameters that Sluice has.
    mutating func listen(_ statement: Statement, isTLS: Bool, isMQTT: Bool) {
        let arguments = statement.arguments.map(\.text)
        guard let first = arguments.first else { return drop(statement) }
        if let other = arguments.first(where: { $0 == "quic" || $0 == "udp" }) {
            return drop(statement, "not supported: \(other == "quic" ? "HTTP/3" : "UDP")")
        }
        guard let address = address(first) else {
            return drop(statement, "write the address that this name has here: Sluice listens on addresses")
        }
        var words = ["listen", address]
        func has(_ parameter: String) -> Bool {
            arguments.contains(parameter) || !isMQTT && survey.has(parameter, at: first)
        }
        if isTLS || has("ssl") { words.append("ssl") }
        if has("proxy_protocol") { words.append("proxy_protocol") }
        if isMQTT { words.append("mqtt") }
        output.directive(words, from: statement)
    }

    /// An address with its port; nil: it is a name, whose address only the machine knows.
    private func address(_ text: String) -> String? {
        guard !text.hasPrefix("unix:"), Int(text) == nil else { return text }
        let colon = text.lastIndex(of: ":").flatMap { text[$0...].contains("]") ? nil : $0 }
        let host = colon.map { text[..<$0] } ?? text[...]
        let port = colon.map { String(text[text.index(after: $0)...]) } ?? "80"
        if host == "localhost" { return "127.0.0.1:\(port)" }
        if ["ip6-localhost", "ip6-loopback"].contains(host) { return "[::1]:\(port)" }
        let isAddress = host == "*" || host.hasPrefix("[") || host.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress ? "\(host):\(port)" : nil
    }

    /// A certificate that nginx's file, or what could be read of it, does not name.
    mutating func missingCertificate() {
        output.note(
            "Write your certificate here: nginx's file does not name it, or it is in a file that could not be read.")
        output.directive(["ssl_certificate", "certs/server.crt"])
        output.directive(["ssl_certificate_key", "certs/server.key"])
    }

    /// nginx takes the word of everybody who sends a PROXY header.
    mutating func missingFront() {
        output.note("Whose PROXY header is trusted: write the addresses of your load balancers.")
        output.directive(["set_real_ip_from", "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
    }
}

/// A server that sends everybody elsewhere, in one of the ways in which nginx's files say it.
struct Redirect {
    /// The arguments of `return`.
    var words: [String]
    var origin: Statement

    static let covered = "not needed: \"return\" answers every request of this server"

    init?(of block: [Statement]) {
        if let reject = block.first("ssl_reject_handshake", { $0 == "on" }), Self.onlyRejects(block) {
            words = ["403"]
            origin = reject
        } else if let condition = block.first(where: { Self.isCertain($0, in: block) }),
            let inner = condition.block?.first(where: { $0.name.text == "return" })
        {
            // certbot's: if ($host = example.com) { return 301 https://$host$request_uri; } return 404;
            words = inner.arguments.map(\.text)
            origin = condition
        } else if let own = block.first(where: { $0.name.text == "return" }) {
            words = own.arguments.map(\.text)
            // A condition may keep the answer from some.
            if words == ["444"] || own.tells && block.contains(where: { $0.guardKind == "if" }) { words = ["403"] }
            origin = own
        } else if let rewrite = block.first(where: { $0.name.text == "rewrite" }), let url = Self.url(of: rewrite) {
            words = ["301", url]
            origin = rewrite
        } else {
            return nil
        }
    }

    /// Whether a server whose handshakes are rejected has nothing to answer without TLS either.
    private static func onlyRejects(_ block: [Statement]) -> Bool {
        let listens = block.filter { $0.name.text == "listen" }
        let isTLSAlone = !listens.isEmpty && listens.allSatisfy { $0.arguments.contains { $0.text == "ssl" } }
        return isTLSAlone || !["location", "root", "return", "rewrite", "if"].contains(where: block.has)
    }

    /// Whether the condition holds for every request of the server.
    private static func isCertain(_ statement: Statement, in block: [Statement]) -> Bool {
        guard statement.name.text == "if", statement.block?.count == 1 else { return false }
        let text = statement.arguments.map(\.text).joined(separator: " ")
        let words = text.dropFirst().dropLast().split(separator: " ")
        guard words.count == 3, words[1] == "=" else { return false }
        switch words[0] {
        case "$host":
            let names = block.filter { $0.name.text == "server_name" }.flatMap { $0.arguments.map(\.text) }
            return names.contains(String(words[2]))
        case "$scheme": return words[2] == "http" && !block.isTLS
        default: return false
        }
    }

    /// `rewrite ^ https://$host$request_uri permanent`, and the same with groups.
    private static func url(of rewrite: Statement) -> String? {
        let words = rewrite.arguments.map(\.text)
        guard words.count >= 2, words[1].hasPrefix("http"),
            ["^", "^(.*)$", "^/(.*)$", "^(.*)", "^/(.*)"].contains(words[0])
        else { return nil }
        var url = words[1].hasSuffix("?") ? String(words[1].dropLast()) : words[1]
        if url.hasSuffix("/$1"), words[0].hasPrefix("^/") { url = url.dropLast(3) + "$request_uri" }
        if url.hasSuffix("$1"), !words[0].hasPrefix("^/") { url = url.dropLast(2) + "$request_uri" }
        return url.contains("$1") ? nil : url
    }
}

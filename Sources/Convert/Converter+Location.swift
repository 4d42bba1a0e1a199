import Configuration

extension Converter {
    /// What a location here says in the place of nginx's path.
    struct Match {
        var words: [String]
        /// Whether an expression was written as a path.
        var wasExpression = false

        /// Whether it matches what no other location does.
        var isForTheRest: Bool { words == ["/"] || words == ["^~", "/"] }
    }

    /// The location's path; nil: an expression that no path stands for, or a name.
    func literal(_ location: Statement) -> Match? {
        let words = location.arguments.map(\.text)
        switch (words.first, words.count) {
        case ("=", 2), ("^~", 2): return Match(words: words)
        case ("~", 2), ("~*", 2): return literal(expression: words[1])
        case (let path?, 1): return path.hasPrefix("/") ? Match(words: words) : nil
        default: return nil
        }
    }

    private func literal(expression: String) -> Match? {
        guard expression.hasPrefix("^/") else { return nil }
        var text = String(expression.dropFirst())
        var isExact = false
        if let end = ["(/.*)?$", "(/|$)", "(.*)$", "/?$", "/.*$", "/(.*)$", ".*$"].first(where: text.hasSuffix) {
            text = String(text.dropLast(end.count))
        } else if text.hasSuffix("$") {
            text = String(text.dropLast())
            isExact = true
        }
        text = text.replacing("\\.", with: "\u{0}").replacing("\\/", with: "/").replacing("\\-", with: "-")
        guard !text.isEmpty, !text.contains(where: { ".*+?()[]|^$\\{}".contains($0) }) else { return nil }
        let path = text.replacing("\u{0}", with: ".")
        return Match(words: isExact ? ["=", path] : [path], wasExpression: true)
    }

    mutating func location(
        _ location: Statement, in server: Statement, _ outer: [Statement], guards: Set<String>
    ) {
        let own = location.block ?? []
        guard let match = literal(location) else { return drop(location, reason(ofExpression: location)) }
        let passing = survey.passing(location, in: server, of: outer)
        if case .other(let reason) = passing {
            drop(location, reason)
            let isGuarded = own.protects || !self.guards(own, outer: guards).isEmpty
            guard !match.isForTheRest, isGuarded || server.hasFiles(outer) else { return }
            output.openBlock(["location"] + match.words)
            output.note("nginx serves no files here.")
            output.directive(["return", "403"])
            return output.closeBlock()
        }
        if case .nothing = passing, server.isApplication, !own.has("return"), !own.has("stub_status") {
            return drop(location, Self.sourceCode)
        }
        if own.protects, location.arguments.first?.text == "~*" {
            drop(location, "nginx takes capital and small letters for the same here, Sluice does not. \(keptOut)")
        }
        output.openBlock(["location"] + match.words, from: location)
        if let expression = protectingExpression(over: match, in: server) {
            output.note(
                "\(expression.name.position.place) keeps requests out of this path, too: nginx asks an expression first."
            )
            output.directive(["return", "403"])
            for statement in own { drop(statement, "not needed: nobody is allowed in") }
            return output.closeBlock()
        }
        if case .nothing = passing, own.protects, ![own, server.block ?? [], outer].contains(where: \.serves) {
            // Nothing is there to be protected but the path itself.
            output.directive(["return", "403"])
            for statement in own { drop(statement, "not needed: nobody is allowed in") }
            return output.closeBlock()
        }
        if case .mqtt(let target) = passing, let pass = own.first(where: { $0.name.text == "proxy_pass" }) {
            passTo(target, from: pass, isStream: false)
        }
        let kinds = self.guards(own, outer: guards)
        let isGuarded = own.has("internal") || !kinds.isEmpty
        let isClosed = isGuarded && !own.has("return")
        if isClosed { closed(own + (server.block ?? []) + outer) }
        // nginx answers with `return` before it asks for anything but conditions.
        let isHidden = own.has("internal") || kinds.contains("if")
        for statement in own {
            switch statement.name.text {
            case "proxy_pass": continue
            case "return" where isHidden && statement.tells:
                output.note("nginx does not tell this everybody. Until you have decided, nobody gets it.")
                output.directive(["return", "403"], from: statement)
            case "limit_except" where statement.guardKind != nil: drop(statement, "it is closed above")
            case "proxy_protocol", "proxy_bind", "health_check":
                if case .mqtt(let target) = passing, let use = survey.uses[target.server],
                    use.settings.contains(where: { $0.name == statement.name })
                {
                    continue
                }
                drop(statement)
            case "allow", "deny": isClosed ? drop(statement, "it is closed above") : setting(statement, in: "location")
            case "stub_status":
                output.directive(["metrics"], from: statement)
            case "try_files": tryFiles(statement)
            case "return", "if", "rewrite": condition(statement, in: "location")
            default: setting(statement, in: "location")
            }
        }
        output.closeBlock()
    }

    static let sourceCode =
        "these are files of an application, whose source code would be served as text: keep nginx for them (docs/fronts.md)"

    private func reason(ofExpression location: Statement) -> String {
        let block = location.block ?? []
        if location.arguments.first?.text.hasPrefix("@") ?? false {
            return "not supported: \"try_files\" and \"error_page\" lead to paths, not to names"
        }
        let expressions = "not supported: there are no regular expressions"
        if block.protects {
            return "\(expressions). \(keptOut): keep what it names out of the \"root\", or deny its folders"
        }
        if block.contains(where: { $0.name.text.hasSuffix("_pass") }) {
            return "\(expressions), and Sluice serves files and MQTT, no applications"
        }
        return "\(expressions); give these files a folder, and the folder a location"
    }
}

// MARK: - Answers

extension Converter {
    private mutating func tryFiles(_ statement: Statement) {
        var words = statement.arguments.map(\.text)
        guard let last = words.last else { return drop(statement) }
        if last.hasPrefix("@") || last.contains(".php") { words[words.count - 1] = "=404" }
        output.directive(["try_files"] + words, from: statement)
    }

    /// `return`, and what depends on conditions.
    mutating func condition(_ statement: Statement, in context: String) {
        let words = statement.arguments.map(\.text)
        switch statement.name.text {
        case "return" where words == ["444"]: output.directive(["return", "403"], from: statement)
        case "return": output.directive(["return"] + words, from: statement)
        case "if":
            let text = words.joined(separator: " ")
            if text.contains("$http_origin") {
                drop(
                    statement,
                    "not supported: there are no conditions; \"websocket_origins\" says whose pages may connect")
            } else if text.contains("$http_upgrade") {
                drop(statement, "not needed: a request that is no WebSocket gets 426")
            } else if text.contains("$scheme") || text.contains("$https") || text.contains("$server_port") {
                drop(
                    statement,
                    "not supported: there are no conditions; make a server of its own for port 80, with \"return 301\"")
            } else if statement.deniesPaths {
                drop(statement, "not supported: there are no conditions. \(keptOut): give these paths locations")
            } else {
                drop(statement)
            }
        default: drop(statement)
        }
    }
}

extension [Statement] {
    /// Whether a location with these statements, or below them, answers with something.
    fileprivate var serves: Bool {
        contains { ["root", "alias", "return", "stub_status"].contains($0.name.text) }
    }
}

extension Statement {
    /// Whether a `return` gives a text away: that all is well, or where something else is, may be known.
    var tells: Bool { arguments.count > 1 && arguments.first?.text.hasPrefix("2") == true }

    /// Whether a server's files could be asked for by the path of a location that is not carried over.
    fileprivate func hasFiles(_ outer: [Statement]) -> Bool {
        let own = block ?? []
        return [own, outer].contains { $0.has("root") }
            || own.contains { $0.name.text == "location" && ($0.block ?? []).serves }
    }

    /// Whether some of a server's files are programs, which nginx passes on to be run: those of an expression such as `\.php$`.
    var isApplication: Bool {
        (block ?? []).filter { $0.name.text == "location" }.contains { location in
            let names = (location.block ?? []).map(\.name.text)
            if names.contains(where: { ["fastcgi_pass", "scgi_pass", "uwsgi_pass"].contains($0) }) { return true }
            let isOfEndings =
                location.arguments.first?.text.hasPrefix("~") ?? false
                && !(location.arguments.last?.text.hasPrefix("^/") ?? false)
            return isOfEndings && names.contains { $0.hasSuffix("_pass") }
        }
    }
}

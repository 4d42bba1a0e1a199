import Configuration

// What keeps requests out in nginx in ways that Sluice does not have.

extension Converter {
    /// The kinds of guards that hold in a block, with those of the blocks around it. Switching one off leaves the others.
    func guards(_ block: [Statement], outer: Set<String> = []) -> Set<String> {
        var result = outer.union(block.compactMap(\.guardKind))
        for statement in block where statement.arguments.first?.text == "off" {
            let name = statement.name.text
            // `auth_digest off` also switches off what `auth_digest_user_file` stands for.
            let isBase = name.hasPrefix("auth_") && name.split(separator: "_").count == 2
            result = result.filter { $0 != name && !(isBase && $0.hasPrefix("\(name)_")) }
        }
        return result
    }

    /// Lets nobody in, where `block` has a guard that is not carried over.
    mutating func closed(_ block: [Statement]) {
        let isAboutPages = block.contains { statement in
            statement.name.text == "if" && statement.arguments.contains { $0.text.contains("$http_origin") }
        }
        let pages = isAboutPages ? "; \"websocket_origins\" says whose pages may connect" : ""
        output.note(
            "nginx limits access here in a way that Sluice does not have. Until you have decided, nobody is allowed in: "
                + "\"auth_password_file\" and its like are for MQTT, \"allow\" and \"deny\" also for files\(pages).")
        output.directive(["deny", "all"])
    }

    /// An expression that keeps requests out of a plain location's path: nginx asks it before the location, Sluice does not.
    func protectingExpression(over match: Match, in server: Statement) -> Statement? {
        guard match.words.count == 1, !match.wasExpression, let path = match.words.first else { return nil }
        return (server.block ?? []).first { other in
            guard other.name.text == "location", let block = other.block, block.protects,
                let expression = literal(other), expression.wasExpression, expression.words.count == 1,
                let start = expression.words.first, path.hasPrefix(start)
            else { return false }
            // `^/a(/|$)` does not match /ab.
            let isWhole = ["/|$)", "(/.*)?$", "/?$", "/.*$", "/(.*)$"].contains { other.endsIn($0) }
            return !isWhole || path.count == start.count || start.hasSuffix("/")
                || path.dropFirst(start.count).first == "/"
        }
    }
}

extension [Statement] {
    /// Whether what a location says keeps requests out.
    var protects: Bool {
        contains { statement in
            switch statement.name.text {
            case "deny", "internal": true
            case "return": statement.arguments.first?.text.hasPrefix("4") ?? false
            default: statement.guardKind != nil
            }
        }
    }
}

extension Statement {
    /// The kind of guard that it switches on; nil: it is none.
    var guardKind: String? {
        let value = arguments.first?.text
        switch name.text {
        case _ where value == "off": return nil
        case "if": return denies ? "if" : nil
        // Only what limits GET, by which files and WebSockets are asked for.
        case "limit_except":
            return !arguments.contains { $0.text == "GET" } && block?.protects == true ? name.text : nil
        case "secure_link", "js_access", "perl_access": return name.text
        case "modsecurity": return value == "on" ? name.text : nil
        case let name where name.hasPrefix("access_by_"): return "access_by"
        case let name where name.hasPrefix("auth_"): return Self.companions.contains(name) ? nil : name
        default: return nil
        }
    }

    /// Whether a location inside of the one that says it is guarded, too.
    var isInheritedGuard: Bool { name.text != "if" && guardKind != nil }

    /// What is said beside `auth_basic`, `auth_request` and `auth_jwt`, and guards nothing alone.
    private static let companions: Set<String> = [
        "auth_basic_user_file", "auth_delay", "auth_request_set", "auth_jwt_claim_set", "auth_jwt_header_set",
        "auth_jwt_key_cache", "auth_jwt_key_file", "auth_jwt_key_request", "auth_jwt_leeway", "auth_jwt_require",
        "auth_jwt_type",
    ]

    /// Whether a condition keeps some requests out, or sends them elsewhere, by something that they must know or have. Those
    /// about the kind of a request (its host, method or browser) protect nothing.
    private var denies: Bool {
        guard refuses || rewrites else { return false }
        let text = arguments.map(\.text).joined(separator: " ")
        // Whether a file is there, or what a query is, leads to pages, and keeps nobody out.
        if !refuses, text.hasPrefix("(-") || text.hasPrefix("(!-") { return false }
        let names = Self.variables(of: text).filter { refuses || !["args", "query_string", "is_args"].contains($0) }
        guard refuses || !names.isEmpty else { return false }
        // A file that is not there cannot be had here either.
        let isMissing = ["(!-e ", "(!-f ", "(!-d "].contains(where: text.hasPrefix)
        return names.isEmpty
            || names.contains { !Self.harmless.contains($0) && !(isMissing && $0 == "request_filename") }
    }

    /// What a block's `return` answers: a code, or a URL that it leads to.
    private var answer: String? { block?.first { $0.name.text == "return" }?.arguments.first?.text }

    /// Whether a condition's requests get an error or a redirection.
    private var refuses: Bool {
        guard let answer else { return false }
        return answer.hasPrefix("4") || answer.hasPrefix("3") || Int(answer) == nil
    }

    /// Whether a condition's requests are answered by another path, such as that of a page to log in.
    private var rewrites: Bool { block?.has("rewrite") ?? false }

    /// Whether a condition keeps requests out by their path, which is told to the operator.
    var deniesPaths: Bool {
        let text = arguments.map(\.text).joined(separator: " ")
        return answer?.hasPrefix("4") == true
            && Self.variables(of: text).contains { ["request_uri", "uri", "document_uri"].contains($0) }
    }

    /// The names of the variables in a condition, without their "$".
    private static func variables(of text: String) -> [String] {
        text.split(separator: "$", omittingEmptySubsequences: false).dropFirst().map { part in
            String((part.first == "{" ? part.dropFirst() : part).prefix { $0.isLetter || $0.isNumber || $0 == "_" })
        }.filter { !$0.isEmpty }
    }

    private static let harmless: Set<String> = [
        "host", "http_host", "server_name", "request_method", "http_user_agent", "http_referer", "http_upgrade",
        "http_x_forwarded_proto", "http_accept", "http_accept_language", "scheme", "https", "server_port",
        "invalid_referer", "request_uri", "uri", "document_uri",
    ]

    fileprivate func endsIn(_ ending: String) -> Bool { arguments.last?.text.hasSuffix(ending) ?? false }
}

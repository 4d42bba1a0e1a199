/// The directives of this version.
enum DirectiveTable {
    static let all: [Directive] =
        main + upstream + balancers + healthCheck + server + tls + realIP + location + files + answers + access
        + tokens + authHTTP + identity + limits
        + admin

    private static let byName = Dictionary(grouping: all, by: \.name)

    /// The directive of this name in a context; `server` is one thing in main and another in an upstream.
    static func find(_ name: String, in context: Contexts) -> Directive? {
        byName[name]?.first { $0.contexts.contains(context) }
    }

    static func isKnown(_ name: String) -> Bool { byName[name] != nil }

    /// Checks names, contexts, numbers of arguments, blocks and duplicates, in the order of the file.
    static func check(_ statements: [Statement], in context: Contexts) throws(ConfigurationError) {
        var first: [String: Position] = [:]
        for statement in statements {
            let name = statement.name.text
            guard let directive = find(name, in: context) else { throw notHere(statement, context) }
            try checkShape(statement, directive)
            if let earlier = first[name], !directive.isRepeatable {
                throw statement.error("is a duplicate", hint: "the first one is at \(earlier)")
            }
            first[name] = first[name] ?? statement.name.position
            if let block = statement.block, let inner = directive.opens { try check(block, in: inner) }
        }
    }

    private static func checkShape(_ statement: Statement, _ directive: Directive) throws(ConfigurationError) {
        guard directive.arguments.contains(statement.arguments.count) else {
            throw statement.error("takes \(arity(directive.arguments)), not \(statement.arguments.count)")
        }
        if directive.hasEntries {
            guard let block = statement.block else { throw statement.error("needs a block: \"{\" is missing") }
            for entry in block where entry.block != nil {
                throw statement.error("has no blocks inside: end the entry with \";\"", at: entry.name)
            }
            return
        }
        if directive.opens == nil, statement.block != nil {
            throw statement.error("takes no block: end it with \";\"")
        }
        if directive.opens != nil, statement.block == nil {
            throw statement.error("needs a block: \"{\" is missing")
        }
    }

    private static func arity(_ range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (0, 0): "no arguments"
        case (1, 1): "1 argument"
        case (let low, let high) where low == high: "\(low) arguments"
        case (let low, Int.max): "at least \(low) argument\(low == 1 ? "" : "s")"
        case (let low, let high): "\(low) to \(high) arguments"
        }
    }
}

extension Directive {
    var arguments: ClosedRange<Int> { action.arguments }
}

// MARK: - Unknown and misplaced

extension DirectiveTable {
    private static func notHere(_ statement: Statement, _ context: Contexts) -> ConfigurationError {
        let name = statement.name.text
        let position = statement.name.position
        if let others = byName[name] {
            let allowed = listed(others.reduce(into: Contexts()) { $0.formUnion($1.contexts) }.names)
            return statement.error("is not allowed in \(listed(context.names)); it is allowed in \(allowed)")
        }
        let unknown = "unknown directive \(quoted(name))"
        if let hint = NginxNames.hint(for: name) { return ConfigurationError(at: position, unknown, hint: hint) }
        let here = all.filter { $0.contexts.contains(context) }.map(\.name)
        let near = nearest(to: name, in: here) ?? nearest(to: name, in: all.map(\.name))
        return ConfigurationError(at: position, unknown, hint: near.map { "did you mean \"\($0)\"?" })
    }
}

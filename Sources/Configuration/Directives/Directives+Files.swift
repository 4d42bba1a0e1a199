extension DirectiveTable {
    static let files: [Directive] = [
        Directive(
            "root", .inherited, .root,
            "Folder of the files to serve: the whole path of the request follows it."),
        Directive(
            "alias", .location, .alias,
            "Folder of the files to serve: what comes after the location's path follows it."),
        Directive(
            "index", .inherited, .index,
            "Files to serve for a folder: the first one that exists."),
        Directive(
            "try_files", [.server, .location], .tryFiles,
            "Files to look for, and what answers when none of them exists: a path, or =STATUS."),
        Directive(
            "gzip_static", .inherited, .choice(\.scope.web.precompressed),
            "Whether FILE.gz is sent instead of FILE to clients that accept gzip; always: to all clients."),
        Directive(
            "types", .inherited, .types,
            "Media types of files, by their endings; replaces the types that are built in.",
            repeatable: true, hasEntries: true),
        Directive(
            "default_type", .inherited, .mediaType(\.scope.web.defaultType),
            "Media type of files whose ending has none."),
    ]
}

extension Action {
    static var root: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let path = try builder.path(statement.argument, of: statement).withoutFinalSlashes
            try builder.setRoot(Scope.Root(path: path, position: statement.name.position, context: builder.context))
        }
    }

    static var alias: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let path = try builder.path(statement.argument, of: statement)
            try builder.setRoot(
                Scope.Root(
                    path: path, isAlias: true, position: statement.name.position, context: builder.context))
        }
    }

    static var index: Action {
        Action(1...32) { (statement, builder) throws(ConfigurationError) in
            for word in statement.arguments {
                let name = word.text
                guard !name.isEmpty, isPrintable(name), !name.contains("/"), name != ".", name != ".." else {
                    throw statement.error("must list names of files, without \"/\", not \(quoted(name))", at: word)
                }
                if let variable = variableReference(in: name) {
                    throw statement.error("takes no variables: \(quoted(variable)) would not be replaced", at: word)
                }
            }
            builder.scope.web.index = statement.arguments.map(\.text)
        }
    }

    static var tryFiles: Action {
        Action(2...32) { (statement, builder) throws(ConfigurationError) in
            var candidates: [TryFiles.Candidate] = []
            for word in statement.arguments.dropLast() { candidates.append(try candidate(word, statement)) }
            guard let last = statement.arguments.last else { return }
            let settings = TryFiles(candidates: candidates, fallback: try fallback(last, statement))
            builder.scope.web.tryFiles = (settings, builder.context, statement.name.position)
        }
    }

    private static func candidate(
        _ word: Word, _ statement: Statement
    ) throws(ConfigurationError) -> TryFiles.Candidate {
        guard word.text.hasPrefix("/") || word.text.hasPrefix("$") else {
            throw statement.error(
                "needs files that begin with \"/\" or a variable, not \(quoted(word.text))", at: word,
                hint: "each follows the root, as in \"try_files $uri $uri/ /index.html\"")
        }
        let isFolder = word.text.hasSuffix("/")
        let text = isFolder ? String(word.text.dropLast()) : word.text
        return TryFiles.Candidate(path: try Template.ofRequest(text, word, statement), isFolder: isFolder)
    }

    private static func fallback(_ word: Word, _ statement: Statement) throws(ConfigurationError) -> TryFiles.Fallback {
        let text = word.text
        if text.hasPrefix("=") {
            guard let code = Value.integer(text.dropFirst()), (300...599).contains(code) else {
                throw statement.error("ends with \"=\" and a status from 300 to 599, not \(quoted(text))", at: word)
            }
            return .status(code)
        }
        guard text.hasPrefix("/") || text.hasPrefix("$") else {
            throw statement.error(
                "must end with a path that begins with \"/\", or with \"=\" and a status, not \(quoted(text))",
                at: word,
                hint: text.hasPrefix("@") ? "locations with names are not supported" : nil)
        }
        return .path(try Template.ofRequest(text, word, statement))
    }

    static var types: Action {
        Action(0...0) { (statement, builder) throws(ConfigurationError) in
            var types = FileTypes()
            if let before = builder.scope.web.types, before.context == builder.context { types = before.settings }
            for entry in statement.block ?? [] {
                try checkMediaType(entry.name, statement)
                guard !entry.arguments.isEmpty else {
                    throw statement.error("needs endings after \(quoted(entry.name.text))", at: entry.name)
                }
                for ending in entry.arguments {
                    guard !ending.text.isEmpty, isPrintable(ending.text),
                        !ending.text.contains(where: { "./ ".contains($0) })
                    else {
                        throw statement.error(
                            "needs endings without their dots, such as html, not \(quoted(ending.text))", at: ending)
                    }
                    types.byEnding[ending.text.lowercased()] = entry.name.text
                }
            }
            builder.scope.web.types = (types, builder.context)
        }
    }

    static func mediaType(_ target: Target<String>) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            try checkMediaType(statement.argument, statement)
            builder[keyPath: target] = statement.argument.text
        }
    }

    /// RFC 9110 §8.3.1: a type, a subtype, and perhaps parameters.
    private static func checkMediaType(_ word: Word, _ statement: Statement) throws(ConfigurationError) {
        let parts = word.text.prefix { $0 != ";" }.split(separator: "/", omittingEmptySubsequences: false)
        guard isPrintable(word.text), variableReference(in: word.text) == nil, parts.count == 2,
            isToken(String(parts[0])), isToken(String(parts[1]).trimmingSpaces)
        else { throw statement.error("needs a media type such as text/html, not \(quoted(word.text))", at: word) }
    }
}

extension Builder {
    fileprivate mutating func setRoot(_ root: Scope.Root) throws(ConfigurationError) {
        if let other = scope.root, other.context == .location, context == .location {
            throw ConfigurationError(
                at: root.position, "\"root\" and \"alias\" cannot be used in one location",
                hint: "\"\(other.isAlias ? "alias" : "root")\" is at \(other.position)")
        }
        scope.root = root
    }
}

extension String {
    var withoutFinalSlashes: String {
        var path = self
        while path.hasSuffix("/"), path.utf8.count > 1 { path.removeLast() }
        return path
    }

    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.hasSuffix(" ") { text = text.dropLast() }
        return String(text)
    }
}

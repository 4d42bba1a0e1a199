// Locations of a web application.

extension Builder {
    /// A location that serves files; `context` is the kind of block that it is made of.
    mutating func filesLocation(
        _ match: LocationSettings.Match, _ root: Scope.Root, in context: Contexts
    ) -> LocationSettings {
        var settings = LocationSettings(match: match, action: .files(root.files(of: match)))
        settings.web = scope.web.settingsOfFiles(in: context)
        if root.context == .server { server?.usesRoot = true }
        return settings
    }

    /// A location with `health`. Its answer is always the same in form: nothing else is said of it but who may ask, and what
    /// is added.
    func healthLocation(
        _ statement: Statement, _ match: LocationSettings.Match
    ) throws(ConfigurationError) -> LocationSettings {
        let companions: Set = ["allow", "deny", "auth_basic", "access_log", "add_header", "error_page"]
        try checkDirectives(statement.block ?? [], "health", companions) { name in
            name.hasPrefix("auth_") ? "only \"allow\" and \"deny\" protect it" : "remove it"
        }
        var settings = LocationSettings(match: match, action: .health)
        settings.web.headers = scope.web.headers.elements
        settings.web.errorPages = scope.web.errorPages.elements
        return settings
    }

    /// What makes a location: each has one of them.
    func checkOne(_ draft: LocationDraft, _ root: Scope.Root?) throws(ConfigurationError) {
        guard draft.admin == nil, draft.health == nil else { return }  // checked by themselves
        var found: [(name: String, position: Position)] = []
        if let pass = draft.pass { found.append(("mqtt_pass", pass.word.position)) }
        if let fixed = draft.fixed { found.append(("return", fixed.word.position)) }
        if let root { found.append((root.isAlias ? "alias" : "root", root.position)) }
        guard found.count > 1 else { return }
        throw ConfigurationError(
            at: found[0].position, "\"\(found[0].name)\" and \"\(found[1].name)\" cannot be used in one location",
            hint: "\"\(found[1].name)\" is at \(found[1].position)")
    }

    /// A server's own `return`, or else its `root`, answers what no location takes, as in nginx: it becomes `location /`.
    mutating func serveWhatIsLeft(_ draft: inout ServerDraft) throws(ConfigurationError) {
        var settings: LocationSettings
        let match = LocationSettings.Match.prefix("/")
        let ownRoot = scope.root.flatMap { $0.context == .server ? $0 : nil }
        if let fixed = draft.fixed {
            try checkNoOther(than: fixed.word, draft, ownRoot)
            settings = LocationSettings(match: match, action: .fixed(fixed.answer))
            settings.web = scope.web.settingsOfReturn
            try checkNoAdmin([], at: fixed.word.position, "return")
        } else if let ownRoot, draft.locations[match.source] == nil {
            settings = filesLocation(match, ownRoot, in: .server)
            try checkNoAdmin([], at: ownRoot.position, "root")
        } else {
            return try checkUse(draft, ownRoot)
        }
        settings.access = try scope.access.settings(isMQTT: false)
        settings.accessLog = scope.accessLog
        draft.settings.locations.append(settings)
    }

    /// nginx would answer with `return` before it looks for a location.
    private func checkNoOther(
        than word: Word, _ draft: ServerDraft, _ root: Scope.Root?
    ) throws(ConfigurationError) {
        guard let other = draft.locations.values.min(by: { $0.line < $1.line }) ?? root?.position else { return }
        throw ConfigurationError(
            at: word.position, "\"return\" of a server answers every request: nothing else is served there",
            hint: "write \"location / { return …; }\" to keep what is at \(other)")
    }

    /// What a server says of its files is used by a location, or by what is left for them.
    private func checkUse(_ draft: ServerDraft, _ root: Scope.Root?) throws(ConfigurationError) {
        if let root, !draft.usesRoot {
            throw ConfigurationError(
                at: root.position, "\"root\" is used by no location of this server",
                hint: "\"location /\" is at \(draft.locations["/"] ?? draft.position)")
        }
        if let tryFiles = scope.web.tryFiles, tryFiles.context == .server {
            throw ConfigurationError(
                at: tryFiles.position, "\"try_files\" of a server applies to no location of it, as in nginx",
                hint: "move it into \"location /\"")
        }
    }
}

extension Scope.Root {
    /// Where the files of a location are.
    fileprivate func files(of match: LocationSettings.Match) -> FileRoot {
        guard isAlias else { return FileRoot(folder: path) }
        if case .exact = match, !path.hasSuffix("/"), let slash = path.lastIndex(of: "/") {
            let folder = path[..<slash]
            return FileRoot(
                folder: folder.isEmpty ? "/" : String(folder), mapping: .file(String(path[slash...].dropFirst())))
        }
        return FileRoot(folder: path.withoutFinalSlashes, mapping: .alias)
    }
}

import Configuration
import Wire

/// Finds the file that answers a path, in a location that serves files.
struct WebFiles {
    private let request: WebRequest
    private let route: Route
    private let root: FileRoot
    /// A descriptor, or -errno.
    private let folder: Int32

    enum Found {
        /// `path` is that of the file that was asked for; what is open may be its compressed form.
        case file(OpenFile, Validators, path: String, FileAnswer.Coding)
        /// Another path answers.
        case elsewhere(String)
        /// A folder that was asked for without its slash.
        case folder(String)
        case failure(HTTPStatus)
    }

    init(_ request: WebRequest, _ route: Route, _ root: FileRoot) {
        self.request = request
        self.route = route
        self.root = root
        let loop = request.routing.loop
        folder = loop.pointee.folders.descriptor(of: root.folder, now: loop.pointee.now)
    }

    /// The file of a path, which begins with a slash.
    func find(_ path: String) -> Found {
        if path.utf8.last == UInt8(ascii: "/"), !isOneFile { return findIndex(path) }
        switch open(path) {
        case (.file(let file, let validators), let coding): return .file(file, validators, path: path, coding)
        case (.folder, _): return .folder(path)
        case (.failure(let status), _): return .failure(status)
        }
    }

    /// The first of some files that exists.
    func find(_ files: TryFiles, for path: String) -> Found {
        for candidate in files.candidates {
            let path = self.path(candidate.path, path)
            if candidate.isFolder {
                guard case .folder = StaticFile.open(name(path), below: folder) else { continue }
                return path.utf8.last == UInt8(ascii: "/") ? findIndex(path) : .folder(path)
            }
            guard path.utf8.last != UInt8(ascii: "/") || isOneFile else { continue }
            if case (.file(let file, let validators), let coding) = open(path) {
                return .file(file, validators, path: path, coding)
            }
        }
        switch files.fallback {
        case .path(let template):
            return .elsewhere(String(self.path(template, path).prefix { $0 != "?" }))
        case .status(let code): return .failure(HTTPStatus(code: code) ?? .notFound)
        }
    }

    /// The index of a folder, which another location may answer; without one, the folder is not shown.
    private func findIndex(_ path: String) -> Found {
        for name in route.location.web.index {
            let path = path + name
            switch open(path) {
            case (.file(let file, let validators), let coding):
                if let other = request.server.route(for: path), other !== route { return .elsewhere(path) }
                return .file(file, validators, path: path, coding)
            case (.folder, _), (.failure(.notFound), _): continue
            case (.failure(let status), _): return .failure(status)
            }
        }
        switch StaticFile.open(name(path), below: folder) {
        case .folder: return .failure(.forbidden)
        case .file: return .failure(.notFound)
        case .failure(let status): return .failure(status)
        }
    }

    /// Opens a file, or its compressed form.
    private func open(_ path: String) -> (StaticFile.Found, FileAnswer.Coding) {
        let setting = route.location.web.precompressed
        let name = name(path)
        guard setting != .off else { return (StaticFile.open(name, below: folder), FileAnswer.Coding()) }
        let varies = setting == .on
        if setting == .always || request.head.acceptsGzip,
            case .file(let file, let validators) = StaticFile.open(name + ".gz", below: folder)
        {
            return (.file(file, validators), FileAnswer.Coding(isGzip: true, varies: varies))
        }
        return (StaticFile.open(name, below: folder), FileAnswer.Coding(varies: varies))
    }

    /// Whether every path means the same file.
    private var isOneFile: Bool { if case .file = root.mapping { true } else { false } }

    /// The name of a path's file below the folder.
    private func name(_ path: String) -> String {
        switch root.mapping {
        case .root: return path
        case .file(let name): return name
        case .alias:
            let prefix = route.location.match.path
            return path.utf8.starts(with: prefix.utf8) ? String(path.utf8.dropFirst(prefix.utf8.count)) ?? "" : path
        }
    }

    /// The path that a template makes.
    private func path(_ template: Template, _ path: String) -> String {
        if template.segments == [.variable(.uri)] { return path }
        let text = WebVariables(request, path: path).text(template)
        return text.hasPrefix("/") ? text : "/" + text
    }
}

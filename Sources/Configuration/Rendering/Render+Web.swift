// Files and answers.

extension Writer {
    mutating func files(_ root: FileRoot) {
        switch root.mapping {
        case .root: line("root", root.folder)
        // An exact location takes a folder by its slash.
        case .alias: line("alias", root.folder.hasSuffix("/") ? root.folder : root.folder + "/")
        case .file(let name): line("alias", root.folder.hasSuffix("/") ? root.folder + name : "\(root.folder)/\(name)")
        }
    }

    mutating func fixed(_ answer: FixedAnswer) {
        switch answer.content {
        case .none: line("return", "\(answer.code)")
        case .text(let template), .location(let template): line("return", "\(answer.code)", template.source)
        }
    }

    mutating func web(_ web: WebSettings, isFiles: Bool) {
        if isFiles {
            line("index", web.index)
            if let tryFiles = web.tryFiles { line("try_files", tryFiles.words) }
            line("gzip_static", web.precompressed.rawValue)
        }
        line("expires", web.expires.words)
        headers(web.headers)
        errorPages(web.errorPages)
        if let types = web.types { self.types(types) }
        line("default_type", web.defaultType)
    }

    mutating func headers(_ headers: [AddedHeader]) {
        for header in headers {
            line("add_header", [header.name, header.value.source] + (header.always ? ["always"] : []))
        }
    }

    mutating func errorPages(_ pages: [ErrorPage]) {
        for page in pages {
            let status: [String] =
                switch page.status {
                case .kept: []
                case .ofPage: ["="]
                case .changed(let code): ["=\(code)"]
                }
            line("error_page", page.codes.map { "\($0)" } + status + [page.target])
        }
    }

    private mutating func types(_ types: FileTypes) {
        let byType = Dictionary(grouping: types.byEnding.keys) { types.byEnding[$0] ?? "" }
        block("types", []) { writer in
            for type in byType.keys.sorted() { writer.line(type, byType[type]?.sorted() ?? []) }
        }
    }
}

extension TryFiles {
    fileprivate var words: [String] {
        candidates.map { $0.path.source + ($0.isFolder ? "/" : "") } + [fallback.word]
    }
}

extension TryFiles.Fallback {
    fileprivate var word: String {
        switch self {
        case .path(let template): template.source
        case .status(let code): "=\(code)"
        }
    }
}

extension Expires {
    fileprivate var words: [String] {
        switch self {
        case .off: ["off"]
        case .epoch: ["epoch"]
        case .max: ["max"]
        case .after(let seconds): [Self.word(seconds)]
        case .afterChange(let seconds): ["modified", Self.word(seconds)]
        }
    }

    private static func word(_ seconds: Int) -> String {
        (seconds < 0 ? "-" : "") + Value.text(of: .seconds(abs(seconds)))
    }
}

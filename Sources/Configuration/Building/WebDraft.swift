/// What a block says about files and answers. Inner blocks inherit it as part of `Scope`.
struct WebDraft: Sendable {
    var index = WebSettings().index
    /// Only the block that says it has it, as in nginx.
    var tryFiles: (settings: TryFiles, context: Contexts, position: Position)?
    var precompressed = WebSettings().precompressed
    var expires = WebSettings().expires
    var headers = AccessDraft.Inherited<AddedHeader>()
    var errorPages = AccessDraft.Inherited<ErrorPage>()
    /// A `types` block adds to those before it in the same block, and replaces those of the block around.
    var types: (settings: FileTypes, context: Contexts)?
    var defaultType = WebSettings().defaultType

    /// What a location that serves files makes of it; `context` is the kind of block that it is made of.
    func settingsOfFiles(in context: Contexts) -> WebSettings {
        var web = settingsOfReturn
        web.index = index
        web.tryFiles = tryFiles.flatMap { $0.context == context ? $0.settings : nil }
        web.precompressed = precompressed
        return web
    }

    /// What a location with `return` makes of it.
    var settingsOfReturn: WebSettings {
        var web = WebSettings()
        web.expires = expires
        web.headers = headers.elements
        web.errorPages = errorPages.elements
        web.types = types?.settings
        web.defaultType = defaultType
        return web
    }
}

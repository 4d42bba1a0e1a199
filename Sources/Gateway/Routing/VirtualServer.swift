import Configuration

/// A `server` block with its routes.
final class VirtualServer: Sendable {
    let site: Site
    /// In the order of the file.
    let routes: [Route]

    /// Where the sessions of its `listen … mqtt` go; nil: it has none.
    var mqttRoute: Route? { routes.first { $0.location.match == .listener } }

    /// Whether the operator looks in here.
    var isAdmin: Bool { routes.contains { $0.location.action.isAdmin } }

    /// Whether sessions come in here.
    var hasSessions: Bool { routes.contains { if case .mqtt = $0.location.action { true } else { false } } }

    init(_ site: Site, routes: [Route]) {
        self.site = site
        self.routes = routes
    }

    /// The route of a path: an exact location, else the longest prefix, as nginx chooses.
    func route(for path: String) -> Route? {
        var best: (route: Route, length: Int)?
        for route in routes {
            switch route.location.match {
            case .exact(let text) where text == path: return route
            case .exact, .listener: break
            case .prefix(let text):
                if path.utf8.starts(with: text.utf8), text.utf8.count > best?.length ?? -1 {
                    best = (route, text.utf8.count)
                }
            }
        }
        return best?.route
    }
}

/// What a `server` block says of every request, whichever location takes it. Times are milliseconds.
final class Site: Sendable {
    let settings: ServerSettings
    /// The first of its names; empty: it has none.
    let name: String
    let headerTimeout: Int64
    let handshakeTimeout: Int64
    /// Largest request head, in bytes.
    let headLimit: Int
    /// Whether a log format asks for fields of the request.
    let logsRequestFields: Bool
    /// For requests that no location takes.
    let accessLog: AccessLog?
    /// Those of `add_header`, for requests that no location takes.
    let headers: AddedHeaders
    /// Of new connections to its listeners; nil: nothing is limited.
    let limits: RouteLimits?

    init(_ settings: ServerSettings, accessLog: AccessLog? = nil, limits: RouteLimits? = nil) {
        self.settings = settings
        self.limits = limits
        headers = AddedHeaders(settings.headers)
        self.accessLog = accessLog
        name = settings.names.first ?? ""
        headerTimeout = settings.clientHeaderTimeout.milliseconds
        handshakeTimeout = settings.handshakeTimeout.milliseconds
        headLimit = settings.clientHeaderBufferSize
        logsRequestFields = ([settings.accessLog] + settings.locations.map(\.accessLog))
            .contains { $0?.format.usesRequestFields ?? false }
    }
}

extension AccessLogSettings.Format {
    fileprivate var usesRequestFields: Bool {
        guard case .named(_, let template) = self else { return false }
        return template.usesRequest
    }
}

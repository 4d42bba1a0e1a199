import Configuration

/// A server block, ready for requests.
struct PlanSite: Sendable {
    let settings: ServerSettings
    /// By location; nil where everyone may in and the broker is told nothing of the request.
    let policies: [AccessPolicy?]
    /// Whether a log format asks for fields of the request.
    let logsRequestFields: Bool
    let headerTimeout: Int64
    let handshakeTimeout: Int64

    init(_ settings: ServerSettings, policies: [AccessPolicy?]) {
        self.settings = settings
        self.policies = policies
        logsRequestFields = ([settings.accessLog] + settings.locations.map(\.accessLog))
            .contains { $0?.format.usesRequestFields ?? false }
        headerTimeout = settings.clientHeaderTimeout.milliseconds
        handshakeTimeout = settings.handshakeTimeout.milliseconds
    }

    var locations: [LocationSettings] { settings.locations }
    var clientHeaderBufferSize: Int { settings.clientHeaderBufferSize }

    /// The location of a path: an exact one, else the longest prefix, as nginx chooses.
    func location(for path: String) -> Int? {
        var best: (index: Int, length: Int)?
        for (index, location) in locations.enumerated() {
            switch location.match {
            case .exact(let text) where text == path: return index
            case .exact: break
            case .prefix(let text):
                if path.utf8.starts(with: text.utf8), text.utf8.count > best?.length ?? -1 {
                    best = (index, text.utf8.count)
                }
            }
        }
        return best?.index
    }
}

/// Which of several servers a name means.
struct PlanServerNames: Sendable {
    private var exact: [String: Int] = [:]
    private var wildcards: [(suffix: String, server: Int)] = []
    private let fallback: Int

    /// `servers` are indices of `settings`; the first is the one for names that no server has.
    init(_ servers: [Int], _ settings: [ServerSettings]) {
        fallback = servers.first ?? 0
        for server in servers {
            for name in settings[server].names {
                if name.hasPrefix("*.") {
                    wildcards.append((String(name.dropFirst()), server))
                } else {
                    exact[name] = exact[name] ?? server
                }
            }
        }
        wildcards.sort { $0.suffix.utf8.count > $1.suffix.utf8.count }  // the longest wins
    }

    /// The server for a lower-case name.
    func server(for name: String) -> Int {
        if let server = exact[name] { return server }
        return wildcards.first { name.hasSuffix($0.suffix) && name != $0.suffix }?.server ?? fallback
    }
}

extension AccessLogSettings.Format {
    fileprivate var usesRequestFields: Bool {
        guard case .named(_, let template) = self else { return false }
        return template.segments.contains { segment in
            switch segment {
            case .variable(.http), .variable(.cookie), .variable(.argument): true
            default: false
            }
        }
    }
}

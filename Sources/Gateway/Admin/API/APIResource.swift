import Text

/// What a path of the API names, and the methods that it takes.
enum APIResource: Equatable {
    case status, connections
    case connection(UInt64)
    case upstreams
    /// "NAME/peers/ADDRESS": which part is which only the upstreams can tell, as both may have slashes.
    case peer(String)
    case certificates, configuration, reload, trace, openAPI

    /// `path`: below the location's prefix, percent-decoded, without a slash in front. nil: there is nothing there.
    init?(path: String) {
        switch path {
        case "status": self = .status
        case "connections": self = .connections
        case "upstreams": self = .upstreams
        case "certificates": self = .certificates
        case "config": self = .configuration
        case "reload": self = .reload
        case "trace": self = .trace
        case "openapi.json": self = .openAPI
        default:
            if let text = Self.rest(of: path, after: "connections/"), let id = Self.connectionID(text) {
                self = .connection(id)
            } else if let text = Self.rest(of: path, after: "upstreams/"), text.contains("/peers/") {
                self = .peer(text)
            } else {
                return nil
            }
        }
    }

    /// Besides HEAD, which is like GET, and OPTIONS.
    var methods: [String] {
        switch self {
        case .status, .upstreams, .certificates, .configuration, .openAPI: ["GET"]
        case .connections, .connection: ["GET", "DELETE"]
        case .peer: ["GET", "PATCH"]
        case .reload, .trace: ["POST"]
        }
    }

    /// For Allow (RFC 9110 §10.2.1).
    var allowed: String {
        methods.flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }.joined(separator: ", ") + ", OPTIONS"
    }

    private static func rest(of path: String, after prefix: String) -> String? {
        path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }

    /// Sixteen digits, as in logs.
    static func connectionID(_ text: String) -> UInt64? {
        guard text.utf8.count == 16, let bytes = Hexadecimal.decode(Array(text.utf8)) else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

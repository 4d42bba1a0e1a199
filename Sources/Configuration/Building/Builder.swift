/// What inner blocks inherit from outer ones: each block works on a copy.
struct Scope: Sendable {
    struct Root: Sendable {
        /// Absolute; of `alias` as it is written.
        var path: String
        var isAlias = false
        var position: Position
        /// The kind of block that says it.
        var context: Contexts
    }

    var mqtt = MQTTSettings()
    /// The block's own: what it does not say is not inherited here.
    var limits = LimitSettings()
    var webSocket = WebSocketSettings()
    var access = AccessDraft()
    var admin = AdminDraft()
    var clientVerification = ClientVerificationDraft()
    var accessLog: AccessLogSettings?
    var root: Root?
    var web = WebDraft()

    var certificates: [Written] = []
    var keys: [Written] = []
    /// The kind of block that says `certificates` and `keys`; an inner block replaces both together.
    var certificatesContext: Contexts = .main
    /// Its `certificates` stay empty here: they are paired when a server ends.
    var tls = TLSSettings()
    var tlsLists = TLSLists()
    var realIP = RealIPDraft()
    var http2 = HTTP2Settings()
    var handshakeTimeout: Duration
    var clientHeaderTimeout: Duration
    var clientHeaderBufferSize: Int
    var keepaliveTimeout: Duration
    var keepaliveRequests: Int

    init() {
        let defaults = ServerSettings()
        handshakeTimeout = defaults.handshakeTimeout
        clientHeaderTimeout = defaults.clientHeaderTimeout
        clientHeaderBufferSize = defaults.clientHeaderBufferSize
        keepaliveTimeout = defaults.keepaliveTimeout
        keepaliveRequests = defaults.keepaliveRequests
    }
}

/// An `upstream` block being read.
struct UpstreamDraft: Sendable {
    var settings: UpstreamSettings
    /// The position of each directive that is checked against others.
    var positions: [String: Position] = [:]
    /// The balancer's directive, in full.
    var balancer: (text: String, position: Position)?

    init(name: String) { settings = UpstreamSettings(name: name, servers: []) }
}

/// A `server` block being read, or read.
struct ServerDraft: Sendable {
    struct Listen: Sendable {
        var address: Address
        var isTLS: Bool
        var readsProxyHeader: Bool
        var carriesMQTT = false
        /// The IPv6 half of a port without an address, which the file does not spell out.
        var isImplied = false
        var position: Position
    }

    var position: Position
    var settings = ServerSettings()
    var listens: [Listen] = []
    var names: [(name: String, position: Position)] = []
    /// First position of each location, by `= path` or `path`.
    var locations: [String: Position] = [:]
    /// The argument of its own `mqtt_pass`, and the upstream it names.
    var pass: (word: Word, upstream: Int)?
    /// Whether a location serves the files of the server's own `root`.
    var usesRoot = false
    /// A `dashboard`, which reads an `api` of the same server.
    var dashboard: Position?
    /// Its own `return`.
    var fixed: (word: Word, answer: FixedAnswer)?
}

/// A `location` block being read.
struct LocationDraft: Sendable {
    var match: LocationSettings.Match
    /// The argument of `mqtt_pass` and the upstream it names.
    var pass: (word: Word, upstream: Int)?
    /// `metrics`, `api` or `dashboard`, and what it says.
    var admin: (word: Word, action: LocationSettings.Action)?
    /// `return`
    var fixed: (word: Word, answer: FixedAnswer)?
    /// `health`
    var health: Word?

    /// The directive that makes it a location, if it is none of the operator's side.
    var name: String {
        if health != nil { return "health" }
        return pass != nil ? "mqtt_pass" : fixed != nil ? "return" : "root"
    }
}

/// Collects what the statements say; `snapshot()` checks the whole and hands it over.
struct Builder: Sendable {
    let prefix: String
    var process = ProcessSettings()
    var scope = Scope()
    /// The context whose directives are read now.
    var context: Contexts = .main
    var logFormats: [String: (template: Template, position: Position)] = [:]
    var upstreams: [UpstreamSettings] = []
    /// Index and position of each upstream by name; those that `mqtt_pass` implies are named by their text.
    var upstreamsByName: [String: (index: Int, position: Position)] = [:]
    var servers: [ServerDraft] = []

    var upstream: UpstreamDraft?
    var server: ServerDraft?
    var location: LocationDraft?

    init(prefix: String) { self.prefix = prefix }

    /// Carries out the directives of one block, which `DirectiveTable.check` has passed.
    mutating func run(_ statements: [Statement], in inner: Contexts) throws(ConfigurationError) {
        let outer = context
        context = inner
        for phase in Directive.Phase.allCases {
            for statement in statements {
                guard let directive = DirectiveTable.find(statement.name.text, in: inner), directive.phase == phase
                else { continue }
                try directive.action.apply(statement, &self)
            }
        }
        context = outer
    }

    /// As `run`, for a block that inherits the scope and leaves the outer one unchanged.
    mutating func runInheriting(
        _ statements: [Statement], in inner: Contexts,
        finish: (inout Builder) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        let outer = scope
        scope.limits = LimitSettings()
        try run(statements, in: inner)
        try finish(&self)
        scope = outer
    }

    /// The path that `word` names: not empty, without control characters or variables, relative ones below `prefix`.
    func path(_ word: Word, of statement: Statement) throws(ConfigurationError) -> String {
        guard !word.text.isEmpty, isPrintable(word.text) else {
            throw statement.error("needs a path that is not empty and has no control characters", at: word)
        }
        if let variable = variableReference(in: word.text) {
            throw statement.error("takes no variables: \(quoted(variable)) would not be replaced", at: word)
        }
        if word.text.hasPrefix("/") { return word.text }
        let relative = word.text.hasPrefix("./") ? String(word.text.dropFirst(2)) : word.text
        return prefix.hasSuffix("/") ? prefix + relative : "\(prefix)/\(relative)"
    }
}

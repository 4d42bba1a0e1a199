import Configuration
import Wire

/// Where a request leads: a location of a server, with all that a session needs to know of it. A session keeps its route to
/// the end. Times are milliseconds.
final class Route: Sendable {
    let site: Site
    let location: LocationSettings
    /// nil: everyone is allowed in, and the broker is told nothing of the request.
    let policy: AccessPolicy?
    /// nil: the location does not belong to the operator's side.
    let admission: AdminAdmission?
    /// The identity of the pool that sessions go to; nil: the location serves files.
    let pool: Int?
    /// The name of that upstream; empty: the location serves files.
    let upstreamName: String
    /// What the upstream hashes sessions by; nil: its balancer uses no key.
    let hashKey: Template?
    let accessLog: AccessLog?
    /// nil: nothing is limited.
    let limits: RouteLimits?
    /// Whether something of the request is asked for after the upgrade: by the policy, or by the hash key.
    let readsRequest: Bool
    let handshakeRules: HandshakeRules
    /// Those of `add_header`.
    let headers: AddedHeaders
    /// The media types of files.
    let types: FileTypes

    let connectTimeout: Int64
    let upstreamConnectTimeout: Int64
    let upstreamConnackTimeout: Int64
    let upstreamTriesTimeout: Int64
    /// Silence after which a ping is sent; 0 never sends one.
    let pingInterval: Int64
    /// Whether brokers hear from clients that answer pings, but whose own keep alive does not come.
    let offloadsKeepAlive: Bool

    init(
        _ location: LocationSettings, of site: Site, policy: AccessPolicy? = nil,
        admission: AdminAdmission? = nil, pool: Int? = nil,
        upstream: UpstreamSettings? = nil, accessLog: AccessLog? = nil, limits: RouteLimits? = nil
    ) {
        self.site = site
        self.location = location
        self.policy = policy
        self.admission = admission
        self.pool = pool
        self.accessLog = accessLog
        self.limits = limits
        upstreamName = upstream?.name ?? ""
        hashKey = upstream?.balancer.key
        readsRequest = policy?.readsRequest ?? false || hashKey?.usesRequest ?? false
        headers = AddedHeaders(location.web.headers)
        types = location.web.types ?? .builtIn
        let webSocket = location.webSocket
        handshakeRules = HandshakeRules(
            subprotocols: webSocket.subprotocols, requireSubprotocol: webSocket.requireSubprotocol,
            origins: webSocket.origins, allowsDeflate: webSocket.deflates)
        pingInterval = location.match == .listener ? 0 : webSocket.ping.milliseconds
        // Of a stream nothing can be taken out.
        offloadsKeepAlive = location.match != .listener && webSocket.offloadsKeepAlive && webSocket.frames != .stream
        connectTimeout = location.mqtt.connectTimeout.milliseconds
        upstreamConnectTimeout = location.mqtt.upstreamConnectTimeout.milliseconds
        upstreamConnackTimeout = location.mqtt.upstreamConnackTimeout.milliseconds
        upstreamTriesTimeout = location.mqtt.upstreamTriesTimeout.milliseconds
    }
}

/// An `access_log`: the file, and what a line of it says.
struct AccessLog: Sendable {
    let file: LogFile
    let format: AccessLogSettings.Format
}

extension LocationSettings.Match {
    /// What a request's path is, or begins with.
    var path: String {
        switch self {
        case .exact(let path), .prefix(let path): path
        case .listener: ""
        }
    }
}

extension LocationSettings.Action {
    /// Whether it belongs to the operator's side.
    var isAdmin: Bool {
        switch self {
        case .mqtt, .files, .fixed, .health: false
        case .metrics, .api, .dashboard: true
        }
    }
}

/// One loaded configuration: everything the gateway does, with includes, inheritance and defaults resolved.
///
/// A snapshot is immutable once built and is shared by all loops. `process` is read once at start-up; the rest could
/// be exchanged while the gateway runs.
package struct Snapshot: Sendable, Equatable {
    package var process = ProcessSettings()
    package var upstreams: [UpstreamSettings] = []
    package var servers: [ServerSettings] = []
    /// One entry a listening address; servers that name the same address share it.
    package var listeners: [ListenerSettings] = []

    package init() {}
}

/// What is read once, when the process starts.
package struct ProcessSettings: Sendable, Equatable {
    /// Number of event loops; nil is `auto`, one a core.
    package var workerThreads: Int?
    /// User to become after the sockets are bound, when started as root; nil keeps the one it was started as.
    package var user: Written?
    package var pidFile: String?
    package var errorLog = ErrorLogSettings()
    /// Limit of open descriptors to ask for; nil raises the soft limit to the hard one.
    package var descriptorLimit: Int?
    /// Threads that hash passwords; nil is `auto`.
    package var hashThreads: Int?
    /// How long QUIT waits for sessions to end by themselves.
    package var shutdownTimeout: Duration = .seconds(60)

    package init() {}
}

package struct ErrorLogSettings: Sendable, Equatable {
    package enum Level: String, Sendable, CaseIterable { case debug, info, notice, warn, error }
    /// A path, or `stdout`; nil is standard error.
    package var path: String?
    package var level: Level = .notice

    package init() {}
}

/// `access_log`: one line a session, at its end.
package struct AccessLogSettings: Sendable, Equatable {
    package enum Format: Sendable, Equatable {
        /// Every field, as one JSON object.
        case json
        case named(String, Template)
    }
    /// A path, or `stderr` or `stdout`.
    package var path: String
    package var format: Format

    package init(path: String, format: Format) {
        self.path = path
        self.format = format
    }
}

/// A transport address, as written in `listen`, `server` and `mqtt_pass`.
package enum Address: Sendable, Hashable {
    /// `host` is a literal IPv4 or IPv6 address without brackets, or a name; `*` listens on every IPv4 address, `::`
    /// on every IPv6 address.
    case inet(host: String, port: UInt16)
    case unix(path: String)
}

package struct ListenerSettings: Sendable, Equatable {
    package var address: Address
    package var isTLS: Bool
    /// Whether every connection begins with a header of the PROXY protocol.
    package var readsProxyHeader = false
    /// Every IPv6 address, because `listen` has a port alone: left out where the kernel has no IPv6.
    package var isImplied = false
    /// Indices into `Snapshot.servers`, in the order of the file; the first is the default server.
    package var servers: [Int]

    package init(address: Address, isTLS: Bool, servers: [Int]) {
        self.address = address
        self.isTLS = isTLS
        self.servers = servers
    }
}

/// A `server` block.
package struct ServerSettings: Sendable, Equatable {
    /// Lower case; `*.example.com` matches every name below it. Empty matches nothing by name.
    package var names: [String] = []
    /// Set when any `listen` of this server says `ssl`.
    package var tls: TLSSettings?
    package var locations: [LocationSettings] = []
    /// Time for the TLS handshake.
    package var handshakeTimeout: Duration = .seconds(10)
    /// Time for the whole request head.
    package var clientHeaderTimeout: Duration = .seconds(10)
    /// Largest request head, in bytes.
    package var clientHeaderBufferSize = 16 * 1024
    package var realIP = RealIPSettings()
    /// Used for requests that no location takes.
    package var accessLog: AccessLogSettings?

    package init() {}
}

/// Whose word counts for a client's address, and how it is said.
package struct RealIPSettings: Sendable, Equatable {
    /// Fronts that are trusted; empty: none.
    package var trusted: [Network] = []
    /// The request field that names the client, in lower case; nil: none is read.
    package var header: String?
    /// Whether addresses of trusted fronts are skipped in the field, from its end.
    package var isRecursive = false

    package init() {}
}

package struct TLSSettings: Sendable, Equatable {
    package enum Version: String, Sendable, CaseIterable, Comparable {
        case v1_2 = "TLSv1.2"
        case v1_3 = "TLSv1.3"
        package static func < (a: Self, b: Self) -> Bool { a == .v1_2 && b == .v1_3 }
    }
    package struct Certificate: Sendable, Equatable {
        /// Absolute paths of PEM files.
        package var certificate: Written
        package var key: Written
        package init(certificate: Written, key: Written) {
            self.certificate = certificate
            self.key = key
        }
    }
    package var certificates: [Certificate] = []
    package var versions: [Version] = [.v1_2, .v1_3]
    /// TLS 1.2 cipher list, or TLS 1.3 suites, as OpenSSL names them; nil is OpenSSL's default.
    package var ciphers: Written?
    package var sessionTickets = true
    /// nil: no client certificate is asked for.
    package var clientVerification: ClientVerificationSettings?

    package init() {}
}

/// A `location` block.
package struct LocationSettings: Sendable, Equatable {
    package enum Match: Sendable, Equatable {
        case exact(String)
        case prefix(String)
    }
    package enum Action: Sendable, Equatable {
        /// WebSocket carrying MQTT, to this upstream (an index into `Snapshot.upstreams`).
        case mqtt(upstream: Int)
        /// Files below `root`; `index` is served for a folder.
        case files(root: String, index: String)
    }
    package var match: Match
    package var action: Action
    package var access = AccessSettings()
    package var mqtt = MQTTSettings()
    package var webSocket = WebSocketSettings()
    package var accessLog: AccessLogSettings?

    package init(match: Match, action: Action) {
        self.match = match
        self.action = action
    }
}

/// The CONNECT gate and the way to the broker.
package struct MQTTSettings: Sendable, Equatable {
    package enum Version: String, Sendable, CaseIterable {
        case v3_1 = "3.1"
        case v3_1_1 = "3.1.1"
        case v5_0 = "5.0"
    }
    package var versions: [Version] = Version.allCases
    package var connectTimeout: Duration = .seconds(10)
    package var maxConnectSize = 64 * 1024
    /// 0 is what the broker allows.
    package var maxPacketSize = 0
    package var upstreamConnectTimeout: Duration = .seconds(5)
    package var upstreamConnackTimeout: Duration = .seconds(10)
    /// Peers tried for one CONNECT.
    package var upstreamTries = 3
    /// For all tries of one CONNECT together.
    package var upstreamTriesTimeout: Duration = .seconds(25)
    /// What the broker is told in place of what the client says.
    package var setConnect: [ConnectChange] = []
    /// Whether a client without an identifier gets one from the gateway.
    package var assignsClientID = false

    package init() {}
}

package struct WebSocketSettings: Sendable, Equatable {
    package enum Frames: String, Sendable, CaseIterable { case packet, packets, stream }
    package var subprotocols = ["mqtt", "mqttv3.1"]
    package var requireSubprotocol = true
    /// Allowed `Origin` values, lower case; `https://*.example.com` matches one or more labels. nil allows any.
    package var origins: [String]?
    package var frames: Frames = .packet
    /// Whether a Pong or Close frame without a mask ends the connection (RFC 6455 §5.1).
    package var isStrict = false
    /// Silence after which a ping is sent; zero never sends one.
    package var ping: Duration = .seconds(30)

    package init() {}
}

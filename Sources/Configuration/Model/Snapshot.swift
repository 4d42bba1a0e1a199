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

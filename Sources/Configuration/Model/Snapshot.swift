/// One loaded configuration: everything the gateway does, with includes, inheritance and defaults resolved.
///
/// A snapshot is immutable once built and is shared by all loops. `process` is read once at startup; the rest is replaced
/// by a reload.
package struct Snapshot: Sendable, Equatable {
    package var process = ProcessSettings()
    /// Those of no block.
    package var limits = LimitSettings()
    package var upstreams: [UpstreamSettings] = []
    package var servers: [ServerSettings] = []
    /// One entry for each listening address; servers that list the same address share it.
    package var listeners: [ListenerSettings] = []

    package init() {}

    /// The upstreams without which `health` of a server finds the gateway of no use: those that its own sessions go to, or,
    /// where it has none, those of all servers.
    package func upstreams(ofServer index: Int) -> Set<Int> {
        let own = servers.indices.contains(index) ? servers[index].passedUpstreams : []
        return own.isEmpty ? Set(servers.flatMap(\.passedUpstreams)) : own
    }
}

/// What is read once, when the process starts.
package struct ProcessSettings: Sendable, Equatable {
    /// Number of event loops; nil is `auto`, one per core.
    package var workerThreads: Int?
    /// User to switch to once the sockets are bound, if started as root; nil keeps the user that started it.
    package var user: Written?
    package var pidFile: String?
    package var errorLog = ErrorLogSettings()
    /// Limit of open descriptors to request; nil raises the soft limit to the hard limit.
    package var descriptorLimit: Int?
    /// Largest core file, in bytes; 0: none is written.
    package var coreLimit = 0
    /// Whether the kernel refuses calls that the gateway has no use for.
    package var filtersCalls = true
    /// Whether certificates and files of users are used as soon as they have changed.
    package var watchesFiles = true
    /// Threads that hash passwords; nil is `auto`.
    package var hashThreads: Int?
    /// Period over which QUIT closes all sessions.
    package var shutdownTimeout: Duration = .seconds(60)
    /// nil: connections are taken whatever they cost.
    package var memoryLimit: MemoryLimit?
    /// How long QUIT waits before that, while `return` and `health` answer 503 and clients are still accepted.
    package var drainDelay: Duration = .zero
    /// The server that 5.0 clients are sent to by a drain, as a Server Reference; nil: none.
    package var drainReference: String?

    package init() {}
}

package struct ErrorLogSettings: Sendable, Equatable {
    package enum Level: String, Sendable, CaseIterable { case debug, info, notice, warn, error }
    package var target = LogTarget.stderr
    package var level: Level = .notice

    package init() {}
}

/// `access_log`: one line for each session, when it ends, and for each HTTP request.
package struct AccessLogSettings: Sendable, Equatable {
    package enum Format: Sendable, Equatable {
        /// Every field, as one JSON object.
        case json
        case named(String, Template)
    }
    package var target: LogTarget
    package var format: Format

    package init(target: LogTarget, format: Format) {
        self.target = target
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

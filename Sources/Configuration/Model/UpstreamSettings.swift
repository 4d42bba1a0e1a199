/// A pool of brokers.
package struct UpstreamSettings: Sendable, Equatable {
    package var name: String
    package var servers: [UpstreamServerSettings]
    package var balancer: BalancerSettings = .roundRobin
    /// Thousandths: with a hash balancer, a peer with more than its share times this passes a session to the key's next
    /// peer; 0 is no limit.
    package var hashBalanceFactor = 0
    /// How often names of servers with `resolve` are resolved again.
    package var resolveInterval: Duration = .seconds(10)
    package var healthCheck: HealthCheckSettings?
    package var proxyProtocol = ProxyProtocolSettings()
    /// Source addresses, IPv4 or IPv6 without brackets; empty: chosen by the system.
    package var bindAddresses: [String] = []
    package var rebalance: RebalanceSettings?

    package init(name: String, servers: [UpstreamServerSettings]) {
        self.name = name
        self.servers = servers
    }
}

/// One `server` line of an upstream.
package struct UpstreamServerSettings: Sendable, Equatable {
    package var address: Address
    package var weight = 1
    /// Maximum number of concurrent sessions, over all loops; 0 is no limit.
    package var maxConnections = 0
    /// Failed attempts within `failTimeout` that take the peer out for `failTimeout`; 0 never does.
    package var maxFails = 1
    package var failTimeout: Duration = .seconds(10)
    /// Time over which a peer that comes back is given its full share; zero: at once.
    package var slowStart: Duration = .zero
    /// Whether the name is resolved again periodically.
    package var resolves = false
    package var isBackup = false
    package var isDown = false
    /// It gets no new sessions, and keeps those it has.
    package var isDraining = false

    package init(address: Address) { self.address = address }
}

/// How a pool chooses a peer.
package enum BalancerSettings: Sendable, Equatable {
    case roundRobin
    case leastConnections
    /// The better of two chosen at random.
    case randomTwo
    /// By a key of the session; `isConsistent`: losing a peer moves only its own keys.
    case hash(key: Template, isConsistent: Bool)
}

/// `health_check`: what a peer is asked, and how often.
package struct HealthCheckSettings: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable { case mqtt, tcp, http }

    package var kind: Kind
    package var interval: Duration = .seconds(5)
    package var timeout: Duration = .seconds(5)
    /// Probes in a row that take a healthy peer out.
    package var fails = 3
    /// Probes in a row that bring it back.
    package var passes = 2
    /// Percent of the interval by which probes come earlier or later.
    package var jitter = 20
    /// Port to ask in place of the peer's own.
    package var port: UInt16?

    // MQTT
    package var version: MQTTSettings.Version = .v3_1_1
    /// Prefix of every probe's client identifier.
    package var clientIDPrefix = "sluice-health-"
    package var username: String?
    /// File whose first line is the password.
    package var passwordFile: String?

    // HTTP
    package var uri = "/"
    package var statuses: ClosedRange<Int> = 200...399

    package init(kind: Kind) { self.kind = kind }
}

/// `proxy_protocol` of an upstream.
package struct ProxyProtocolSettings: Sendable, Equatable {
    package enum Version: String, Sendable, CaseIterable { case off, v1, v2 }

    package var version: Version = .off
    /// Whether the common name of the client's certificate is told.
    package var tellsCommonName = false

    package init() {}
}

/// `rebalance`: how sessions move when a peer comes back.
package struct RebalanceSettings: Sendable, Equatable {
    /// The reason given to a 5.0 client.
    package enum Reason: String, Sendable, CaseIterable {
        case useAnotherServer = "use_another_server"
        case administrativeAction = "administrative_action"
    }

    /// Sessions per second, over all loops.
    package var rate: Int
    /// Sessions that have been silent for this long are moved first.
    package var idle: Duration = .seconds(30)
    /// Percent over its share that a peer may keep.
    package var threshold = 10
    package var reason: Reason = .useAnotherServer

    package init(rate: Int) { self.rate = rate }
}

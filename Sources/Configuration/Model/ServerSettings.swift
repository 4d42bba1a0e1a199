/// A listening address, with the servers that share it.
package struct ListenerSettings: Sendable, Equatable {
    package var address: Address
    package var isTLS: Bool
    /// Whether every connection begins with a header of the PROXY protocol.
    package var readsProxyHeader = false
    /// Whether connections carry MQTT as it is, without HTTP and WebSocket.
    package var carriesMQTT = false
    /// Every IPv6 address, because `listen` has only a port: skipped if the kernel has no IPv6.
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
    package var handshakeTimeout: Duration = .seconds(30)
    /// Time for the whole request head.
    package var clientHeaderTimeout: Duration = .seconds(30)
    /// Largest request head, in bytes.
    package var clientHeaderBufferSize = 16 * 1024
    /// How long a connection may stay idle after an answer; zero closes it after each answer.
    package var keepaliveTimeout: Duration = .seconds(65)
    /// Requests that one connection may carry; it is closed after the answer to the last one.
    package var keepaliveRequests = 1000
    package var http2 = HTTP2Settings()
    package var realIP = RealIPSettings()
    /// Used for requests that no location matches.
    package var accessLog: AccessLogSettings?
    package var errorPages: [ErrorPage] = []
    package var headers: [AddedHeader] = []
    package var limits = LimitSettings()

    package init() {}

    /// Whether its listeners carry MQTT as it is: then it has one location, `.listener`.
    package var carriesMQTT: Bool { locations.first?.match == .listener }

    /// The upstreams that its sessions go to, as indices into `Snapshot.upstreams`.
    var passedUpstreams: Set<Int> {
        Set(locations.compactMap { if case .mqtt(let upstream) = $0.action { upstream } else { nil } })
    }
}

/// HTTP/2 (RFC 9113), and WebSocket over it (RFC 8441).
package struct HTTP2Settings: Sendable, Equatable {
    /// Whether it is spoken: where ALPN chooses it, and on plain connections that begin with its preface.
    package var isOn = true
    /// Streams that a client may have open at a time.
    package var maxConcurrentStreams = 256

    package init() {}
}

/// Who is trusted to name the client's address, and in which field.
package struct RealIPSettings: Sendable, Equatable {
    /// Trusted load balancers; empty: none.
    package var trusted: [Network] = []
    /// The request field that names the client, in lower case; nil: none is read.
    package var header: String?
    /// Whether trusted addresses at the end of the field are skipped.
    package var isRecursive = false

    package init() {}
}

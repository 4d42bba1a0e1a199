/// A listening address, with the servers that share it.
package struct ListenerSettings: Sendable, Equatable {
    package var address: Address
    package var isTLS: Bool
    /// Whether every connection begins with a header of the PROXY protocol.
    package var readsProxyHeader = false
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
    package var handshakeTimeout: Duration = .seconds(10)
    /// Time for the whole request head.
    package var clientHeaderTimeout: Duration = .seconds(10)
    /// Largest request head, in bytes.
    package var clientHeaderBufferSize = 16 * 1024
    /// How long a connection may stay idle after an answer; zero closes it after each answer.
    package var keepaliveTimeout: Duration = .seconds(65)
    /// Requests that one connection may carry; it is closed after the answer to the last one.
    package var keepaliveRequests = 1000
    package var realIP = RealIPSettings()
    /// Used for requests that no location matches.
    package var accessLog: AccessLogSettings?

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

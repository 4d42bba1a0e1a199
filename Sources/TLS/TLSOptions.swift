import COpenSSL

/// What a server's TLS is made of. Paths are absolute.
package struct TLSOptions: Sendable {
    /// A command of `SSL_CONF_cmd`, as OpenSSL's configuration files write it.
    package struct Command: Sendable, Equatable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// PEM chain and PEM key; several make an ECDSA and an RSA certificate stand side by side.
    package var certificates: [(certificate: String, key: String)]
    /// Passphrases of the keys, one in each line; nil: the keys have none.
    package var passPhrases: String?
    package var allowsTLS12: Bool
    package var allowsTLS13: Bool
    /// TLS 1.2 cipher list and TLS 1.3 suites, separated by colons, as OpenSSL names them; nil is OpenSSL's choice.
    package var ciphers: String?
    /// Whether the order of `ciphers` counts, and not the client's.
    package var prefersServerCiphers = false
    /// Groups of the key exchange, separated by colons, as OpenSSL names them; one with "?" in front is left out where
    /// OpenSSL does not know it. nil: `KeyExchange.defaultGroups`.
    package var groups: String?
    /// PEM file of Diffie-Hellman parameters; nil: there is no key exchange without elliptic curves.
    package var dhParameters: String?
    /// Carried out after all else, in this order.
    package var commands: [Command] = []
    /// The keys that seal session tickets, the same for all loops; nil turns tickets off.
    package var ticketKeys: TicketKeys?
    /// Where sessions are kept instead, while there are no tickets; nil: nowhere, and none is resumed.
    package var sessionCache: SessionCache?
    /// Seconds for which a session can be resumed.
    package var sessionTimeout = 86_400
    /// Files of OCSP responses about the certificates, in DER.
    package var staples: [String] = []
    /// PEM file with authorities of the certificates that are not in their chains.
    package var trusted: String?
    /// nil: no client certificate is asked for.
    package var clientVerification: ClientVerification?
    /// Servers that differ in it never resume each other's sessions, alike as they may be otherwise.
    package var contextID: Int
    /// What is spoken inside (RFC 7301), as ALPN names it, the best first.
    package var applicationProtocols = ["http/1.1"]
    /// Whether a client that offers only other protocols is refused; else it is served as one that offers none.
    package var requiresApplicationProtocol = true

    package init(
        certificates: [(certificate: String, key: String)], allowsTLS12: Bool = true, allowsTLS13: Bool = true,
        ciphers: String? = nil, ticketKeys: TicketKeys? = nil, clientVerification: ClientVerification? = nil,
        contextID: Int = 0
    ) {
        self.certificates = certificates
        self.allowsTLS12 = allowsTLS12
        self.allowsTLS13 = allowsTLS13
        self.ciphers = ciphers
        self.ticketKeys = ticketKeys
        self.clientVerification = clientVerification
        self.contextID = contextID
    }
}

import COpenSSL

/// What a server's TLS is made of. Paths are absolute.
package struct TLSOptions: Sendable {
    /// PEM chain and PEM key; several make an ECDSA and an RSA certificate stand side by side.
    package var certificates: [(certificate: String, key: String)]
    package var allowsTLS12: Bool
    package var allowsTLS13: Bool
    /// TLS 1.2 cipher list and TLS 1.3 suites, separated by colons, as OpenSSL names them; nil is OpenSSL's choice.
    package var ciphers: String?
    /// The keys that seal session tickets, the same for all loops; nil turns tickets off.
    package var ticketKeys: [UInt8]?
    /// nil: no client certificate is asked for.
    package var clientVerification: ClientVerification?
    /// Servers that differ in it never resume each other's sessions, alike as they may be otherwise.
    package var contextID: Int

    package init(
        certificates: [(certificate: String, key: String)], allowsTLS12: Bool, allowsTLS13: Bool, ciphers: String?,
        ticketKeys: [UInt8]?, clientVerification: ClientVerification? = nil, contextID: Int = 0
    ) {
        self.certificates = certificates
        self.allowsTLS12 = allowsTLS12
        self.allowsTLS13 = allowsTLS13
        self.ciphers = ciphers
        self.ticketKeys = ticketKeys
        self.clientVerification = clientVerification
        self.contextID = contextID
    }

    /// Fresh ticket keys: name, HMAC key and AES key.
    package static func makeTicketKeys() -> [UInt8] {
        var keys = [UInt8](repeating: 0, count: 80)
        return RAND_bytes(&keys, Int32(keys.count)) == 1 ? keys : []
    }
}

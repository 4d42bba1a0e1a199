extension ProxyHeader {
    /// What a version 2 header says beyond the addresses; each part that is nil or empty is left out.
    package struct Details: Sendable, Equatable {
        /// The protocol chosen by ALPN (§2.2.1).
        package var alpn: String?
        /// The server name the client asked for, SNI (§2.2.2).
        package var authority: String?
        /// The identifier of the connection (§2.2.5); more than 128 bytes of UTF-8 are left out.
        package var uniqueID: String?
        /// Nil: the client came without TLS.
        package var tls: TLS?

        /// Nothing but what is given.
        package init(alpn: String? = nil, authority: String? = nil, uniqueID: String? = nil, tls: TLS? = nil) {
            self.alpn = alpn
            self.authority = authority
            self.uniqueID = uniqueID
            self.tls = tls
        }
    }

    /// What the gateway knows of the client's TLS (§2.2.6).
    package struct TLS: Sendable, Equatable {
        /// The certificate of the client.
        package enum Certificate: Sendable, Equatable {
            /// None was presented.
            case none
            /// Presented on this connection.
            case presented(isVerified: Bool)
            /// Presented when the session began that this connection resumed.
            case resumed(isVerified: Bool)
        }

        /// As OpenSSL writes it: "TLSv1.3". More than 64 bytes are left out.
        package var version: String
        /// As OpenSSL writes it: "TLS_AES_256_GCM_SHA384". More than 64 bytes are left out.
        package var cipher: String
        /// The certificate of the client.
        package var certificate: Certificate
        /// The Common Name of the certificate. Some brokers take it for the user name, so it is given only when
        /// the operator asks for it; without a certificate it is left out.
        package var commonName: String?

        /// A client without a certificate, unless one is given.
        package init(
            version: String, cipher: String, certificate: Certificate = .none, commonName: String? = nil
        ) {
            self.version = version
            self.cipher = cipher
            self.certificate = certificate
            self.commonName = commonName
        }
    }
}

/// TLS of a server.
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
    /// `ssl_conf_command`.
    package struct Command: Sendable, Equatable {
        package var name: Written
        package var value: String
        package init(name: Written, value: String) {
            self.name = name
            self.value = value
        }
    }
    /// `ssl_session_cache shared:NAME:SIZE`; servers that name the same one share it.
    package struct SessionCache: Sendable, Equatable {
        package var name: Written
        /// In bytes.
        package var size: Int
        package init(name: Written, size: Int) {
            self.name = name
            self.size = size
        }
    }

    package var certificates: [Certificate] = []
    /// Absolute path of a file with the keys' passphrases; nil: the keys have none.
    package var passPhrases: Written?
    package var versions: [Version] = [.v1_2, .v1_3]
    /// TLS 1.2 cipher list, or TLS 1.3 suites, as OpenSSL names them.
    package var ciphers = Written(TLSSettings.defaultCiphers, at: .none)
    /// Whether the order of `ciphers` counts, and not the client's.
    package var prefersServerCiphers = false
    /// Groups of the key exchange as OpenSSL names them, or `auto`.
    package var groups = Written("auto", at: .none)
    /// Absolute path of a file with Diffie-Hellman parameters; nil: key exchange uses elliptic curves alone.
    package var dhParameters: Written?
    package var commands: [Command] = []
    package var sessionTickets = true
    /// Absolute paths of the keys of tickets; empty: the gateway makes its own, and changes them.
    package var ticketKeys: [Written] = []
    /// For how long a session can be resumed.
    package var sessionTimeout: Duration = .seconds(86_400)
    /// Where sessions are kept while tickets are off; nil: nowhere.
    package var sessionCache: SessionCache?
    /// Whether OCSP responses are sent.
    package var stapling = false
    /// Absolute paths of the responses, in DER.
    package var staplingFiles: [Written] = []
    /// nil: no client certificate is asked for.
    package var clientVerification: ClientVerificationSettings?
    /// Absolute path of a file with further authorities, whose names clients are not told.
    package var trusted: Written?

    package init() {}

    /// Mozilla's intermediate recommendation, version 5.7: no CBC, no exchange of keys without forward secrecy.
    package static let defaultCiphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
        + "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
}

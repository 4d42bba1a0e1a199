/// Which clients a location admits: addresses, then credentials.
package struct AccessSettings: Sendable, Equatable {
    package enum Satisfy: String, Sendable, CaseIterable { case any, all }

    /// `allow` and `deny`, in order: the first that matches decides; none: allowed.
    package var addressRules: [AddressRule] = []
    /// How many of the methods must allow.
    package var satisfy: Satisfy = .any
    /// Whether a client without any credentials is admitted.
    package var anonymous = false
    /// Time from the CONNECT to the decision.
    package var timeout: Duration = .seconds(5)
    package var certificate: CertificateAuthSettings?
    package var jwt: JWTSettings?
    package var passwordFile: PasswordFileSettings?
    package var http: AuthHTTPSettings?
    /// PEM file of the authorities for https of `auth_http` and `auth_jwt_jwks_url`; nil is the system's.
    package var trustedCertificate: String?

    package init() {}

    /// Whether no method is configured.
    package var isEmpty: Bool { certificate == nil && jwt == nil && passwordFile == nil && http == nil }
}

/// `allow` or `deny`.
package struct AddressRule: Sendable, Equatable {
    package var isAllowed: Bool
    package var network: Network

    package init(isAllowed: Bool, network: Network) {
        self.isAllowed = isAllowed
        self.network = network
    }
}

/// `auth_certificate`: which part of the client's certificate is its name.
package struct CertificateAuthSettings: Sendable, Equatable {
    package enum Field: String, Sendable, CaseIterable {
        case cn, dn
        case dns = "san:dns"
        case email = "san:email"
        case fingerprint
    }
    package var field: Field
    /// Whether the name becomes the MQTT user name.
    package var setsUsername: Bool

    package init(field: Field, setsUsername: Bool = false) {
        self.field = field
        self.setsUsername = setsUsername
    }
}

/// `auth_jwt_…`: JSON Web Tokens. Exactly one of `keyFile` and `jwksURL` is set.
package struct JWTSettings: Sendable, Equatable {
    package var keyFile: String?
    package var jwksURL: String?
    /// Where the token may be, in order of preference.
    package var places: [TokenPlace] = [.password]
    package var requirements: [JWTRequirement] = []
    package var leeway: Duration = .zero
    /// Between regular fetches of `jwksURL`.
    package var refresh: Duration = .seconds(300)

    package init() {}
}

package enum TokenPlace: Sendable, Hashable {
    case username, password
    /// Of the upgrade request. The name of a field is lower case.
    case query(String), cookie(String), header(String)
    /// One more name in `Sec-WebSocket-Protocol`.
    case subprotocol
}

/// One argument of `auth_jwt_require`.
package struct JWTRequirement: Sendable, Equatable {
    package var claim: String
    /// nil: the claim must be there.
    package var value: Template?

    package init(claim: String, value: Template? = nil) {
        self.claim = claim
        self.value = value
    }
}

package struct PasswordFileSettings: Sendable, Hashable {
    package var path: String
    /// How long a correct password is remembered; zero: not at all.
    package var cache: Duration

    package init(path: String, cache: Duration = .seconds(60)) {
        self.path = path
        self.cache = cache
    }
}

/// `auth_http`: a service that is asked.
package struct AuthHTTPSettings: Sendable, Hashable {
    /// What happens when the service does not answer, or gives an invalid answer.
    package enum OnFailure: String, Sendable, CaseIterable { case refuse, allow, ignore }

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var url: String
    package var timeout: Duration = .seconds(2)
    /// Maximum number of concurrent requests.
    package var connections = 64
    /// Maximum number of requests that wait.
    package var queue = 1024
    /// How long an answer that allows is remembered; zero: not at all.
    package var cache: Duration = .zero
    package var onFailure: OnFailure = .refuse
    /// Fields of the upgrade request that are passed on to the service, lower case.
    package var forwardedHeaders: [String] = []
    /// Fields that are sent to the service.
    package var headers: [Header] = []

    package init(url: String) { self.url = url }
}

/// One `mqtt_set_connect`.
package struct ConnectChange: Sendable, Equatable {
    package enum Field: Sendable, Hashable {
        case clientID, username, password
        case userProperty(String)
    }
    package var field: Field
    /// If the result is empty, the field is removed.
    package var value: Template

    package init(field: Field, value: Template) {
        self.field = field
        self.value = value
    }
}

/// `ssl_verify_client` and what belongs to it.
package struct ClientVerificationSettings: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable { case optional, required }

    /// PEM file of the authorities whose names clients are told; nil: those of `ssl_trusted_certificate` alone count.
    package var authorities: Written?
    package var mode: Mode
    /// How many authorities are allowed between the certificate and one of `authorities`.
    package var depth: Int
    /// PEM file of the revocation lists.
    package var revocationLists: Written?

    package init(authorities: Written?, mode: Mode, depth: Int = 1, revocationLists: Written? = nil) {
        self.authorities = authorities
        self.mode = mode
        self.depth = depth
        self.revocationLists = revocationLists
    }
}

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). The raw value is its name in `alg`. `none` is not one.
enum SignatureAlgorithm: String, Sendable, CaseIterable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case eddsa = "EdDSA"

    /// Names are compared exactly (RFC 7515 §4.1.1). `Ed25519` is the name of RFC 9864 §2.2 for what is EdDSA here.
    init?(name: String) {
        self.init(rawValue: name == "Ed25519" ? Self.eddsa.rawValue : name)
    }

    /// How many keys are tried for one token that does not name its key. All of it happens on an event loop, and a
    /// signature costs some 50 µs, but 0.3 ms with P-384 and 0.8 ms with P-521.
    var mostTried: Int {
        switch self {
        case .es384: 8
        case .es512: 4
        default: JWTKeySet.mostTried
        }
    }
}

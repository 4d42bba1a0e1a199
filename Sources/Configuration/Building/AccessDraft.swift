/// What a block says about access control, and what the broker is told. Inner blocks inherit it as part of `Scope`.
struct AccessDraft: Sendable {
    /// A list that the first directive of an inner block replaces.
    struct Inherited<Element: Sendable>: Sendable {
        private(set) var elements: [Element] = []
        private var context: Contexts?

        mutating func append(_ element: Element, in context: Contexts) {
            if self.context != context { elements = [] }
            self.context = context
            elements.append(element)
        }

        mutating func clear(in context: Contexts) {
            elements = []
            self.context = context
        }

        func isOf(_ context: Contexts) -> Bool { self.context == context }
    }

    var addressRules = Inherited<AddressRule>()
    var satisfy = AccessSettings.Satisfy.any
    var anonymous = false
    var timeout = AccessSettings().timeout
    var trustedCertificate: String?

    var certificate: (settings: CertificateAuthSettings, position: Position)?
    var passwordFile: String?
    var passwordCache = PasswordFileSettings(path: "").cache

    var keyFile: (path: String, context: Contexts, position: Position)?
    var jwksURL: (url: String, context: Contexts, position: Position)?
    /// Its keys and requirements stay empty here.
    var jwt = JWTSettings()
    var requirements = Inherited<JWTRequirement>()
    /// The last `auth_jwt_token` or `auth_jwt_require`, and the kind of block that says it.
    var tokenRule: (word: Word, context: Contexts)?

    var httpURL: String?
    /// Its URL and headers stay empty here.
    var http = AuthHTTPSettings(url: "")
    var httpHeaders = Inherited<AuthHTTPSettings.Header>()

    var setConnect = Inherited<ConnectChange>()
    var assignsClientID = false
}

/// `ssl_verify_client` and its companions.
struct ClientVerificationDraft: Sendable {
    enum Verify: String, Sendable, CaseIterable { case off, on, optional }

    var verify = Verify.off
    /// Of `ssl_verify_client`.
    var position: Position?
    var authorities: Written?
    var depth = 1
    var revocationLists: Written?

    /// nil: clients are not asked for a certificate.
    /// `isTrusting`: there is an `ssl_trusted_certificate`.
    func settings(isTrusting: Bool) throws(ConfigurationError) -> ClientVerificationSettings? {
        guard verify != .off, let position else { return nil }
        guard authorities != nil || isTrusting else {
            throw ConfigurationError(
                at: position, "\"ssl_verify_client \(verify.rawValue)\" needs an \"ssl_client_certificate\"",
                hint: "give it the PEM file of the authorities that clients' certificates are verified with")
        }
        return ClientVerificationSettings(
            authorities: authorities, mode: verify == .on ? .required : .optional, depth: depth,
            revocationLists: revocationLists)
    }
}

extension AccessDraft {
    /// What a location makes of it.
    func settings(isMQTT: Bool) throws(ConfigurationError) -> AccessSettings {
        var access = AccessSettings()
        access.addressRules = addressRules.elements
        guard isMQTT else { return access }  // files know addresses alone
        access.satisfy = satisfy
        access.anonymous = anonymous
        access.timeout = timeout
        access.trustedCertificate = trustedCertificate
        access.certificate = certificate?.settings
        access.passwordFile = passwordFile.map { PasswordFileSettings(path: $0, cache: passwordCache) }
        access.jwt = try tokens()
        if let httpURL {
            var http = self.http
            http.url = httpURL
            http.headers = httpHeaders.elements
            access.http = http
        }
        return access
    }

    private func tokens() throws(ConfigurationError) -> JWTSettings? {
        guard keyFile != nil || jwksURL != nil else {
            if let rule = tokenRule, rule.context == .location {
                throw ConfigurationError(
                    at: rule.word.position, "\(quoted(rule.word.text)) needs keys to verify tokens with",
                    hint: "add \"auth_jwt_key_file\" or \"auth_jwt_jwks_url\"")
            }
            return nil
        }
        var jwt = self.jwt
        jwt.keyFile = keyFile?.path
        jwt.jwksURL = jwksURL?.url
        jwt.requirements = requirements.elements
        return jwt
    }
}

// Access control.

extension Writer {
    mutating func addressRules(_ rules: [AddressRule]) {
        for rule in rules { line(rule.isAllowed ? "allow" : "deny", rule.network.description) }
    }

    mutating func access(_ access: AccessSettings) {
        line("satisfy", access.satisfy.rawValue)
        line("auth_anonymous", access.anonymous ? "on" : "off")
        line("auth_timeout", Value.text(of: access.timeout))
        if let path = access.trustedCertificate { line("auth_trusted_certificate", path) }
        if let certificate = access.certificate {
            line("auth_certificate", [certificate.field.rawValue] + (certificate.setsUsername ? ["as_username"] : []))
        }
        if let file = access.passwordFile {
            line("auth_password_file", file.path)
            line("auth_password_cache", Value.text(of: file.cache))
        }
        if let jwt = access.jwt { tokens(jwt) }
        if let http = access.http { service(http) }
    }

    private mutating func tokens(_ jwt: JWTSettings) {
        if let path = jwt.keyFile { line("auth_jwt_key_file", path) }
        if let url = jwt.jwksURL { line("auth_jwt_jwks_url", url) }
        line("auth_jwt_jwks_refresh", Value.text(of: jwt.refresh))
        line("auth_jwt_token", jwt.places.map(\.source))
        for requirement in jwt.requirements {
            line("auth_jwt_require", requirement.claim + (requirement.value.map { "=\($0.source)" } ?? ""))
        }
        line("auth_jwt_leeway", Value.text(of: jwt.leeway))
    }

    private mutating func service(_ http: AuthHTTPSettings) {
        line("auth_http", http.url)
        line("auth_http_timeout", Value.text(of: http.timeout))
        line("auth_http_connections", "\(http.connections)")
        line("auth_http_queue", "\(http.queue)")
        line("auth_http_cache", Value.text(of: http.cache))
        line("auth_http_on_failure", http.onFailure.rawValue)
        line("auth_http_headers", http.forwardedHeaders.isEmpty ? ["off"] : http.forwardedHeaders)
        for header in http.headers { line("auth_http_set_header", header.name, header.value) }
    }

    mutating func admin(_ admin: AdminSettings) {
        line("auth_basic", admin.realm ?? "off")
        if let file = admin.passwordFile {
            line("auth_basic_user_file", file.path)
            line("auth_password_cache", Value.text(of: file.cache))
        }
        if let path = admin.tokenFile { line("api_token_file", path) }
    }

    mutating func clientVerification(_ verification: ClientVerificationSettings?) {
        guard let verification else { return line("ssl_verify_client", "off") }
        if let authorities = verification.authorities { line("ssl_client_certificate", authorities.text) }
        line("ssl_verify_client", verification.mode == .required ? "on" : "optional")
        line("ssl_verify_depth", "\(verification.depth)")
        if let lists = verification.revocationLists { line("ssl_crl", lists.text) }
    }
}

import Configuration
import TLS

extension TLSSettings {
    /// Everything but what belongs to the place of the server: what is spoken, and its identity.
    func options(_ resumption: Resumption) throws(TLSError) -> TLSOptions {
        var options = TLSOptions(certificates: certificates.map { ($0.certificate.text, $0.key.text) })
        options.passPhrases = passPhrases?.text
        options.allowsTLS12 = versions.contains(.v1_2)
        options.allowsTLS13 = versions.contains(.v1_3)
        options.ciphers = ciphers.text
        options.prefersServerCiphers = prefersServerCiphers
        options.groups = groups.text == "auto" ? nil : groups.text
        options.dhParameters = dhParameters?.text
        options.commands = commands.map { .init(name: $0.name.text, value: $0.value) }
        options.sessionTimeout = Resumption.seconds(sessionTimeout)
        if sessionTickets {
            options.ticketKeys =
                ticketKeys.isEmpty ? resumption.ticketKeys : try TicketKeys(files: ticketKeys.map(\.text))
        } else {
            options.sessionCache = sessionCache.map(resumption.cache)
        }
        if stapling { options.staples = staplingFiles.map(\.text) }
        options.trusted = trusted?.text
        if let clientVerification {
            options.clientVerification = ClientVerification(
                authorities: clientVerification.authorities?.text, trusted: trusted?.text,
                mode: clientVerification.mode == .required ? .required : .optional,
                depth: clientVerification.depth, revocationLists: clientVerification.revocationLists?.text)
        }
        return options
    }

    /// `error` at the place of the directive that it is about.
    func fault(_ error: TLSError) -> StartError {
        let (directive, place): (String, Position?) =
            switch error.subject {
            case .certificate(let index): ("ssl_certificate", certificates[index].certificate.position)
            case .key(let index): ("ssl_certificate_key", certificates[index].key.position)
            case .passPhrases: ("ssl_password_file", passPhrases?.position)
            case .ciphers: ("ssl_ciphers", ciphers.position)
            case .groups: ("ssl_ecdh_curve", groups.position)
            case .dhParameters: ("ssl_dhparam", dhParameters?.position)
            case .command(let index): ("ssl_conf_command", commands[index].name.position)
            case .ticketKey(let index): ("ssl_session_ticket_key", ticketKeys[index].position)
            case .stapling(let index): ("ssl_stapling_file", staplingFiles[index].position)
            case .authorities: ("ssl_client_certificate", clientVerification?.authorities?.position)
            case .trusted: ("ssl_trusted_certificate", trusted?.position)
            case .revocationLists: ("ssl_crl", clientVerification?.revocationLists?.position)
            case nil: ("", nil)
            }
        guard let place else { return StartError(error.description) }
        return StartError(
            ConfigurationError(at: place, "\"\(directive)\" \(error.message)", hint: error.hint).description)
    }
}

import COpenSSL

/// `ssl_conf_command`: what OpenSSL can be told and has no directive of its own (SSL_CONF_cmd(3)).
enum ConfigurationCommands {
    /// Carries them out in their order. Returns the groups of the key exchange if one has set them.
    static func run(_ commands: [TLSOptions.Command], on handle: OpaquePointer) throws(TLSError) -> String? {
        guard !commands.isEmpty else { return nil }
        guard let context = SSL_CONF_CTX_new() else { throw TLSError("OpenSSL: \(ErrorQueue.take().reason)") }
        defer { SSL_CONF_CTX_free(context) }
        let flags = SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CERTIFICATE | SSL_CONF_FLAG_SHOW_ERRORS
        SSL_CONF_CTX_set_flags(context, UInt32(flags))
        SSL_CONF_CTX_set_ssl_ctx(context, handle)
        var groups: String?
        for (index, command) in commands.enumerated() {
            try run(command, index, context)
            if ["groups", "curves"].contains(command.name.lowercased()) { groups = command.value }
        }
        guard SSL_CONF_CTX_finish(context) == 1 else {
            throw TLSError("cannot be used: \(ErrorQueue.take().reason)").about(.command(commands.count - 1))
        }
        return groups
    }

    private static func run(
        _ command: TLSOptions.Command, _ index: Int, _ context: OpaquePointer
    ) throws(TLSError) {
        let (name, value) = (command.name, command.value)
        if let directive = directives[name.lowercased()] {
            throw TLSError("does not take \(name)", hint: "write \(directive) instead").about(.command(index))
        }
        ERR_clear_error()
        let result = SSL_CONF_cmd(context, name, value)
        guard result <= 0 else { return }
        let reason = ErrorQueue.take()
        let error =
            result == -2
            ? TLSError(
                "names a command that OpenSSL does not have: \"\(name)\"",
                hint: "there are Ciphersuites, Groups, MinProtocol, MaxProtocol, Options, SignatureAlgorithms "
                    + "and those in the manual of SSL_CONF_cmd")
            : TLSError(
                "\(name) cannot be \"\(value)\"" + (reason.code == 0 ? "" : ": \(reason.reason)"),
                hint: "the manual of SSL_CONF_cmd says what it takes")
        throw error.about(.command(index))
    }

    /// Commands that name files, or decide which clients are let in: those have directives, which sessions and reloads
    /// know of.
    private static let directives = [
        "certificate": "ssl_certificate", "privatekey": "ssl_certificate_key", "chaincafile": "ssl_certificate",
        "chaincapath": "ssl_certificate", "dhparameters": "ssl_dhparam",
        "verifymode": "ssl_verify_client", "verifycafile": "ssl_trusted_certificate",
        "verifycapath": "ssl_trusted_certificate", "verifycastore": "ssl_trusted_certificate",
        "chaincastore": "ssl_certificate", "clientcafile": "ssl_client_certificate",
        "clientcapath": "ssl_client_certificate", "clientcastore": "ssl_client_certificate",
        "requestcafile": "ssl_client_certificate", "requestcapath": "ssl_client_certificate",
        "requestcastore": "ssl_client_certificate",
    ]
}

/// In words for the operator: what is wrong with a file, and the command that mends it.
extension CredentialFile {
    /// What the file was named for.
    enum Use {
        case certificate, key, authorities, revocationLists

        var part: Part {
            switch self {
            case .certificate, .authorities: .certificate
            case .key: .key
            case .revocationLists: .revocationList
            }
        }
    }

    /// What is wrong with the file at `path`, which OpenSSL has refused for `reason`. `counterpart` is the file of the key
    /// to a certificate, or the other way round.
    static func fault(_ path: String, for use: Use, reason: String, counterpart: String? = nil) -> TLSError {
        do throws(TLSError) {
            let file = try CredentialFile(path: path)
            let other = counterpart.flatMap { path in try? CredentialFile(path: path) }
            let (message, hint) = file.words(use, reason: reason, counterpart: other)
            return TLSError("\(path) \(message)", hint: hint)
        } catch {
            return error
        }
    }

    /// What is wrong with the file of a key, of which `phrases` passphrases have been tried.
    static func keyFault(_ path: String, reason: String, certificate: String, phrases: Int) -> TLSError {
        guard phrases > 0, let file = try? CredentialFile(path: path), file.holds(.encryptedKey) else {
            return fault(path, for: .key, reason: reason, counterpart: certificate)
        }
        return TLSError(
            "\(path) cannot be read with \(phrases == 1 ? "the passphrase" : "any of the \(phrases) passphrases") "
                + "of \"ssl_password_file\"",
            hint: "this asks for the right one: openssl pkey -noout -in \(Shell.quoted(path))")
    }

    /// A key and a certificate that are both in order, and do not belong together; `index` is that of the pair.
    static func mismatch(certificate: String, key: String, index: Int) -> TLSError {
        let (shownCertificate, shownKey) = (Shell.quoted(certificate), Shell.quoted(key))
        if let chain = try? CredentialFile(path: certificate), let owner = try? CredentialFile(path: key) {
            if let place = chain.place(of: owner), place.number > 1 {
                return chain.order(place).about(.certificate(index))
            }
        }
        return TLSError(
            "\(key) does not belong to the certificate \(certificate)",
            hint: "for a matching pair these print the same: openssl x509 -noout -pubkey -in \(shownCertificate) and "
                + "openssl pkey -pubout -in \(shownKey)"
        ).about(.key(index))
    }

    private func order(_ place: (number: Int, count: Int)) -> TLSError {
        let message =
            "\(path) is in the wrong order: the server's own certificate is number \(place.number) of \(place.count), "
            + "and must come first, before the one that signed it"
        guard place.number == place.count else {
            return TLSError(message, hint: "move it to the beginning of the file")
        }
        let reverse = "awk '/-BEGIN/ {n++} {c[n] = c[n] $0 \"\\n\"} END {for (i = n; i > 0; i--) printf \"%s\", c[i]}'"
        return TLSError(message, hint: "reverse it: \(reverse) \(Shell.quoted(path)) > \(output(".pem"))")
    }

    // MARK: Words

    private func words(_ use: Use, reason: String, counterpart: CredentialFile?) -> (String, String?) {
        let shown = Shell.quoted(path)
        switch form {
        case .empty: return ("is empty", "it must contain \(Self.pem(use))")
        case .utf16(let name):
            return (
                "is in UTF-16, as some editors for Windows save text",
                "write it in plain text: iconv -f \(name) -t UTF-8 \(shown) > \(output(use.ending))"
            )
        case .pkcs12:
            return (
                "is PKCS#12, not PEM", "extract what is needed: \(Self.fromPKCS12(shown, use, output(use.ending)))"
            )
        case .javaKeystore:
            let middle = output(".p12")
            return (
                "is a Java keystore, not PEM",
                "in two steps: keytool -importkeystore -srckeystore \(shown) -destkeystore \(middle) -deststoretype pkcs12, "
                    + "then \(Self.fromPKCS12(middle, use, output(use.ending)))"
            )
        case .unknown:
            return ("contains no \(use.part.name): it is neither PEM nor DER", "it must contain \(Self.pem(use))")
        case .pem(let parts): return words(use, parts, isDER: false, reason, counterpart)
        case .der(let part): return words(use, [part], isDER: true, reason, counterpart)
        }
    }

    private func words(
        _ use: Use, _ parts: [Part], isDER: Bool, _ reason: String, _ counterpart: CredentialFile?
    ) -> (String, String?) {
        if use == .key, parts.contains(.encryptedKey) {
            return (
                "has a passphrase, which nobody can enter when the gateway starts",
                "name a file that has it in \"ssl_password_file\", or remove it: \(command(for: .encryptedKey, isDER, use))"
            )
        }
        if parts.contains(use.part) {
            if isDER { return ("is DER, not PEM", "write it as PEM: \(command(for: use.part, true, use))") }
            return ("cannot be used: \(reason)", "every block must be complete, from its BEGIN line to its END line")
        }
        let found = listed(Part.allCases.filter(parts.contains).map(\.withArticle))
        let message = "contains \(found), but no \(use.part.name)"
        if let counterpart, counterpart.holds(use.part),
            holds(use == .key ? .certificate : .key) || holds(.encryptedKey)
        {
            return (message, "certificate and key are swapped: each is named in the other's directive")
        }
        if use == .certificate || use == .authorities, parts.contains(.bundle) {
            return (message, "extract it: \(command(for: .bundle, isDER, use))")
        }
        if use == .key, parts.contains(.keyOfSSH) {
            return (message, "on a copy of it: ssh-keygen -p -m PKCS8 -f COPY")
        }
        if use == .certificate, parts.contains(.request) {
            return (message, "use the certificate that the authority issued for the request")
        }
        return (message, "it must contain \(Self.pem(use))")
    }

    private func command(for part: Part, _ isDER: Bool, _ use: Use) -> String {
        let tool =
            switch part {
            case .certificate: "x509"
            case .revocationList: "crl"
            case .bundle: "pkcs7 -print_certs"
            default: "pkey"
            }
        return "openssl \(tool)\(isDER ? " -inform der" : "") -in \(Shell.quoted(path)) -out \(output(use.ending))"
    }

    private static func fromPKCS12(_ input: String, _ use: Use, _ output: String) -> String {
        "openssl pkcs12 -in \(input) -nodes \(use == .key ? "-nocerts" : "-nokeys") -out \(output), "
            + "with -legacy too if that is not supported"
    }

    private static func pem(_ use: Use) -> String {
        switch use {
        case .certificate: "the certificate and its chain, each from -----BEGIN CERTIFICATE----- on"
        case .key: "the key, from -----BEGIN PRIVATE KEY----- on"
        case .authorities: "the authorities' certificates, each from -----BEGIN CERTIFICATE----- on"
        case .revocationLists: "a revocation list of each authority, each from -----BEGIN X509 CRL----- on"
        }
    }

    /// A file beside this one, for a shell: "server.pfx" gives "server.key".
    private func output(_ ending: String) -> String {
        let folder = path.utf8.lastIndex(of: 0x2F).map { path[...$0] } ?? ""
        let name = path.dropFirst(folder.count)
        let stem = name.utf8.lastIndex(of: 0x2E).map { name[..<$0] } ?? name
        let result = "\(folder)\(stem)\(ending)"
        return Shell.quoted(result == path ? "\(folder)\(stem)-new\(ending)" : result)
    }
}

extension CredentialFile.Use {
    /// What such a file's name ends in.
    fileprivate var ending: String {
        switch self {
        case .certificate, .authorities: ".pem"
        case .key: ".key"
        case .revocationLists: ".crl"
        }
    }
}

extension CredentialFile.Part {
    fileprivate var name: String {
        switch self {
        case .certificate: "certificate"
        case .key: "key"
        case .encryptedKey: "key with a passphrase"
        case .revocationList: "revocation list"
        case .request: "request for a certificate"
        case .publicKey: "public key"
        case .keyOfSSH: "key in SSH's own format"
        case .bundle: "PKCS#7 bundle"
        }
    }

    fileprivate var withArticle: String { "a \(name)" }
}

/// `a`, `a and b`, `a, b and c`.
private func listed(_ names: [String]) -> String {
    let others = names.dropLast()
    return others.isEmpty ? names.last ?? "" : "\(others.joined(separator: ", ")) and \(names.last ?? "")"
}

enum Shell {
    /// `word` as a shell reads it back.
    static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "/._+-=@%:,".utf8.contains(byte)
            }
        }
        if isPlain, !word.isEmpty { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

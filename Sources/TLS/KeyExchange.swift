import COpenSSL

/// Groups and parameters of the key exchange (RFC 8446 §4.2.7, RFC 7919).
enum KeyExchange {
    /// As Mozilla recommends. The hybrid of X25519 and ML-KEM-768, which browsers prefer, came with OpenSSL 3.5.
    static let defaultGroups = "?X25519MLKEM768:X25519:P-256:P-384"

    /// Sets the groups of a context, and returns those that OpenSSL knows of them.
    static func setGroups(_ text: String?, on handle: OpaquePointer) throws(TLSError) -> String {
        var known: [Substring] = []
        for name in (text ?? defaultGroups).split(separator: ":", omittingEmptySubsequences: false) {
            let isOptional = name.hasPrefix("?")
            let bare = isOptional ? name.dropFirst() : name
            guard setGroups(bare, on: handle) else {
                if isOptional { continue }
                throw TLSError(
                    "names a group that this OpenSSL (\(Library.version)) does not know: \"\(bare)\"",
                    hint: "write ?\(bare) to use it only where it is known"
                ).about(.groups)
            }
            known.append(bare)
        }
        let list = known.joined(separator: ":")
        guard setGroups(list[...], on: handle) else {
            throw TLSError("names no group that this OpenSSL (\(Library.version)) knows").about(.groups)
        }
        return list
    }

    /// False, and nothing in the error queue: a name is unknown.
    private static func setGroups(_ list: Substring, on handle: OpaquePointer) -> Bool {
        defer { ERR_clear_error() }
        var text = Array(String(list).utf8CString)
        return !list.isEmpty && SSL_CTX_ctrl(handle, SSL_CTRL_SET_GROUPS_LIST, 0, &text) == 1
    }

    /// For one connection: `list` is what `setGroups` has returned.
    static func setGroups(_ list: String, ofConnection ssl: OpaquePointer) -> Bool {
        var text = Array(list.utf8CString)
        return SSL_ctrl(ssl, SSL_CTRL_SET_GROUPS_LIST, 0, &text) == 1
    }

    /// Reads a PEM file of Diffie-Hellman parameters.
    static func setParameters(_ path: String, on handle: OpaquePointer) throws(TLSError) {
        ERR_clear_error()
        guard let file = BIO_new_file(path, "r") else {
            throw TLSError("\(path): \(ErrorQueue.take().reason)").about(.dhParameters)
        }
        defer { BIO_free(file) }
        let hint = "make a file: openssl dhparam -out \(Shell.quoted(path)) 2048"
        guard let parameters = PEM_read_bio_Parameters(file, nil), EVP_PKEY_is_a(parameters, "DH") == 1 else {
            ERR_clear_error()
            throw TLSError("\(path) contains no DH parameters", hint: hint).about(.dhParameters)
        }
        // Takes the parameters, unless it fails.
        guard SSL_CTX_set0_tmp_dh_pkey(handle, parameters) == 1 else {
            EVP_PKEY_free(parameters)
            throw TLSError("\(path) cannot be used: \(ErrorQueue.take().reason)", hint: hint).about(.dhParameters)
        }
    }

    /// What a connection has agreed on, named as nginx names it: "X25519", "prime256v1", "X25519MLKEM768". Empty: there
    /// was no exchange over a group, as with RFC 7919's in TLS 1.2.
    static func group(of ssl: OpaquePointer) -> String {
        let id = Int32(truncatingIfNeeded: SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, nil))
        guard id != NID_undef else { return "" }
        if id & COpenSSLShims_NID_UNKNOWN == 0, let name = OBJ_nid2sn(id) { return String(cString: name) }
        return SSL_group_to_name(ssl, id).map { String(cString: $0) } ?? ""
    }
}

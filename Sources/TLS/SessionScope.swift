import COpenSSL

/// Which servers may resume each other's sessions: those whose session id context is the same. All servers and loops
/// seal their tickets with the same keys, so that nothing else keeps a session of a server that asks for no
/// certificate, or that trusts other authorities, from being resumed where one is required (RFC 8446 §4.6.1,
/// CVE-2025-23419).
enum SessionScope {
    /// Sets the session id context: a digest of what decides which clients are admitted. The authorities and lists that the context has
    /// loaded count, and not the names of their files: with a new list no older session is resumed.
    static func set(on handle: OpaquePointer, _ options: TLSOptions) throws(TLSError) {
        var facts: [UInt8] = []
        add("\(options.contextID)", to: &facts)
        for pair in options.certificates { add(pair.certificate, to: &facts) }
        if let verification = options.clientVerification {
            add("verify \(verification.mode) \(verification.depth)", to: &facts)
            if verification.revocationLists != nil { add("revocation", to: &facts) }
            for digest in try trusted(handle) { facts += digest }
        }
        let scope = Digest.sha256(facts)
        guard SSL_CTX_set_session_id_context(handle, scope, UInt32(scope.count)) == 1 else {
            throw TLSError("OpenSSL: \(ErrorQueue.take().reason)")
        }
    }

    /// With its length in front: two texts never look like two others.
    private static func add(_ text: String, to facts: inout [UInt8]) {
        withUnsafeBytes(of: text.utf8.count) { facts += $0 }
        facts += text.utf8
    }

    /// The digests of all authorities and lists of a context, in an order of their own: OpenSSL's may change.
    private static func trusted(_ handle: OpaquePointer) throws(TLSError) -> [[UInt8]] {
        let objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(handle))
        var digests: [[UInt8]] = []
        for index in 0..<max(OPENSSL_sk_num(objects), 0) {
            let object = OPENSSL_sk_value(objects, index).map { OpaquePointer($0) }
            var digest = [UInt8](repeating: 0, count: 32)
            let isDone =
                if let certificate = X509_OBJECT_get0_X509(object) {
                    X509_digest(certificate, EVP_sha256(), &digest, nil) == 1
                } else if let list = X509_OBJECT_get0_X509_CRL(object) {
                    X509_CRL_digest(list, EVP_sha256(), &digest, nil) == 1
                } else {
                    false
                }
            guard isDone else { throw TLSError("OpenSSL: \(ErrorQueue.take().reason)") }
            digests.append(digest)
        }
        return digests.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

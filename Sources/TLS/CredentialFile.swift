import COpenSSL

/// A file that was to hold certificates, a key or revocation lists in PEM form, and that OpenSSL has refused: what it holds
/// instead. What that means to the operator is in `CredentialFile+Fault`.
struct CredentialFile {
    /// What can be in a file.
    enum Part: CaseIterable {
        case certificate, key, encryptedKey, revocationList, request, publicKey, keyOfSSH, bundle
    }

    /// How it is written.
    enum Form: Equatable {
        case empty
        /// Text in two bytes a character; the name is iconv's.
        case utf16(String)
        case pem([Part])
        case der(Part)
        case pkcs12
        case javaKeystore
        case unknown
    }

    let path: String
    let bytes: [UInt8]

    /// Larger files are no credentials.
    private static let limit = 1 << 20

    /// Fails with the reason when the file cannot be read.
    init(path: String) throws(TLSError) {
        let content = try Self.read(path)
        self.path = path
        // OpenSSL reads past the mark of UTF-8, so it is never what is wrong.
        bytes = Array(content.starts(with: [0xEF, 0xBB, 0xBF]) ? content.dropFirst(3) : content[...])
    }

    /// The first bytes of a file, as they are.
    static func read(_ path: String) throws(TLSError) -> [UInt8] {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let file = BIO_new_file(path, "rb") else { throw TLSError("\(path): \(ErrorQueue.take().reason)") }
        defer { BIO_free(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = BIO_read(file, &bytes, Int32(bytes.count))
        guard count >= 0 || ERR_peek_error() == 0 else { throw TLSError("\(path): \(ErrorQueue.take().reason)") }
        return Array(bytes.prefix(Int(max(count, 0))))
    }

    var form: Form {
        if bytes.allSatisfy({ [0x09, 0x0A, 0x0D, 0x20].contains($0) }) { return .empty }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return .utf16("UTF-16") }
        if bytes.starts(with: [0x2D, 0, 0x2D, 0]) { return .utf16("UTF-16LE") }
        if bytes.starts(with: [0, 0x2D, 0, 0x2D]) { return .utf16("UTF-16BE") }
        if bytes.starts(with: [0xFE, 0xED, 0xFE, 0xED]) { return .javaKeystore }
        if bytes.first == 0x30 { return binary ?? .unknown }  // a SEQUENCE, X.690 §8.9
        let parts = labels
        return parts.isEmpty ? .unknown : .pem(parts)
    }

    /// Whether there is a part of this kind, in a form that can be looked into.
    func holds(_ part: Part) -> Bool {
        switch form {
        case .pem(let parts): parts.contains(part)
        case .der(let only): only == part
        default: false
        }
    }

    // MARK: PEM (RFC 7468)

    private var labels: [Part] {
        let begin = Array("-----BEGIN ".utf8)
        var parts: [Part] = []
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            // RFC 1421 §4.6.1.1: the older form of a key with a passphrase.
            if line.starts(with: "Proc-Type: 4,ENCRYPTED".utf8), let last = parts.indices.last, parts[last] == .key {
                parts[last] = .encryptedKey
            }
            guard line.starts(with: begin) else { continue }
            let label = String(decoding: line.dropFirst(begin.count).prefix { $0 != 0x2D }, as: UTF8.self)
            if let part = Self.part(label) { parts.append(part) }
        }
        return parts
    }

    private static func part(_ label: String) -> Part? {
        switch label {
        case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE": .certificate
        case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY": .key
        case "ENCRYPTED PRIVATE KEY": .encryptedKey
        case "X509 CRL": .revocationList
        case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST": .request
        case "PUBLIC KEY", "RSA PUBLIC KEY": .publicKey
        case "OPENSSH PRIVATE KEY": .keyOfSSH
        case "PKCS7": .bundle
        default: nil
        }
    }

    // MARK: DER

    private var binary: Form? {
        defer { ERR_clear_error() }
        let readers: [(Form, (inout UnsafePointer<UInt8>?, Int) -> Bool)] = [
            (.pkcs12, { d2i_PKCS12(nil, &$0, $1).map(PKCS12_free) != nil }),
            (.der(.certificate), { d2i_X509(nil, &$0, $1).map(X509_free) != nil }),
            (.der(.revocationList), { d2i_X509_CRL(nil, &$0, $1).map(X509_CRL_free) != nil }),
            (.der(.request), { d2i_X509_REQ(nil, &$0, $1).map(X509_REQ_free) != nil }),
            (.der(.encryptedKey), { d2i_X509_SIG(nil, &$0, $1).map(X509_SIG_free) != nil }),
            (.der(.key), { d2i_AutoPrivateKey(nil, &$0, $1).map(EVP_PKEY_free) != nil }),
            (.der(.bundle), { d2i_PKCS7(nil, &$0, $1).map(PKCS7_free) != nil }),
            (.der(.publicKey), { d2i_PUBKEY(nil, &$0, $1).map(EVP_PKEY_free) != nil }),
        ]
        return readers.first { _, reads in
            bytes.withUnsafeBufferPointer { buffer in
                var start = buffer.baseAddress
                return reads(&start, buffer.count)
            }
        }?.0
    }
}

extension CredentialFile {
    /// The number, from 1, of the certificate of a PEM chain that this PEM key belongs to, and how many there are.
    func place(of key: CredentialFile) -> (number: Int, count: Int)? {
        defer { ERR_clear_error() }
        guard let input = BIO_new_mem_buf(bytes, Int32(clamping: bytes.count)) else { return nil }
        defer { BIO_free(input) }
        guard let keyInput = BIO_new_mem_buf(key.bytes, Int32(clamping: key.bytes.count)) else { return nil }
        defer { BIO_free(keyInput) }
        guard let owner = PEM_read_bio_PrivateKey(keyInput, nil, { _, _, _, _ in 0 }, nil) else { return nil }
        defer { EVP_PKEY_free(owner) }
        var found: Int?
        var count = 0
        while let certificate = PEM_read_bio_X509(input, nil, { _, _, _, _ in 0 }, nil) {
            count += 1
            if found == nil, X509_check_private_key(certificate, owner) == 1 { found = count }
            X509_free(certificate)
        }
        return found.map { ($0, count) }
    }
}

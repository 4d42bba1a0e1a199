import COpenSSL

/// `ssl_password_file`: passphrases of keys, one in each line, which are tried in turn.
struct PassPhrases: ~Copyable {
    private var lines: [[UInt8]]

    /// Reads the file at `path`; nil: there is none, and keys have no passphrase.
    init(_ path: String?) throws(TLSError) {
        lines = []
        guard let path else { return }
        var bytes: [UInt8]
        do throws(TLSError) { bytes = try CredentialFile(path: path).bytes } catch { throw error.about(.passPhrases) }
        lines = bytes.split(separator: 0x0A).map { Array($0.last == 0x0D ? $0.dropLast() : $0) }.filter { !$0.isEmpty }
        OPENSSL_cleanse(&bytes, bytes.count)
        guard !lines.isEmpty else {
            throw TLSError("\(path) is empty", hint: "it must contain a passphrase in each line").about(.passPhrases)
        }
    }

    deinit { wipe(lines) }

    private func wipe(_ lines: [[UInt8]]) {
        // In place: a copy would be wiped, and the original left.
        for line in lines {
            line.withUnsafeBytes { OPENSSL_cleanse(UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count) }
        }
    }

    /// How many there are.
    var count: Int { lines.count }

    /// Calls `load` with each of them as the answer to OpenSSL's question, until it returns true; once without any if there
    /// is none.
    func attempt(on handle: OpaquePointer, _ load: () -> Bool) {
        SSL_CTX_set_default_passwd_cb(handle, Self.answer)
        defer {
            SSL_CTX_set_default_passwd_cb(handle) { _, _, _, _ in 0 }
            SSL_CTX_set_default_passwd_cb_userdata(handle, nil)
        }
        guard !lines.isEmpty else {
            _ = load()
            return
        }
        _ = lines.contains { line in
            line.withUnsafeBufferPointer { line in
                var line = line
                return withUnsafeMutablePointer(to: &line) { line in
                    SSL_CTX_set_default_passwd_cb_userdata(handle, line)
                    ERR_clear_error()
                    return load()
                }
            }
        }
    }

    /// OpenSSL's question. Without an answer it is an error, and not a question on the terminal.
    private static let answer:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
            buffer, capacity, _, data in
            guard let buffer, let line = data?.assumingMemoryBound(to: UnsafeBufferPointer<UInt8>.self).pointee,
                let start = line.baseAddress, line.count <= Int(capacity)
            else { return 0 }
            UnsafeMutableRawPointer(buffer).copyMemory(from: start, byteCount: line.count)
            return Int32(line.count)
        }
}

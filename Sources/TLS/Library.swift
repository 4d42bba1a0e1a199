import COpenSSL
import CShims

/// OpenSSL as a whole.
package enum Library {
    /// Gives OpenSSL an allocator that keeps record buffers. Call it before anything else of OpenSSL; later it does nothing.
    package static func prepare() {
        _ = CRYPTO_set_mem_functions(CShims_record_malloc, CShims_record_realloc, CShims_record_free)
    }

    /// Gives back what is kept for the calling thread, at its end.
    package static func leaveThread() { CShims_record_release() }

    /// "OpenSSL 3.0.15 3 Sep 2024"
    package static var version: String {
        OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "OpenSSL"
    }
}

import COpenSSL

/// OpenSSL as a whole.
package enum Library {
    /// "OpenSSL 3.0.15 3 Sep 2024"
    package static var version: String {
        OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "OpenSSL"
    }

    /// Lets no part of OpenSSL ask on the terminal, as it does by itself for the pass phrase of whatever it reads.
    static func neverAsk() { UI_set_default_method(UI_null()) }
}

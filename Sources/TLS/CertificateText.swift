import COpenSSL
import Text

/// ASN.1 of a certificate as text. The bytes come from a client: whoever signed them may have been careless.
enum CertificateText {
    /// Bytes of UTF-8 that a text may have.
    static let limit = 4096

    /// The text of an ASN.1 string. nil when it is too long, holds NUL, is in none of the alphabets that its type
    /// allows, or is of a type whose alphabet nobody agrees on.
    static func string(_ string: UnsafePointer<ASN1_STRING>?) -> String? {
        guard let string else { return nil }
        let bytes = bytes(string)
        guard bytes.count <= 4 * limit else { return nil }
        let text: String? =
            switch ASN1_STRING_type(string) {
            case V_ASN1_UTF8STRING: String(validating: bytes, as: UTF8.self)
            case V_ASN1_BMPSTRING, V_ASN1_UNIVERSALSTRING: converted(string)
            // T.61 is ASCII in its lower half, near enough; what certificates hold in the upper one is anybody's guess.
            case V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING, V_ASN1_NUMERICSTRING, V_ASN1_VISIBLESTRING, V_ASN1_T61STRING:
                bytes.allSatisfy { $0 < 0x80 } ? String(validating: bytes, as: UTF8.self) : nil
            default: nil
            }
        guard let text, text.utf8.count <= limit, !text.utf8.contains(0) else { return nil }
        return text
    }

    /// UTF-16 and UTF-32, by OpenSSL.
    private static func converted(_ string: UnsafePointer<ASN1_STRING>) -> String? {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&bytes, string)
        guard count >= 0, let bytes else { return nil }
        defer { COpenSSLShims_OPENSSL_free(bytes) }
        return String(validating: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    /// RFC 2253, in ASCII: everything else is escaped, NUL as well. Empty when it is too long.
    static func distinguishedName(_ name: OpaquePointer?) -> String {
        guard let name, let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        guard X509_NAME_print_ex(bio, name, 0, COpenSSLShims_RFC2253) >= 0 else { return "" }
        let count = BIO_ctrl_pending(bio)
        guard (1...limit).contains(count) else { return "" }
        var bytes = [UInt8](repeating: 0, count: count)
        guard BIO_read(bio, &bytes, Int32(count)) == count else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Upper-case hex. Empty when it is too long: RFC 5280 §4.1.2.2 allows 20 bytes.
    static func serial(_ number: UnsafePointer<ASN1_INTEGER>?) -> String {
        guard let number else { return "" }
        let bytes = bytes(number)
        guard bytes.count < limit / 2 else { return "" }
        let sign = ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER ? "-" : ""
        return sign + (bytes.isEmpty ? "00" : Hexadecimal.encode(Array(bytes), .upper))
    }

    /// Milliseconds since 1970-01-01 UTC; 0 when it cannot be read.
    static func milliseconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        guard let time, let epoch = ASN1_TIME_set(nil, 0) else { return 0 }
        defer { ASN1_STRING_free(epoch) }
        var (days, seconds) = (Int32(0), Int32(0))
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return 0 }
        return (Int64(days) * 86_400 + Int64(seconds)) * 1000
    }

    private static func bytes(_ string: UnsafePointer<ASN1_STRING>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(max(ASN1_STRING_length(string), 0)))
    }
}

import Testing

@testable import Gateway
@testable import TLS

@Suite("Reasons of failed handshakes")
struct HandshakeFailureTests {
    @Test(
        "OpenSSL's words, in the versions of it that Debian has, and our own",
        arguments: [
            ("no shared cipher", .nothingInCommon), ("no suitable signature algorithm", .nothingInCommon),
            ("unsupported protocol", .unsupportedVersion), ("wrong version number", .notTLS),
            ("no certificate was sent", .certificateMissing),
            ("certificate verify failed: certificate has expired", .certificateRefused),
            ("sslv3 alert certificate unknown", .certificateRefusedByClient),
            ("ssl/tls alert bad certificate", .certificateRefusedByClient),
            ("tlsv1 alert unknown ca", .certificateRefusedByClient), ("tlsv1 alert internal error", .alert),
            ("the client does not offer http/1.1 (ALPN)", .noApplicationProtocol), (TLSFailure.lost, .lost),
            ("unexpected eof while reading", .lost), ("decryption failed or bad record mac", .other),
        ] as [(String, HandshakeFailure)])
    func words(reason: String, failure: HandshakeFailure) {
        #expect(HandshakeFailure(TLSFailure(reason: reason, isPlainHTTP: false)) == failure)
    }

    @Test("An HTTP request in the clear")
    func plain() {
        #expect(HandshakeFailure(TLSFailure(reason: "http request", isPlainHTTP: true)) == .notTLS)
    }
}

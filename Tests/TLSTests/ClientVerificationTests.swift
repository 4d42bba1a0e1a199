import COpenSSL
import TestSupport
import Testing

@testable import TLS

@Suite("Client certificates: verification")
struct ClientVerificationTests {
    private let files: ClientCertificates

    init() throws { files = try ClientCertificates.shared.get() }

    private func connect(
        _ client: String?, _ verification: ClientVerification?, _ version: Int32 = TLS1_3_VERSION
    ) throws -> Connection {
        try Connection(
            makeContext(verification: verification), ServerLoop(),
            .init(version: version, credential: client.flatMap { files.clients[$0] }))
    }

    @Test("A good certificate is let in, whatever the mode", arguments: versions)
    func good(version: Int32) throws {
        for mode in [ClientVerification.Mode.optional, .required] {
            for lists in [nil, files.revocationLists] {
                let connection = try connect("good", files.verification(mode, lists: lists), version)
                try #require(connection.handshake())
                #expect(connection.peerCertificate?.commonName == "good")
                #expect(!connection.isResumed)
                #expect(connection.contextIndex == 0)
                connection.client.write([1, 2, 3])
                #expect(connection.event(connection.client.take()) == .open)
                #expect(connection.received == [1, 2, 3])
            }
        }
    }

    @Test(
        "A bad one fails the handshake, optional or required, with the alert of RFC 8446 §6.2 and words for the log",
        arguments: [
            ("expired", "certificate has expired", SSL_AD_CERTIFICATE_EXPIRED),
            ("early", "certificate is not yet valid", SSL_AD_BAD_CERTIFICATE),
            ("revoked", "certificate revoked", SSL_AD_CERTIFICATE_REVOKED),
            ("strange", "unable to get local issuer certificate", SSL_AD_UNKNOWN_CA),
            ("alone", "self-signed certificate", SSL_AD_UNKNOWN_CA),
            ("forged", "certificate signature failure", SSL_AD_DECRYPT_ERROR),
            ("server", "unsuitable certificate purpose", SSL_AD_UNSUPPORTED_CERTIFICATE),
            ("weak", "EE certificate key too weak", SSL_AD_BAD_CERTIFICATE),
        ])
    func bad(client: String, words: String, alert: Int32) throws {
        for version in versions {
            for mode in [ClientVerification.Mode.optional, .required] {
                let verification = files.verification(mode, lists: files.revocationLists)
                let connection = try connect(client, verification, version)
                let failure = try #require(connection.failedHandshake())
                #expect(failure == TLSFailure(reason: "certificate verify failed: \(words)", isPlainHTTP: false))
                #expect(connection.client.alert == alert)
                #expect(connection.peerCertificate == nil)
                #expect(ERR_peek_error() == 0)
            }
        }
    }

    @Test("Without a list nothing is revoked")
    func withoutList() throws {
        #expect(try connect("revoked", files.verification()).handshake())
    }

    @Test("None at all: enough where it is optional", arguments: versions)
    func noneOptional(version: Int32) throws {
        let connection = try connect(nil, files.verification(.optional), version)
        try #require(connection.handshake())
        #expect(connection.peerCertificate == nil)
    }

    @Test("None at all where one is required: certificate_required in TLS 1.3 (RFC 8446 §4.4.2.4)", arguments: versions)
    func noneRequired(version: Int32) throws {
        let connection = try connect(nil, files.verification(), version)
        #expect(connection.failedHandshake() == TLSFailure(reason: "no certificate was sent", isPlainHTTP: false))
        let alert = version == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE
        #expect(connection.client.alert == alert)
        #expect(ERR_peek_error() == 0)
    }

    @Test("A server that verifies sends the names of its authorities; another does not ask", arguments: versions)
    func authorities(version: Int32) throws {
        let pem = try ClientCertificates.write("two.pem", [files.root.pem(), files.stranger.pem()])
        let asked = try connect("good", files.verification(authorities: pem), version)
        try #require(asked.handshake())
        #expect(asked.client.authorities == ["CN=root", "CN=stranger"])
        let silent = try connect("good", nil, version)
        try #require(silent.handshake())
        #expect(silent.client.authorities == nil)
        #expect(silent.peerCertificate == nil)
    }

    @Test(
        "Depth: how many authorities are allowed in between",
        arguments: [("good", 0), ("one below", 1), ("two below", 2)], [-1, 0, 1, 2, Int.max])
    func depth(client: (name: String, between: Int), depth: Int) throws {
        for version in versions {
            let connection = try connect(client.name, files.verification(depth: depth), version)
            if client.between <= max(depth, 0) {
                try #require(connection.handshake())
                #expect(connection.peerCertificate?.commonName == client.name)
            } else {
                let failure = try #require(connection.failedHandshake())
                #expect(failure.reason == "certificate verify failed: certificate chain too long")
                #expect(connection.client.alert == SSL_AD_UNKNOWN_CA)
            }
        }
    }

    @Test("Lists must cover the chain, be current, and count for authorities, too (RFC 5280 §6.3)")
    func lists() throws {
        let (first, root) = (files.intermediates[0], files.root)
        let cases: [(client: String, lists: [String], words: String?)] = [
            ("one below", [try root.revocationList([]), try first.revocationList([])], nil),
            ("one below", [try root.revocationList([])], "unable to get certificate CRL"),
            ("one below", [try first.revocationList([])], "unable to get certificate CRL"),
            ("one below", [try root.revocationList([first]), try first.revocationList([])], "certificate revoked"),
            ("good", [try files.stranger.revocationList([])], "unable to get certificate CRL"),
            ("good", [try root.revocationList([], nextUpdate: -60)], "CRL has expired"),
        ]
        for (index, (client, lists, words)) in cases.enumerated() {
            let path = try ClientCertificates.write("case\(index).pem", lists)
            let connection = try connect(client, files.verification(depth: 1, lists: path))
            #expect(connection.failedHandshake()?.reason == words.map { "certificate verify failed: \($0)" })
        }
    }

    @Test("A file without what it is for: the file, and what it holds")
    func unusable() throws {
        let made = try Certificates.shared.get()
        let (garbage, missing) = (made.garbage, made.missing)
        let broken = try ClientCertificates.write(
            "broken.pem", [files.root.pem(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
        let cases: [(ClientVerification, TLSError.Subject, String)] = [
            (
                files.verification(authorities: garbage), .authorities,
                "\(garbage) contains no certificate: it is neither"
            ),
            (files.verification(authorities: missing), .authorities, "\(missing): No such file or directory"),
            (
                files.verification(authorities: files.revocationLists), .authorities,
                "\(files.revocationLists) contains a revocation list, but no certificate"
            ),
            (files.verification(authorities: broken), .authorities, "\(broken) cannot be used: "),
            (
                files.verification(lists: garbage), .revocationLists,
                "\(garbage) contains no revocation list: it is neither"
            ),
            (files.verification(lists: missing), .revocationLists, "\(missing): No such file or directory"),
            (
                files.verification(lists: files.authorities), .revocationLists,
                "\(files.authorities) contains a certificate, but no revocation list"
            ),
        ]
        for (verification, subject, words) in cases {
            let fault = try #require(self.error(verification))
            #expect(fault.message.hasPrefix(words) && fault.subject == subject, "\(fault)")
        }
    }

    @Test("Authorities and lists in DER form: the command makes PEM of them")
    func binary() throws {
        let made = try Certificates.shared.get()
        let (authorities, lists) = (made.path("authorities.der"), made.path("lists.der"))
        try made.run(["x509", "-in", files.authorities, "-outform", "der", "-out", authorities])
        try made.run(["crl", "-in", files.revocationLists, "-outform", "der", "-out", lists])
        for verification in [files.verification(authorities: authorities), files.verification(lists: lists)] {
            let fault = try #require(self.error(verification))
            #expect(fault.message.hasSuffix("is DER, not PEM"))
            try made.shell(String(try #require(fault.hint).split(separator: "PEM: ").last ?? ""))
        }
        let verification = files.verification(
            authorities: made.path("authorities.pem"), lists: made.path("lists.crl"))
        #expect(error(verification) == nil)
    }

    @Test("A block with a pass phrase makes OpenSSL ask nobody")
    func encrypted() throws {
        let block =
            "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF"
        let path = try ClientCertificates.write("asking.pem", [block + "\n\nAAAA\n-----END CERTIFICATE-----\n"])
        _ = try makeContext()
        #expect(UI_get_default_method() == UI_null())
        #expect(error(files.verification(authorities: path))?.message.hasPrefix("\(path) cannot be used: ") ?? false)
    }

    /// The error of a context that cannot be made.
    private func error(_ verification: ClientVerification) -> TLSError? {
        defer { #expect(ERR_peek_error() == 0) }
        do { _ = try makeContext(verification: verification) } catch { return error as? TLSError }
        return nil
    }

    @Test("Any handshake with a certificate and one bit turned fails or goes on, and never harms the next")
    func mutated() throws {
        let loop = try ServerLoop()
        let context = try makeContext(verification: files.verification())
        let good = files.clients["good"]
        for version in versions {
            var random = SeededGenerator(seed: UInt64(version) &* 3)
            var failures = 0
            for round in 0..<150 {
                let connection = try Connection(context, loop, .init(version: version, credential: good))
                for flight in 0..<4 {
                    _ = connection.client.handshake()
                    var bytes = connection.client.take()
                    // The second flight is the one with the certificate.
                    if flight == 1, let index = bytes.indices.randomElement(using: &random) {
                        bytes[index] ^= 1 << (round % 8)
                    }
                    if case .failed = connection.event(bytes) {
                        failures += 1
                        break
                    }
                }
                #expect(ERR_peek_error() == 0, "round \(round)")
                #expect(!connection.isComplete || connection.peerCertificate?.commonName == "good")
            }
            #expect(failures > 30)
            #expect(try Connection(context, loop, .init(version: version, credential: good)).handshake())
        }
    }
}

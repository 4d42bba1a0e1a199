import COpenSSL
import Testing

@testable import TLS

@Suite("Client certificates: identity")
struct ClientCertificateTests {
    private func read(_ name: String = "device", _ change: (inout Request) -> Void = { _ in }) throws
        -> ClientCertificate
    {
        var request = Request(name)
        change(&request)
        defer { #expect(ERR_peek_error() == 0) }
        return try Credential.make(request).identity
    }

    @Test(
        "The common name, by what the certificate holds",
        arguments: [
            ([.init("device-1")], "device-1"),
            ([.init("Zoë 器")], "Zoë 器"),
            ([.init("first"), .init("second")], "first"),
            ([.init("Example", NID_organizationName)], ""),
            ([.init("Example", NID_organizationName), .init("device")], "device"),
            ([.init(bytes: Array("root\0.evil".utf8), type: V_ASN1_UTF8STRING)], ""),
            ([.init(bytes: Array("root\0.evil".utf8), type: V_ASN1_IA5STRING)], ""),
            ([.init(bytes: [0xC3, 0x28], type: V_ASN1_UTF8STRING)], ""),
            ([.init(bytes: [0xC0, 0x80], type: V_ASN1_UTF8STRING)], ""),
            ([.init(bytes: [0xED, 0xA0, 0x80], type: V_ASN1_UTF8STRING)], ""),
            ([.init(bytes: Array("plain".utf8), type: V_ASN1_PRINTABLESTRING)], "plain"),
            ([.init(bytes: Array("plain".utf8), type: V_ASN1_T61STRING)], "plain"),
            ([.init(bytes: [0x61, 0xE9], type: V_ASN1_T61STRING)], ""),
            ([.init(bytes: [0x61, 0xE9], type: V_ASN1_IA5STRING)], ""),
            ([.init(bytes: [0x56, 0x68, 0, 0x61], type: V_ASN1_BMPSTRING)], "器a"),
            ([.init(bytes: [0, 0x61, 0, 0, 0, 0x62], type: V_ASN1_BMPSTRING)], ""),
            ([.init(bytes: [0xD8, 0, 0, 0x61], type: V_ASN1_BMPSTRING)], ""),
            ([.init(bytes: [0, 0, 0, 0x61, 0, 1, 0xF6, 0], type: V_ASN1_UNIVERSALSTRING)], "a😀"),
            ([.init(bytes: [0, 0x11, 0, 0], type: V_ASN1_UNIVERSALSTRING)], ""),
            ([], ""),
        ] as [([Request.Entry], String)])
    func commonName(subject: [Request.Entry], expected: String) throws {
        let certificate = try read {
            $0.subject = subject
            $0.alternativeNames = [(GEN_DNS, Array("a.example".utf8))]
        }
        #expect(certificate.commonName == expected)
        // Whatever is left out, the rest is there.
        #expect(certificate.dnsNames == ["a.example"])
        #expect(certificate.fingerprint.count == 64)
    }

    @Test(
        "The subject as RFC 2253 writes it: last first, escaped",
        arguments: [
            ([.init("Example", NID_organizationName), .init("device")], "CN=device,O=Example"),
            ([.init("a,b+c\"d")], #"CN=a\,b\+c\"d"#),
            ([.init("é")], #"CN=\C3\A9"#),
            ([.init("a\u{1}\nb")], #"CN=a\01\0Ab"#),
            ([.init(bytes: Array("root\0.evil".utf8), type: V_ASN1_IA5STRING)], #"CN=root\00.evil"#),
            ([.init("a,CN=b")], #"CN=a\,CN=b"#),
            ([], ""),
        ] as [([Request.Entry], String)])
    func subject(subject: [Request.Entry], expected: String) throws {
        #expect(try read { $0.subject = subject }.subject == expected)
    }

    @Test(
        "The serial number in hex, as nginx writes it",
        arguments: [
            ([0x0A, 0xBC], "0ABC"), ([], "00"), ([1], "01"), ([0xFF], "FF"),
            ([UInt8](repeating: 0xAB, count: 20), String(repeating: "AB", count: 20)),
            ([UInt8](repeating: 0xAB, count: 3000), ""),
        ] as [([UInt8], String)])
    func serial(bytes: [UInt8], expected: String) throws {
        #expect(try read { $0.serial = bytes }.serial == expected)
    }

    @Test("A negative serial number has its sign")
    func negativeSerial() throws {
        let credential = try Credential.make(Request("device"))
        try #require(ASN1_INTEGER_set(X509_get_serialNumber(credential.certificate), -5) == 1)
        #expect(credential.identity.serial == "-05")
    }

    @Test("The fingerprint is the SHA-256 of the certificate's DER")
    func fingerprint() throws {
        let credential = try Credential.make(Request("device"))
        let der = credential.der()
        try #require(der.count > 100)
        let digits = Digest.sha256(der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        #expect(credential.identity.fingerprint == digits.joined())
    }

    @Test("FIPS 180-2: the SHA-256 of \"abc\"")
    func sha256() {
        #expect(Digest.sha256(Array("abc".utf8)).prefix(4) == [0xBA, 0x78, 0x16, 0xBF])
    }

    @Test("DNS names and e-mail addresses of the subjectAltName (RFC 5280 §4.2.1.6), in their order; no others")
    func alternativeNames() throws {
        let certificate = try read {
            $0.alternativeNames = [
                (GEN_DNS, Array("b.example".utf8)), (GEN_EMAIL, Array("a@example".utf8)),
                (GEN_URI, Array("urn:x".utf8)), (GEN_DNS, Array("*.A.example".utf8)),
            ]
        }
        #expect(certificate.dnsNames == ["b.example", "*.A.example"])
        #expect(certificate.emails == ["a@example"])
        #expect(try read().dnsNames == [])
    }

    @Test("A name with NUL, beyond ASCII, empty, or endless is left out, its neighbours are not")
    func strangeNames() throws {
        let strange: [[UInt8]] = [
            Array("a.example\0.evil".utf8), [0], [], [0xC3, 0xA9], [UInt8](repeating: 0x61, count: 4097),
        ]
        let longest = [UInt8](repeating: 0x61, count: 4096)
        for type in [GEN_DNS, GEN_EMAIL] {
            let certificate = try read {
                $0.alternativeNames = (strange + [Array("good".utf8), longest]).map { (type, $0) }
            }
            let names = ["good", String(decoding: longest, as: UTF8.self)]
            #expect(certificate.dnsNames == (type == GEN_DNS ? names : []))
            #expect(certificate.emails == (type == GEN_EMAIL ? names : []))
        }
    }

    @Test("Of many names the first 32 of a kind are taken")
    func manyNames() throws {
        let certificate = try read {
            $0.alternativeNames = (0..<1000).flatMap {
                [(GEN_DNS, Array("h\($0)".utf8)), (GEN_EMAIL, Array("m\($0)@x".utf8))]
            }
        }
        #expect(certificate.dnsNames == (0..<32).map { "h\($0)" })
        #expect(certificate.emails == (0..<32).map { "m\($0)@x" })
    }

    @Test("Texts longer than 4 KiB are left out", arguments: [4096, 4097, 60_000])
    func long(count: Int) throws {
        let text = String(repeating: "x", count: count)
        let certificate = try read { $0.subject = [.init(bytes: Array(text.utf8), type: V_ASN1_UTF8STRING)] }
        #expect(certificate.commonName == (count <= 4096 ? text : ""))
        // "CN=" counts.
        #expect(certificate.subject == "")
        #expect(try read(String(repeating: "x", count: 4093)).subject.utf8.count == 4096)
    }

    @Test(
        "The end in milliseconds since 1970, UTCTime and GeneralizedTime (RFC 5280 §4.1.2.5); nonsense is the past",
        arguments: [
            ("700101000000Z", 0), ("20380119031408Z", 2_147_483_648_000), ("491231235959Z", 2_524_607_999_000),
            ("500101000000Z", -631_152_000_000), ("99991231235959Z", 253_402_300_799_000),
            ("20000230000000Z", 0), ("20001301000000Z", 0), ("", 0), ("Z", 0), ("hello", 0), ("9999", 0),
            ("20260101000000", 0), ("\0\0\0\0\0\0\0\0\0\0\0\0Z", 0), ("-00101000000Z", 0),
        ] as [(String, Int64)])
    func notAfter(text: String, milliseconds: Int64) throws {
        let credential = try Credential.make(Request("device"))
        let time = try #require(X509_getm_notAfter(credential.certificate))
        try #require(ASN1_STRING_set(time, text, Int32(text.utf8.count)) == 1)
        time.pointee.type = text.utf8.count > 13 ? V_ASN1_GENERALIZEDTIME : V_ASN1_UTCTIME
        #expect(credential.identity.notAfter == milliseconds)
        #expect(ERR_peek_error() == 0)
    }

    @Test("Any bit of a certificate turned: read, or refused by OpenSSL, and never a trap")
    func mutated() throws {
        var request = Request("device")
        request.alternativeNames = [(GEN_DNS, Array("a.example".utf8)), (GEN_EMAIL, Array("a@example".utf8))]
        let credential = try Credential.make(request)
        let der = credential.der()
        var readable = 0
        for bit in 0..<(der.count * 8) {
            var changed = der
            changed[bit / 8] ^= 1 << (bit % 8)
            changed.withUnsafeBufferPointer {
                var next = $0.baseAddress
                guard let certificate = d2i_X509(nil, &next, $0.count) else { return ERR_clear_error() }
                readable += 1
                let found = ClientCertificate(certificate)
                #expect(found.fingerprint.count == 64)
                #expect(ERR_peek_error() == 0)
                X509_free(certificate)
            }
        }
        #expect(readable > 100)
    }

    @Test("What a connection shows is what its client has sent", arguments: versions)
    func connection(version: Int32) throws {
        let files = try ClientCertificates.shared.get()
        let good = try #require(files.clients["good"])
        let connection = try Connection(
            makeContext(verification: files.verification()), ServerLoop(), .init(version: version, credential: good))
        #expect(connection.peerCertificate == nil)
        try #require(connection.handshake())
        #expect(connection.peerCertificate == good.identity)
        #expect(connection.peerCertificate?.subject == "CN=good")
    }
}

import Access
import Testing

@Suite struct PEMLoadTests {
    private typealias Fixtures = PEMFixtures

    @Test(
        "RFC 7468 §13, §5, PKCS #1: public keys and certificates of every kind",
        arguments: [
            (Fixtures.rsa, Fixtures.rs256Token), (Fixtures.rsaPKCS1, Fixtures.rs256Token),
            (Fixtures.rsaCertificate, Fixtures.rs256Token), (Fixtures.p256, Fixtures.es256Token),
            (Fixtures.p256Certificate, Fixtures.es256Token), (Fixtures.p384, Fixtures.es384Token),
            (Fixtures.p521, Fixtures.es512Token), (Fixtures.ed25519, Fixtures.eddsaToken),
        ])
    func kinds(pem: String, token: String) throws {
        let keys = try JWTKeySet.load(pem)
        #expect(keys.count == 1)
        #expect(keys.keyIDs == [])
        #expect(try keys.verify(Secret(token), rules: JWTRules(), now: 0).text("sub") == "sensor-7")
        #expect(keys.fault(token + "AA") != nil)
    }

    @Test("Several blocks, with comments and either kind of line end", arguments: ["\n", "\r\n"])
    func several(lineEnd: String) throws {
        let blocks = [Fixtures.rsa, Fixtures.p256Certificate, Fixtures.ed25519, Fixtures.p384, Fixtures.p521]
        let text = "# keys of the issuer\n" + blocks.joined(separator: "\n\nsubject=CN = x\n") + "\n"
        let keys = try JWTKeySet.load(text.replacing("\n", with: lineEnd))
        #expect(keys.count == 5)
        #expect(keys.skipped == [])
        let tokens = [Fixtures.rs256Token, Fixtures.es256Token, Fixtures.eddsaToken, Fixtures.es384Token]
        for token in tokens + [Fixtures.es512Token] {
            #expect(keys.fault(token) == nil)
        }
    }

    @Test(
        "A private key is refused by its name, even beside public ones",
        arguments: ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    func privateKeys(label: String) {
        let block = "-----BEGIN \(label)-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END \(label)-----\n"
        #expect(loadFault(block) == .privateKey)
        #expect(loadFault(Fixtures.rsa + "\n" + block) == .privateKey)
        // Cut off before its end.
        #expect(loadFault(Fixtures.rsa + "\n-----BEGIN \(label)-----\nMC4C") == .privateKey)
    }

    @Test(
        "Blocks that are skipped, and why",
        arguments: [
            (Fixtures.rsa1024, "not a valid key"), (Fixtures.x25519, "not a valid key"),
            (Fixtures.secp256k1, "not a valid key"),
            (Fixtures.ed25519Certificate, "not a certificate of an RSA or EC key"),
            (Fixtures.rsa.replacing("PUBLIC KEY", with: "CERTIFICATE"), "not a certificate of an RSA or EC key"),
            (Fixtures.p256Certificate.replacing("CERTIFICATE", with: "PUBLIC KEY"), "not a valid key"),
            (Fixtures.rsa.replacing("PUBLIC KEY", with: "EC PARAMETERS"), "not a public key or certificate"),
            ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "not a valid key"),
            ("-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----", "not a valid key"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "not a valid key"),
            ("-----BEGIN PUBLIC KEY-----", "not a valid key"),
            ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "not a certificate of an RSA or EC key"),
            ("-----BEGIN -----\n-----END -----", "not a public key or certificate"),
        ])
    func skipped(block: String, reason: String) throws {
        #expect(loadFault(block) == .noUsableKey([.init("#1", reason)]))
        let keys = try JWTKeySet.load(Fixtures.p256 + "\n" + block)
        #expect(keys.skipped == [.init("#2", reason)])
        #expect(keys.fault(Fixtures.es256Token) == nil)
    }

    @Test(
        "Texts without a block",
        arguments: [
            "-----BEGIN PUBLIC KEY", "----BEGIN PUBLIC KEY-----", "-----BEGIN-----", "-----END PUBLIC KEY-----", "MIIB",
        ])
    func none(text: String) {
        #expect(loadFault(text) == .unknownFormat)
    }

    /// Every fourth cut: the text is small, the library is not fast.
    @Test(
        "A file that is cut short fails, and traps nowhere",
        arguments: [
            Fixtures.rsa, Fixtures.p256Certificate, Fixtures.ed25519, Fixtures.p521, Fixtures.rsaCertificate,
        ])
    func prefixes(pem: String) {
        for count in stride(from: 0, to: pem.utf8.count, by: 4) {
            #expect(loadFault(String(decoding: pem.utf8.prefix(count), as: UTF8.self)) != nil)
        }
    }
}

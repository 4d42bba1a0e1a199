import Testing

@testable import TLS

@Suite("What a server's certificates say")
struct CertificateFactsTests {
    @Test("One for each that was loaded, in their order, by the file that it came from")
    func several() throws {
        let made = try Certificates.shared.get()
        let options = TLSOptions(
            certificates: [made.a, made.rsa], allowsTLS12: true, allowsTLS13: true, ciphers: nil, ticketKeys: nil,
            clientVerification: nil, contextID: 0)
        let facts = try TLSContext(options).certificates
        #expect(facts.map(\.file) == [made.a.certificate, made.rsa.certificate])
        #expect(facts.map(\.subject) == ["CN=a.example", "CN=a.example"])
        #expect(facts.map(\.issuer) == ["CN=a.example", "CN=a.example"])
        #expect(facts.map(\.key) == ["EC 256", "RSA 2048"])
        for one in facts {
            #expect(abs(one.notAfter - one.notBefore - 2 * 86_400_000) <= 1000)
            #expect(one.serial.count >= 8 && one.serial.allSatisfy(\.isHexDigit))
        }
    }
}

import COpenSSL
import Testing
import Text

@testable import Access

/// What OpenSSL would take and tokens must not be verified with, and what it leaves on the thread.
@Suite struct PublicKeyTests {
    /// P-256, but with its parameters written out; `openssl ec -param_enc explicit`.
    private static let explicitCurve = """
        -----BEGIN PUBLIC KEY-----
        MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
        AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
        ///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
        NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
        RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
        //////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABDETK35dcYQ9Rl6ToOQtkDEa
        2/Y7ySamA2+XVhAtv444WUjTgKACl2DMVxfu3dO+fxPT37WBnLRoh9dSEGZYarY=
        -----END PUBLIC KEY-----
        """
    /// A key that is bound to RSASSA-PSS; `openssl genpkey -algorithm rsa-pss`.
    private static let rsaPSS = """
        -----BEGIN PUBLIC KEY-----
        MIIBIDALBgkqhkiG9w0BAQoDggEPADCCAQoCggEBANsTKETmlT/OUbDKA/D3oa58
        oedPdtMSFSEs+uS467eYEu6ssLY4uZ89z+udILFtVKvpk+K3BqRcEzY7d3TCrla0
        4TRImcN+dLnnP4gFvI2sMXwvOML1pSnN0KBtIBM/+45xFQDC8t1k5hp8Ze6RvHXH
        q3moJMZL1rkSVV6AShyFEWaUTfp6WvRsAe1YtzWgVK4/xdvXEEvOv31uo2Fk39v3
        hbyWf+nuTn9P2r7kkLAwPEVsKnYQGggR/OJGW3D3VNgNDCMPfdlhejZQFg4bstvT
        4CkAZeJBS92L+JVC/rb/CUBqlB008+AltiWi6PwymZ+44nh4/XOALaD7NgNxJVMC
        AwEAAQ==
        -----END PUBLIC KEY-----
        """

    @Test("RFC 5480 §2.1.1: a described curve, and a key of another RSA", arguments: [explicitCurve, rsaPSS])
    func refused(pem: String) {
        #expect(loadFault(pem) == .noUsableKey([.init(name: "#1", reason: "not a valid key")]))
    }

    @Test("An RSA key has an odd modulus of 2048 to 8192 bits, and an odd exponent of 2 to 33")
    func rsa() {
        func isGood(bits: Int, exponent: [UInt8], last: UInt8 = 0xFF) -> Bool {
            var modulus = [UInt8](repeating: 0xFF, count: bits / 8)
            modulus[modulus.count - 1] = last
            return PublicKey(modulus: modulus, exponent: exponent) != nil
        }
        #expect(isGood(bits: 2048, exponent: [1, 0, 1]))
        #expect(isGood(bits: 8192, exponent: [3]))
        #expect(isGood(bits: 2048, exponent: [1, 0, 0, 0, 1]))
        #expect(!isGood(bits: 2040, exponent: [1, 0, 1]))
        #expect(!isGood(bits: 8200, exponent: [1, 0, 1]))
        #expect(!isGood(bits: 2048, exponent: [1, 0, 1], last: 0xFE))
        for exponent in [[], [0], [1], [2], [1, 0, 0], [2, 0, 0, 0, 1], [UInt8](repeating: 1, count: 256)] as [[UInt8]]
        {
            #expect(!isGood(bits: 2048, exponent: exponent), "\(exponent)")
        }
    }

    @Test("Bytes after a key, and before its end, make it none")
    func wholeKeys() throws {
        let text = PEMFixtures.p256.split(separator: "\n").dropFirst().dropLast().joined()
        let bytes = try #require(Base64.decode(Array(text.utf8)))
        #expect(PublicKey(bytes)?.kind == .p256)
        #expect(PublicKey(bytes + [0]) == nil)
        for count in bytes.indices { #expect(PublicKey(Array(bytes[..<count])) == nil) }
    }

    /// TLS reads the same queue after each of its calls (SSL_get_error(3)).
    @Test("Neither a bad key nor a bad signature leaves an error on the thread", arguments: Signer.names)
    func errorQueue(name: String) throws {
        ERR_clear_error()
        let keys = try JWTKeySet.load(Signer.make(name).jwk())
        let input = try Signer.make(name).token("{}").split(separator: ".").dropLast().joined(separator: ".")
        for count in [0, 1, 64, 96, 132, 256] {
            for byte in [0, 1, 0xFF] as [UInt8] {
                let signature = base64URL(Array(repeating: byte, count: count))
                #expect(keys.fault("\(input).\(signature)") == .signature)
                #expect(ERR_peek_error() == 0, "\(count) bytes \(byte)")
            }
        }
        for bytes in [[], [0], [0x30, 0x80], [0x30, 0x03, 0x02, 0x01, 0x01]] as [[UInt8]] {
            #expect(PublicKey(bytes) == nil && PublicKey(pkcs1: bytes) == nil && PublicKey(certificate: bytes) == nil)
            #expect(PublicKey(ed25519: bytes) == nil)
            #expect(ERR_peek_error() == 0)
        }
    }

    @Test(
        "X.690 §8: lengths, and integers that are not negative",
        arguments: [
            ([], [0x02, 0x01, 0x00]), ([0], [0x02, 0x01, 0x00]), ([0, 0, 1], [0x02, 0x01, 0x01]),
            ([0x7F], [0x02, 0x01, 0x7F]), ([0x80], [0x02, 0x02, 0x00, 0x80]), ([1, 0], [0x02, 0x02, 0x01, 0x00]),
        ] as [([UInt8], [UInt8])])
    func integers(number: [UInt8], der: [UInt8]) {
        #expect(DER.integer(number) == der)
    }

    @Test(
        "X.690 §8.1.3: the length of the length",
        arguments: [
            (0, [0]), (127, [0x7F]), (128, [0x81, 0x80]), (255, [0x81, 0xFF]), (256, [0x82, 0x01, 0x00]),
            (65_536, [0x83, 0x01, 0x00, 0x00]),
        ] as [(Int, [UInt8])])
    func lengths(count: Int, length: [UInt8]) {
        #expect(DER.sequence([UInt8](repeating: 5, count: count)).prefix(1 + length.count) == ([0x30] + length)[...])
    }
}

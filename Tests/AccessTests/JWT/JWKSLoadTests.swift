import Access
import Testing
import Text

@Suite struct JWKSLoadTests {
    private typealias Vectors = JOSEVectors
    private static let point =
        #""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
        + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#
    private static let secret = #""k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg""#
    private static let x = #""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#
    private static let n = #""n":"\#(Vectors.RSA.n)""#
    /// 1024 bits.
    private static let smallN =
        #""n":"8PoejwC1n53fCneI_BY3jXwCDlh8MOK51L10jDnRfoiePxsT5Zp2W-NXTQOP3NOiEGAikR8uayK7BnQLnGOG"#
        + #"nbqRjuzHqdg2SR8kNAjqu_wp0OnOtkBssHnDyqhO0A3byGQ95Kk3OhiD_Tj7w2Qt_P9_Y0tdRZFjVymcmQDvxTU""#

    @Test("RFC 7517 §5: a set, with members that nobody knows, and a single key (§4)")
    func formats() throws {
        let set = try JWTKeySet.load(" \n{\"keys\":[\(Vectors.a3Key)],\"issuer\":\"x\"}")
        #expect(set.count == 1)
        #expect(set.skipped == [])
        #expect(!set.isEmpty)
        #expect(set.fault(Vectors.a3) == nil)
        #expect(try JWTKeySet.load(Vectors.a3Key).fault(Vectors.a3) == nil)
    }

    @Test(
        "Bytes that contain no keys",
        arguments: [
            ("", .unknownFormat), ("  ", .unknownFormat), ("keys", .unknownFormat), ("[]", .unknownFormat),
            ("{", .json), ("{\"keys\":[]} x", .json), ("{\"keys\":[],\"keys\":[]}", .json), ("{}", .notKeys),
            ("{\"keys\":{}}", .notKeys), ("{\"keys\":null}", .notKeys), ("{\"error\":\"no\"}", .notKeys),
            ("{\"keys\":[]}", .noUsableKey([])), ("{\"kty\":\"x\"}", .noUsableKey([.init("#1", "unknown kty")])),
            (String(repeating: " ", count: JWTKeySet.largestFile + 1), .tooLarge),
        ] as [(String, JWTKeyError.Kind)])
    func unusable(text: String, kind: JWTKeyError.Kind) {
        #expect(loadFault(text) == kind)
    }

    @Test(
        "Keys that are skipped, and why",
        arguments: [
            ("1", "not a JSON object"), ("{}", "unknown kty"), (#"{"kty":"AKP"}"#, "unknown kty"),
            (#"{"kty":1}"#, "a member has the wrong type"),
            (#"{"kty":"oct",\#(secret),"kid":1}"#, "a member has the wrong type"),
            (#"{"kty":"oct",\#(secret),"use":"enc"}"#, "its use is not sig"),
            (#"{"kty":"oct",\#(secret),"use":["sig"]}"#, "a member has the wrong type"),
            (#"{"kty":"oct",\#(secret),"key_ops":["sign"]}"#, "its key_ops does not have verify"),
            (#"{"kty":"oct",\#(secret),"key_ops":[]}"#, "its key_ops does not have verify"),
            (#"{"kty":"oct",\#(secret),"key_ops":"verify"}"#, "a member has the wrong type"),
            (#"{"kty":"oct",\#(secret),"alg":"A256GCM"}"#, badAlgorithm),
            (#"{"kty":"oct",\#(secret),"alg":"ES256"}"#, badAlgorithm),
            (#"{"kty":"oct",\#(secret),"alg":"none"}"#, badAlgorithm),
            (#"{"kty":"oct",\#(secret),"alg":"HS512"}"#, "a secret shorter than the hash"),
            (#"{"kty":"oct","k":"AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOw"}"#, "a secret shorter than the hash"),
            (#"{"kty":"oct"}"#, badEncoding), (#"{"kty":"oct","k":""}"#, badEncoding),
            (#"{"kty":"oct","k":"a+b/"}"#, badEncoding), (#"{"kty":"oct","k":1}"#, "a member has the wrong type"),
            (#"{"kty":"EC",\#(point)}"#, "unknown crv"), (#"{"kty":"EC","crv":"secp256k1",\#(point)}"#, "unknown crv"),
            (#"{"kty":"EC","crv":"P-384",\#(point)}"#, badEncoding), (#"{"kty":"EC","crv":"P-256"}"#, badEncoding),
            (#"{"kty":"EC","crv":"P-256",\#(point),"alg":"ES384"}"#, badAlgorithm),
            (#"{"kty":"EC","crv":"P-256",\#(point),"alg":"HS256"}"#, badAlgorithm),
            // Not on the curve: y is x.
            (#"{"kty":"EC","crv":"P-256",\#(x),"y":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, "not a valid key"),
            (#"{"kty":"OKP","crv":"X25519",\#(x)}"#, "unknown crv"),
            (#"{"kty":"OKP","crv":"Ed448",\#(x)}"#, "unknown crv"),
            (#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, badEncoding),
            (#"{"kty":"OKP","crv":"Ed25519"}"#, badEncoding),
            (#"{"kty":"RSA",\#(smallN),"e":"AQAB"}"#, "RSA below 2048 bits"),
            (#"{"kty":"RSA","e":"AQAB"}"#, badEncoding),
            (#"{"kty":"RSA",\#(n)}"#, badEncoding), (#"{"kty":"RSA",\#(n),"e":"AQ"}"#, "not a valid key"),
            (#"{"kty":"RSA",\#(n),"e":"AA"}"#, "not a valid key"),
            (#"{"kty":"RSA",\#(n),"e":"\#(Vectors.RSA.n)"}"#, "not a valid key"),
            (#"{"kty":"RSA",\#(n),"e":"AQAB","alg":"RSA-OAEP"}"#, badAlgorithm),
        ])
    func skipped(key: String, reason: String) throws {
        #expect(loadFault("{\"keys\":[\(key)]}") == .noUsableKey([.init("#1", reason)]))
        // Beside a good one it does no harm.
        let set = try JWTKeySet.load(jwks: [Vectors.a3Key, key])
        #expect(set.skipped == [.init("#2", reason)])
        #expect(set.fault(Vectors.a3) == nil)
    }

    private static let badAlgorithm = "its alg is not a signature algorithm of its key type"
    private static let badEncoding = "a member is missing, or is not base64url of the right length"

    @Test(
        "RFC 7517 §4.2, §4.3: use sig, and key_ops with verify",
        arguments: [
            #""use":"sig""#, #""key_ops":["verify"]"#, #""key_ops":["sign","verify"]"#,
            #""use":"sig","key_ops":["verify"]"#,
        ])
    func uses(member: String) throws {
        #expect(try JWTKeySet.load(#"{"kty":"EC","crv":"P-256",\#(Self.point),\#(member)}"#).fault(Vectors.a3) == nil)
    }

    @Test("A modulus with a zero in front is as long as it is without")
    func leadingZero() throws {
        let octets = try #require(Base64URL.decode(Array(Vectors.RSA.n.utf8)))
        let padded = #"{"kty":"RSA","e":"AQAB","n":"\#(base64URL([0] + octets))"}"#
        #expect(try JWTKeySet.load(padded).fault(Vectors.rfc7520RS256) == .malformed(.payload))
        let short = #"{"kty":"RSA","e":"AQAB","n":"\#(base64URL([0] + [0x7F] + octets.dropFirst()))"}"#
        #expect(loadFault(short) == .noUsableKey([.init("#1", "RSA below 2048 bits")]))
    }

    /// The private part of the JWK belongs to another key: it is not looked at.
    @Test("Of a private JWK the public part counts")
    func privateKeys() throws {
        let d = #""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI""#
        let ec = try JWTKeySet.load(#"{"kty":"EC","crv":"P-256",\#(Self.point),\#(d)}"#)
        #expect(ec.fault(Vectors.a3) == nil)
        let rsa = try JWTKeySet.load(#"{"kty":"RSA",\#(Self.n),"e":"AQAB",\#(d)}"#)
        #expect(rsa.fault(Vectors.rfc7520RS256) == .malformed(.payload))
        let okp = try JWTKeySet.load(#"{"kty":"OKP","crv":"Ed25519",\#(Self.x),\#(d)}"#)
        #expect(okp.fault(Vectors.rfc8037A4) == .malformed(.payload))
    }

    @Test(
        "RFC 7518 §3.2: a secret serves the hashes that are no longer than itself", arguments: [32, 47, 48, 63, 64, 65])
    func secretLength(count: Int) throws {
        let secret = Array(repeating: UInt8(5), count: count)
        let keys = try JWTKeySet.load(#"{"kty":"oct","k":"\#(base64URL(secret))"}"#)
        for (name, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] where count >= least {
            #expect(keys.fault(try Signer.hmac(name, secret: secret).token("{}")) == nil)
        }
        let long = try Signer.make("HS512").token("{}")
        #expect(keys.fault(long) == (count < 64 ? .algorithm(.notOfKey) : .signature))
    }

    @Test("Messages name the file, the key and the reason, and no key material")
    func messages() throws {
        let text = #"{"keys":[{"kty":"oct","kid":"a\u0007b","k":"c2VjcmV0"},{"kty":"x"}]}"#
        let message =
            "/etc/keys.json: contains no usable key: key \"a?b\": a secret shorter than the hash; "
            + "key \"#2\": unknown kty"
        do throws(JWTKeyError) {
            _ = try JWTKeySet.load(Array(text.utf8), name: "/etc/keys.json")
            Issue.record("the keys were loaded")
        } catch {
            #expect(error.description == message)
        }
    }
}

extension JWTSkippedKey {
    /// As a file has it.
    init(_ name: String, _ reason: String) {
        self.init(name: name, reason: reason)
    }
}

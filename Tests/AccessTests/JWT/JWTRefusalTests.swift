import Access
import Testing

/// Everything that is refused before or beside the signature. The tokens are signed well, so only the rule refuses.
@Suite struct JWTRefusalTests {
    /// The key's set has one key, with the id `one`.
    private func issuer() throws -> (Signer, JWTKeySet) {
        let signer = try Signer.make("HS256")
        return (signer, try JWTKeySet.load(signer.jwk(["kid": "one"])))
    }

    @Test("Longer than 8,192 bytes is refused unread; that long is not")
    func length() throws {
        let (signer, keys) = try issuer()
        let empty = try signer.token(#"{"a":""}"#).utf8.count
        // Four characters carry three octets.
        var fill = (JWTKeySet.longestToken - empty) * 3 / 4
        while try signer.token(#"{"a":"\#(String(repeating: "x", count: fill))"}"#).utf8.count < 8192 { fill += 1 }
        let longest = try signer.token(#"{"a":"\#(String(repeating: "x", count: fill))"}"#)
        #expect(longest.utf8.count == 8192)
        #expect(keys.fault(longest) == nil)
        #expect(keys.fault(longest + "A") == .tooLong)
        #expect(keys.fault(String(repeating: ".", count: 8193)) == .tooLong)
        #expect(keys.fault(String(repeating: "x", count: 1 << 20)) == .tooLong)
    }

    @Test(
        "RFC 7515 §3.1: three parts, no fewer and no more",
        arguments: ["", ".", "a", "a.b", "...", "a.b.c.d", "....", "a.b.c.d.e", "{\"payload\":\"\",\"signatures\":[]}"])
    func parts(token: String) throws {
        #expect(try issuer().1.fault(token) == .malformed(.parts))
    }

    @Test(
        "RFC 7515 §4: the header is base64url of a JSON object",
        arguments: [
            "", "[]", "\"x\"", "1", "null", "{", "{}}", "{\"alg\":\"HS256\"} x", "\u{FEFF}{\"alg\":\"HS256\"}",
            "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "{'alg':'HS256'}", "{\"alg\":\"HS256\",}",
        ])
    func header(text: String) throws {
        let (signer, keys) = try issuer()
        #expect(keys.fault(try signer.token("{}", header: text)) == .malformed(.header))
    }

    @Test(
        "RFC 7515 §4.1.1: alg is a string", arguments: ["{}", #"{"alg":1}"#, #"{"alg":null}"#, #"{"alg":["HS256"]}"#])
    func algorithmName(header: String) throws {
        let (signer, keys) = try issuer()
        #expect(keys.fault(try signer.token("{}", header: header)) == .malformed(.algorithmName))
    }

    @Test("RFC 8725 §3.2: alg none in any case is refused", arguments: ["none", "None", "NONE", "nOnE"])
    func none(name: String) throws {
        let (signer, keys) = try issuer()
        let signed = try signer.token("{}", header: #"{"alg":"\#(name)"}"#)
        #expect(keys.fault(signed) == .algorithm(.none))
        let unsigned = signed.split(separator: ".").dropLast().joined(separator: ".") + "."
        #expect(keys.fault(unsigned) == .algorithm(.none))
    }

    @Test(
        "RFC 7515 §4.1.1: names of algorithms are exact",
        arguments: ["", "hs256", "HS256 ", "HS1", "ES256K", "RSA-OAEP", "A128KW", "dir", "Ed448", "none\\u0000"])
    func unknownAlgorithm(name: String) throws {
        let (signer, keys) = try issuer()
        #expect(keys.fault(try signer.token("{}", header: #"{"alg":"\#(name)"}"#)) == .algorithm(.unknown))
    }

    @Test(
        "RFC 7515 §4.1.11, RFC 7797 §6: crit and b64 are refused, whatever they say",
        arguments: [
            (#""crit":["exp"]"#, "crit"), (#""crit":[]"#, "crit"), (#""crit":null"#, "crit"), (#""b64":true"#, "b64"),
            (#""b64":false,"crit":["b64"]"#, "crit"),
        ])
    func critical(member: String, name: String) throws {
        let (signer, keys) = try issuer()
        let token = try signer.token("{}", header: #"{"alg":"HS256",\#(member)}"#)
        #expect(keys.fault(token) == .critical(name))
    }

    @Test("RFC 7515 §4.1.4: kid is a string", arguments: ["1", "null", "[\"one\"]", "{}"])
    func keyIDType(value: String) throws {
        let (signer, keys) = try issuer()
        let token = try signer.token("{}", header: #"{"alg":"HS256","kid":\#(value)}"#)
        #expect(keys.fault(token) == .malformed(.keyID))
    }

    @Test("A kid that no key has", arguments: ["", "two", "ONE", "one "])
    func unknownKey(id: String) throws {
        let (signer, keys) = try issuer()
        let token = try signer.token("{}", header: #"{"alg":"HS256","kid":"\#(id)"}"#)
        #expect(keys.fault(token) == .unknownKey(id))
    }

    /// RFC 8725 §3.10: what the token says about keys is not believed.
    @Test("A key in the header does not count", arguments: ["jwk", "jku", "x5c", "x5u"])
    func keyInHeader(name: String) throws {
        let forger = try Signer.make("ES256")
        let keys = try JWTKeySet.load(try Signer.make("ES256").jwk())
        let value = name == "jwk" ? forger.jwk() : name == "x5c" ? "[\"AAAA\"]" : "\"https://forger.example/\""
        let token = try forger.token("{}", header: #"{"alg":"ES256","\#(name)":\#(value)}"#)
        #expect(keys.fault(token) == .signature)
        #expect(try JWTKeySet.load(forger.jwk()).fault(token) == nil)
    }

    /// The signature of a part that is not base64url is good all the same: it covers the characters.
    @Test("RFC 7515 §2: base64url without padding, and nothing else, in every part")
    func encoding() throws {
        let (signer, keys) = try issuer()
        let parts = try signer.token("{ }").split(separator: ".").map(String.init)
        #expect(keys.fault(parts.joined(separator: ".")) == nil)
        for bad in ["=", "==", "+", "/", " ", "\n", "%", "é", "\0"] {
            #expect(keys.fault(try signer.signed("\(parts[0])\(bad).\(parts[1])")) == .malformed(.header), "\(bad)")
            #expect(keys.fault(try signer.signed("\(parts[0]).\(parts[1])\(bad)")) == .malformed(.payload), "\(bad)")
            #expect(keys.fault("\(parts[0]).\(parts[1]).\(parts[2])\(bad)") == .malformed(.signature), "\(bad)")
        }
        // The last character of an HS256 signature has two bits to spare.
        let last = try #require(parts[2].last)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let place = try #require(alphabet.firstIndex(of: last))
        for spare in 1...3 {
            let token = "\(parts[0]).\(parts[1]).\(parts[2].dropLast())\(alphabet[place | spare])"
            #expect(keys.fault(token) == .malformed(.signature))
        }
    }

    @Test(
        "RFC 7519 §7.2: the payload is a JSON object",
        arguments: ["", "[]", "\"x\"", "1", "null", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\\ud800\"}", "hello"])
    func payload(text: String) throws {
        let (signer, keys) = try issuer()
        #expect(keys.fault(try signer.token(text)) == .malformed(.payload))
    }

    @Test("A nested token (RFC 7519 §5.2) is refused")
    func nested() throws {
        let (signer, keys) = try issuer()
        let token = try signer.token(signer.token("{}"), header: #"{"alg":"HS256","cty":"JWT"}"#)
        #expect(keys.fault(token) == .malformed(.payload))
    }

    @Test("Deep nesting is refused in header and payload, and costs no stack")
    func depth() throws {
        let (signer, keys) = try issuer()
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = String(repeating: open, count: 900) + "1" + String(repeating: close, count: 900)
            #expect(keys.fault(try signer.token("{\"a\":\(nested)}")) == .malformed(.payload))
            #expect(
                keys.fault(try signer.token("{}", header: "{\"alg\":\"HS256\",\"a\":\(nested)}")) == .malformed(.header)
            )
        }
    }

    /// What an operator reads must not be what a client wrote.
    @Test("Descriptions contain no token, no claim's value and no control character")
    func descriptions() throws {
        let (signer, keys) = try issuer()
        let token = try signer.token(
            #"{"sub":"hunter2"}"#,
            header: "{\"alg\":\"HS256\",\"kid\":\"a\\nb\\\"\\u001b\(String(repeating: "z", count: 99))\"}")
        let unknown = try #require(keys.fault(token)).description
        #expect(unknown == "no key has the token's kid \"a?b??\(String(repeating: "z", count: 59))\"")
        let rules = JWTRules(requirements: [JWTRequirement(claim: "sub", value: "other")])
        let claim = try #require(keys.fault(signer.token(#"{"sub":"hunter2"}"#), rules: rules)).description
        #expect(claim == "the token's claim \"sub\" is not as required")
    }
}

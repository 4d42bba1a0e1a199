import Access
import Testing

@Suite struct JWTClaimTests {
    private func fault(
        _ payload: String, _ requirements: [JWTRequirement] = [], leeway: Int64 = 0, now: Int64 = 0
    ) throws -> JWTError? {
        let signer = try Signer.make("HS256")
        let rules = JWTRules(leeway: leeway, requirements: requirements)
        return try JWTKeySet.load(signer.jwk()).fault(signer.token(payload), rules: rules, now: now)
    }

    private func verified(_ payload: String, leeway: Int64 = 0, now: Int64 = 0) throws -> JWTVerified {
        let signer = try Signer.make("HS256")
        let rules = JWTRules(leeway: leeway)
        return try JWTKeySet.load(signer.jwk()).verify(Secret(signer.token(payload)), rules: rules, now: now)
    }

    // MARK: Times

    struct Time: Sendable {
        let payload: String
        let leeway: Int64
        let now: Int64
        let fault: JWTError?

        init(_ payload: String, _ leeway: Int64, _ now: Int64, _ fault: JWTError?) {
            (self.payload, self.leeway, self.now, self.fault) = (payload, leeway, now, fault)
        }
    }

    @Test(
        "RFC 7519 §4.1.4 exp, §4.1.5 nbf: the borders, with and without leeway",
        arguments: [
            Time(#"{"exp":100}"#, 0, 99_999, nil), Time(#"{"exp":100}"#, 0, 100_000, .expired),
            Time(#"{"exp":100}"#, 5000, 104_999, nil), Time(#"{"exp":100}"#, 5000, 105_000, .expired),
            Time(#"{"exp":100.5}"#, 0, 100_499, nil), Time(#"{"exp":100.5}"#, 0, 100_500, .expired),
            Time(#"{"exp":1e2}"#, 0, 99_999, nil), Time(#"{"exp":1e2}"#, 0, 100_000, .expired),
            Time(#"{"nbf":100}"#, 0, 99_999, .notYetValid), Time(#"{"nbf":100}"#, 0, 100_000, nil),
            Time(#"{"nbf":100}"#, 5000, 94_999, .notYetValid), Time(#"{"nbf":100}"#, 5000, 95_000, nil),
            Time(#"{"nbf":100,"exp":200}"#, 0, 150_000, nil), Time(#"{"nbf":200,"exp":100}"#, 0, 150_000, .expired),
            Time(#"{"exp":100}"#, -5000, 99_999, nil), Time(#"{"exp":100}"#, -5000, 100_000, .expired),
            Time(#"{"iat":100}"#, 0, 0, nil), Time("{}", 0, 0, nil),
        ])
    func time(time: Time) throws {
        #expect(try fault(time.payload, leeway: time.leeway, now: time.now) == time.fault, "\(time)")
    }

    @Test(
        "Times beyond all bounds are late or early, and do not trap",
        arguments: [
            Time(#"{"exp":-1}"#, 0, 0, .expired), Time(#"{"exp":0}"#, 0, 0, .expired),
            Time(#"{"exp":-1e300}"#, 0, 0, .expired), Time(#"{"exp":-1e999}"#, 0, 0, .expired),
            Time(#"{"exp":1e300}"#, 0, 1 << 40, nil), Time(#"{"exp":1e999}"#, 0, 1 << 40, nil),
            Time(#"{"exp":9223372036854775807}"#, .max, .max, nil), Time(#"{"exp":1e-999}"#, 0, 0, .expired),
            Time(#"{"exp":99999999999999999999999999999999}"#, 0, 0, nil), Time(#"{"exp":1}"#, .max, .max, nil),
            Time(#"{"exp":1}"#, 0, .max, .expired), Time(#"{"exp":1}"#, 0, .min, nil),
            Time(#"{"nbf":1e300}"#, 0, 1 << 40, .notYetValid), Time(#"{"nbf":-1e300}"#, 0, 0, nil),
            Time(#"{"nbf":1}"#, .max, 0, nil), Time(#"{"nbf":1}"#, 0, .min, .notYetValid),
        ])
    func extremeTime(time: Time) throws {
        #expect(try fault(time.payload, leeway: time.leeway, now: time.now) == time.fault, "\(time)")
    }

    @Test(
        "RFC 7519 §2 NumericDate: a time of another type is malformed",
        arguments: [#""100""#, "null", "true", "[100]", "{}", #""NaN""#])
    func timeType(value: String) throws {
        #expect(try fault(#"{"exp":\#(value)}"#) == .malformed(.time))
        #expect(try fault(#"{"nbf":\#(value)}"#) == .malformed(.time))
    }

    @Test("JSON has no NaN and no Infinity", arguments: ["NaN", "Infinity", "-Infinity", "0x64", "+1", "1."])
    func noNumber(value: String) throws {
        #expect(try fault(#"{"exp":\#(value)}"#) == .malformed(.payload))
    }

    @Test("The session ends with exp and the leeway")
    func expiresAt() throws {
        #expect(try verified(#"{"exp":100}"#).expiresAt == 100_000)
        #expect(try verified(#"{"exp":100}"#, leeway: 5000).expiresAt == 105_000)
        #expect(try verified(#"{"exp":100.25}"#).expiresAt == 100_250)
        #expect(try verified(#"{"exp":1e300}"#).expiresAt == 253_402_300_799_999)
        #expect(try verified("{}").expiresAt == nil)
    }

    // MARK: Requirements

    @Test(
        "A requirement is kept by an equal string, an array with it, a number or boolean of that text",
        arguments: [
            (#""a""#, "a", true), (#""a""#, "b", false), (#""a""#, "A", false), (#""a""#, "", false),
            (#""""#, "", false), (#"["a","b"]"#, "b", true), (#"["a","b"]"#, "c", false), ("[]", "a", false),
            (#"["a",1,true]"#, "1", true), (#"["a",1,true]"#, "true", true), (#"[["a"]]"#, "a", false),
            (#"[""]"#, "", false), ("1", "1", true), ("1", "1.0", false), ("1.0", "1.0", true), ("1e3", "1000", false),
            ("-5", "-5", true), ("12345678901234567890", "12345678901234567890", true), ("true", "true", true),
            ("false", "true", false), ("null", "null", false), ("[null]", "null", false), (#"{"a":"a"}"#, "a", false),
            (#"{}"#, "{}", false), (#""\u0061""#, "a", true), (#""caf\u00e9""#, "caf\u{E9}", true),
            (#""caf\u00e9""#, "cafe\u{301}", false), (#""a\u0000""#, "a", false),
        ])
    func requirement(value: String, wanted: String, isKept: Bool) throws {
        let fault = try fault(#"{"c":\#(value)}"#, [JWTRequirement(claim: "c", value: wanted)])
        #expect(fault == (isKept ? nil : .claim("c")), "\(value) \(wanted)")
    }

    @Test(
        "A claim that must be there",
        arguments: [
            (#"{"c":"a"}"#, true), (#"{"c":""}"#, true), (#"{"c":false}"#, true), (#"{"c":[]}"#, true),
            (#"{"c":null}"#, false), ("{}", false), (#"{"C":1}"#, false), (#"{"a":{"c":1}}"#, false),
        ])
    func presence(payload: String, isThere: Bool) throws {
        #expect(try fault(payload, [JWTRequirement(claim: "c")]) == (isThere ? nil : .claim("c")))
    }

    @Test("RFC 7519 §4.1.1 iss, §4.1.3 aud: every requirement counts, and the first that fails is named")
    func several() throws {
        let payload = #"{"iss":"https://id.example","aud":["mqtt","web"],"sub":"sensor-7"}"#
        let issuer = JWTRequirement(claim: "iss", value: "https://id.example")
        let audience = JWTRequirement(claim: "aud", value: "mqtt")
        #expect(try fault(payload, [issuer, audience]) == nil)
        #expect(
            try fault(payload, [issuer, audience, JWTRequirement(claim: "sub", value: "x")]) == .claim("sub"))
        #expect(try fault(payload, [JWTRequirement(claim: "aud", value: "x"), issuer]) == .claim("aud"))
    }

    @Test("Times come before requirements")
    func order() throws {
        #expect(try fault(#"{"exp":1}"#, [JWTRequirement(claim: "c")], now: 5000) == .expired)
    }

    @Test(
        "Claims as text: strings, integers and booleans",
        arguments: [
            (#""a b""#, "a b"), (#""""#, ""), (#""\u00e9\n""#, "\u{E9}\n"), ("1", "1"), ("-12", "-12"),
            ("true", "true"),
            ("false", "false"), ("12345678901234567890", "12345678901234567890"), ("1.5", nil), ("1e3", nil),
            ("null", nil), ("[]", nil), (#"["a"]"#, nil), ("{}", nil),
        ] as [(String, String?)])
    func text(value: String, text: String?) throws {
        let verified = try verified(#"{"c":\#(value)}"#)
        #expect(verified.text("c") == text)
        #expect(verified.text("d") == nil)
    }
}

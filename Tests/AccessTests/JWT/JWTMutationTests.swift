import Access
import TestSupport
import Testing

/// Tokens that were changed on the way. The seed is fixed: a failure shows again.
@Suite struct JWTMutationTests {
    @Test("2,000 changed tokens are refused and trap nowhere", arguments: ["HS256", "ES256", "EdDSA", "RS256"])
    func mutations(name: String) throws {
        let signer = try Signer.make(name)
        let keys = try JWTKeySet.load(signer.jwk(["kid": "one"]))
        let payload = #"{"iss":"https://id.example","sub":"sensor-7","exp":4102444800,"aud":["mqtt"]}"#
        let token = Array(try signer.token(payload, header: #"{"alg":"\#(name)","kid":"one"}"#).utf8)
        #expect(keys.fault(String(decoding: token, as: UTF8.self)) == nil)
        var random = SeededGenerator(seed: 20_240_519)
        var tried = 0
        while tried < 2000 {
            let changed = mutated(token, &random)
            guard changed != token else { continue }
            tried += 1
            let result = changed.withUnsafeBytes { bytes in
                Result { () throws(JWTError) in try keys.verify(bytes, rules: JWTRules(), now: 0) }
            }
            #expect(throws: JWTError.self, "\(String(decoding: changed, as: UTF8.self))") { try result.get() }
        }
    }

    @Test("2,000 changed key sets load or fail, and trap nowhere")
    func keySets() throws {
        let signers = ["RS256", "ES256", "ES384", "ES512", "EdDSA", "HS256"]
        var keys: [String] = []
        for name in signers { keys.append(try Signer.make(name).jwk(["kid": name, "alg": name])) }
        let set = Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8)
        var random = SeededGenerator(seed: 7)
        var loaded = 0
        for _ in 0..<2000 {
            if let keys = try? JWTKeySet.load(mutated(set, &random), name: "keys") {
                loaded += 1
                #expect(!keys.isEmpty)
            }
        }
        #expect(loaded > 0 && loaded < 2000)
    }

    /// One to three changes: a bit, a byte, a removal, a repetition, a cut, two swapped.
    private func mutated(_ source: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = source
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard !bytes.isEmpty else { return bytes }
            let place = bytes.indices.randomElement(using: &random) ?? 0
            let other = bytes.indices.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = .random(in: .min ... .max, using: &random)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(contentsOf: bytes[min(place, other)..<max(place, other)], at: place)
            case 4: bytes.removeLast(Int.random(in: 1...max(1, bytes.count / 4), using: &random))
            default: bytes.swapAt(place, other)
            }
        }
        return bytes
    }
}

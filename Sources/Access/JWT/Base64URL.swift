extension [UInt8] {
    /// The octets of base64url without padding (RFC 7515 §2). Nil for any other character, an impossible length, and
    /// bits in the last character that stand for nothing: every value has one spelling.
    package init?(base64URL text: UnsafeRawBufferPointer) {
        guard text.count % 4 != 1 else { return nil }
        var bits: UInt32 = 0
        var held: UInt32 = 0
        var isGood = true
        self.init(unsafeUninitializedCapacity: text.count / 4 * 3 + 2) { octets, count in
            base64URLValues.withUnsafeBufferPointer { values in
                for character in text {
                    let value = values[Int(character)]
                    if value > 63 { isGood = false }
                    bits = bits << 6 | UInt32(value)
                    held += 6
                    guard held >= 8 else { continue }
                    held -= 8
                    octets[count] = UInt8(truncatingIfNeeded: bits >> held)
                    count += 1
                }
            }
        }
        guard isGood, bits & (1 << held - 1) == 0 else { return nil }
    }

    /// The same for text in an array.
    package init?(base64URL text: [UInt8]) {
        guard let octets = text.withUnsafeBytes({ [UInt8](base64URL: $0) }) else { return nil }
        self = octets
    }
}

/// For each byte the value of the character, or 0xFF (RFC 4648 §5).
private let base64URLValues: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
    return values
}()

/// What is written of ASN.1: enough to give OpenSSL a key or a signature in the one form that it reads (X.690 §8, §10).
enum DER {
    static func sequence(_ parts: [UInt8]...) -> [UInt8] { value(0x30, Array(parts.joined())) }

    /// An unsigned big-endian number of any length, with zeros in front or without.
    static func integer(_ number: some Collection<UInt8>) -> [UInt8] {
        let significant = number.drop { $0 == 0 }
        let isNegative = significant.first.map { $0 > 0x7F } ?? true  // none at all: zero is one byte
        return value(0x02, (isNegative ? [0] : []) + significant)
    }

    static func bitString(_ bytes: [UInt8]) -> [UInt8] { value(0x03, [0] + bytes) }

    /// `bytes`: the encoded components.
    static func objectIdentifier(_ bytes: [UInt8]) -> [UInt8] { value(0x06, bytes) }

    private static func value(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = contents.count
        repeat {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        } while rest > 0
        if contents.count > 0x7F { length.insert(0x80 | UInt8(length.count), at: 0) }
        return [tag] + length + contents
    }
}

/// Base64 with the standard alphabet and padding, RFC 4648 §4.
enum Base64 {
    private static let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The encoding of `bytes`.
    static func encode(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let second = start + 1 < bytes.count ? bytes[start + 1] : 0
            let third = start + 2 < bytes.count ? bytes[start + 2] : 0
            let group = UInt32(bytes[start]) << 16 | UInt32(second) << 8 | UInt32(third)
            for shift in [18, 12, 6, 0] as [UInt32] {
                text.append(alphabet[Int(group >> shift & 0x3F)])
            }
        }
        let missing = (3 - bytes.count % 3) % 3
        text.replaceSubrange((text.count - missing)..., with: repeatElement(UInt8(ascii: "="), count: missing))
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether `text` is the padded encoding of exactly `count` bytes. Stray bits in the last digit are tolerated
    /// (RFC 4648 §3.5): they decode to the same bytes.
    static func isEncoding(_ text: String, ofByteCount count: Int) -> Bool {
        let groups = (count + 2) / 3
        let padding = groups * 3 - count
        guard text.utf8.count == groups * 4 else { return false }
        return text.utf8.dropLast(padding).allSatisfy(alphabet.contains)
            && text.utf8.suffix(padding).allSatisfy { $0 == UInt8(ascii: "=") }
    }
}

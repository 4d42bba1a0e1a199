/// The characters that take two columns: wide and fullwidth ones of Unicode's East Asian Width (UAX #11).
enum WideCharacters {
    static func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        guard value >= 0x1100 else { return false }
        // Two regional indicators make a flag of two columns: each takes one.
        if (0x1F1E6...0x1F1FF).contains(value) { return false }
        return ranges.contains { $0.contains(value) } || scalar.properties.isEmojiPresentation
    }

    /// In order. Emoji that are wide are known by their property.
    private static let ranges: [ClosedRange<UInt32>] = [
        0x1100...0x115F,  // Hangul, the first parts of syllables
        0x2329...0x232A,  // angle brackets
        0x2630...0x2637, 0x268A...0x268F,  // trigrams, digrams
        0x2E80...0x303E,  // radicals, ideographic punctuation
        0x3041...0x3247, 0x3250...0xA48C, 0xA490...0xA4C6,  // kana to Yi
        0xA960...0xA97C, 0xAC00...0xD7A3,  // Hangul
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B,  // compatibility and vertical forms
        0xFF01...0xFF60, 0xFFE0...0xFFE6,  // fullwidth forms
        0x16FE0...0x18DFF,  // Tangut, Khitan
        0x1AFF0...0x1B2FB,  // kana, Nushu
        0x1D300...0x1D356, 0x1D360...0x1D376,  // hexagrams, counting rods
        0x1F200...0x1F265,  // enclosed ideographs
        0x1F300...0x1F320, 0x1F900...0x1F9FF,
        0x20000...0x2FFFD, 0x30000...0x3FFFD,  // ideographs
    ]
}

import Testing

@testable import Top

@Suite struct TerminalTextTests {
    @Test(
        "Widths are those of a terminal",
        arguments: [
            ("abc", 3), ("你好", 4), ("e\u{301}", 1), ("ｆｕｌｌ", 8), ("한글", 4), ("😀", 2),
            ("é", 1), ("Ω", 1), ("ア", 2), ("ｱ", 1), ("🇩🇪", 2), ("☃", 1), ("⌚", 2), ("\u{20000}", 2),
        ])
    func widths(text: String, width: Int) {
        #expect(TerminalText.width(text) == width)
        #expect(TerminalText.prefix(text, 100).text == text)
    }

    @Test(
        "Nothing reaches the terminal as a command, or turns, hides or joins text",
        arguments: [
            ("\u{1B}[31m", "\\x1B[31m"), ("\u{9B}2J", "\\xC2\\x9B2J"), ("a\nb\tc\r", "a\\x0Ab\\x09c\\x0D"),
            ("\u{7F}", "\\x7F"),
            ("\u{202E}x", "\\xE2\\x80\\xAEx"), ("\u{2066}", "\\xE2\\x81\\xA6"), ("a\u{200D}b", "a\\xE2\\x80\\x8Db"),
            ("\u{200B}", "\\xE2\\x80\\x8B"), ("\u{FEFF}", "\\xEF\\xBB\\xBF"), ("\u{2028}", "\\xE2\\x80\\xA8"),
            ("☺\u{FE0F}", "☺\\xEF\\xB8\\x8F"), ("\u{3164}", "\\xE3\\x85\\xA4"), ("\u{E000}", "\\xEE\\x80\\x80"),
            ("\u{E0041}", "\\xF3\\xA0\\x81\\x81"), ("\\x1B", "\\x5Cx1B"), ("\0", "\\x00"), ("\u{61C}", "\\xD8\\x9C"),
            ("\u{1112}\u{1161}", "\u{1112}\\xE1\\x85\\xA1"),
            ("\u{10FFFF}", "\\xF4\\x8F\\xBF\\xBF"), ("\u{301}a", "\\xCC\\x81a"),
            ("a\u{301}\u{302}\u{303}", "a\u{301}\u{302}\\xCC\\x83"),
        ])
    func escapes(text: String, shown: String) {
        #expect(TerminalText.prefix(text, 100) == (shown, TerminalText.columns(ofWord: shown)))
        #expect(TerminalText.word(text) == shown)
    }

    @Test(
        "A text is cut off whole characters, and padded",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde~"), ("abc", 6, "abc   "), ("你好你好", 6, "你好~ "),
            ("你好你", 6, "你好你"), ("ab\u{1B}cd", 5, "ab~  "), ("ab\u{1B}", 6, "ab\\x1B"), ("x", 0, ""), ("xy", 1, "~"),
            ("你", 1, "~"), ("", 3, "   "), ("abcdee\u{301}", 6, "abcdee\u{301}"),
        ])
    func fitting(text: String, width: Int, shown: String) {
        #expect(TerminalText.fit(text, width).unicodeScalars.elementsEqual(shown.unicodeScalars))
    }

    @Test("Whatever the text, what is shown of it is as wide as it should be")
    func anyText() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let scalars = (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &generator))
            }
            let text = String(String.UnicodeScalarView(scalars))
            for width in [1, 7, 30] {
                let shown = TerminalText.fit(text, width)
                #expect(TerminalText.columns(ofWord: shown) == width, "\(scalars)")
                #expect(!shown.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
            }
            #expect(!TerminalText.word(text).contains { $0.isWhitespace })
        }
    }

    @Test("A word is one field, whatever is in it")
    func words() {
        #expect(TerminalText.word("") == "-" && TerminalText.word("a b") == "a\\x20b")
        #expect(TerminalText.word("a\u{A0}b\u{3000}") == "a\\xC2\\xA0b\\xE3\\x80\\x80")
    }
}

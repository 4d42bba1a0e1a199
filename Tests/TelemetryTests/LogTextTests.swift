import Testing

@testable import Telemetry

@Suite("Log text")
struct LogTextTests {
    @Test(
        "Quotes, backslashes and control characters are escaped, nothing else",
        arguments: [
            ("", ""), ("client-1", "client-1"), ("a b", "a b"), ("é 😀", "é 😀"), ("\u{A0}", "\u{A0}"),
            ("a\nb", #"a\x0Ab"#), ("\r\n", #"\x0D\x0A"#), ("\t", #"\x09"#), ("\0", #"\x00"#), ("\"", #"\x22"#),
            ("\\", #"\x5C"#), (#"\x0A"#, #"\x5Cx0A"#), ("\u{7F}", #"\x7F"#), ("\u{1B}[2J", #"\x1B[2J"#),
            ("e\u{301}\n", "e\u{301}\\x0A"),
            // ECMA-48 §5.3: C1, of which U+009B begins a control sequence.
            ("\u{9B}2J", #"\xC2\x9B2J"#), ("\u{80}\u{9F}", #"\xC2\x80\xC2\x9F"#),
            // Line ends of Unicode, and what turns the order of a line around.
            ("a\u{2028}\u{2029}", #"a\xE2\x80\xA8\xE2\x80\xA9"#), ("\u{202E}cod", #"\xE2\x80\xAEcod"#),
            ("\u{2066}", #"\xE2\x81\xA6"#), ("\u{2027}\u{202F}\u{2065}\u{206A}", "\u{2027}\u{202F}\u{2065}\u{206A}"),
        ])
    func escape(value: String, escaped: String) {
        #expect(LogText.escape(value) == escaped)
    }

    @Test("No scalar of the first two blocks gets a control character, a quote or a line end into a log")
    func everyScalar() {
        for value in 0...0xFF as ClosedRange<UInt32> {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = LogText.escape("a" + String(scalar) + "b")
            let isControl = text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
            #expect(!isControl && !text.contains("\""), "\(value)")
            #expect(text.hasPrefix("a") && text.hasSuffix("b"), "\(value)")
        }
    }

    @Test("Text of the operator's keeps its quotes")
    func oneLine() {
        #expect(LogText.oneLine("a \"b\" \\ \n") == #"a "b" \ \x0A"#)
    }

    @Test(
        "Cut between two characters, with a sign of it",
        arguments: [
            ("abc", 3, "abc"), ("abcd", 3, "…"), ("abcde", 4, "a…"), ("éé", 4, "éé"), ("ééé", 5, "é…"), ("ééé", 4, "…"),
            ("e\u{301}abc", 5, "e…"), ("", 0, ""),
        ])
    func cut(text: String, limit: Int, result: String) {
        #expect(Array(LogText.cut(text, limit: limit).unicodeScalars) == Array(result.unicodeScalars))
    }

    @Test(
        "Sixteen digits, lower case",
        arguments: [
            (0, "0000000000000000"), (0xABC, "0000000000000abc"), (.max, "ffffffffffffffff"),
            (1 << 60, "1000000000000000"),
        ] as [(UInt64, String)])
    func connectionID(value: UInt64, text: String) {
        #expect(LogText.connectionID(value) == text)
    }

    @Test(
        "Milliseconds as seconds; a clock that went back is zero",
        arguments: [
            (0, "0.000"), (1, "0.001"), (999, "0.999"), (1_000, "1.000"), (61_050, "61.050"), (-1, "0.000"),
            (.min, "0.000"), (.max, "9223372036854775.807"),
        ] as [(Int64, String)])
    func seconds(milliseconds: Int64, text: String) {
        #expect(LogText.seconds(milliseconds) == text)
    }
}

import Testing

@testable import Configuration

@Suite struct LexerTests {
    /// Tokens as short texts: words in brackets, then `line:column`.
    private func tokens(_ text: String) throws -> [String] {
        var lexer = Lexer(Array(text.utf8), file: "a")
        var result: [String] = []
        while true {
            switch try lexer.next() {
            case .word(let word): result.append("[\(word.text)] \(word.position.line):\(word.position.column)")
            case .semicolon(let position): result.append("; \(position.line):\(position.column)")
            case .open(let position): result.append("{ \(position.line):\(position.column)")
            case .close(let position): result.append("} \(position.line):\(position.column)")
            case .end: return result
            }
        }
    }

    private func words(_ text: String) throws -> [String] {
        var lexer = Lexer(Array(text.utf8), file: "a")
        var result: [String] = []
        while case .word(let word) = try lexer.next() { result.append(word.text) }
        return result
    }

    private func failure(_ bytes: [UInt8]) -> String? {
        var lexer = Lexer(bytes, file: "a")
        do throws(ConfigurationError) {
            while true {
                if case .end = try lexer.next() { return nil }
            }
        } catch {
            return error.description
        }
    }

    @Test func positionsCountLinesAndCharacters() throws {
        let text = "listen  80;\n\tserver_name äöü €;\r\n{ } # {;}\n x"
        #expect(
            try tokens(text) == [
                "[listen] 1:1", "[80] 1:9", "; 1:11", "[server_name] 2:2", "[äöü] 2:14", "[€] 2:18", "; 2:19",
                "{ 3:1", "} 3:3", "[x] 4:2",
            ])
    }

    @Test func byteOrderMarkIsSkipped() throws {
        #expect(try tokens("\u{FEFF}a") == ["[a] 1:1"])
    }

    @Test(arguments: [
        (#""a b" 'c d'"#, ["a b", "c d"]),
        (#""it's" 'say "hi"'"#, ["it's", #"say "hi""#]),
        (#""\"\'\\" \"x\'"#, [#""'\"#, #""x'"#]),
        (#""\t\r\n" a\tb"#, ["\t\r\n", "a\tb"]),
        (#"'\.php$' \d+"#, [#"\.php$"#, #"\d+"#]),
        (#"a"b c'd"#, [#"a"b"#, "c'd"]),
        (#"a#b #c"#, ["a#b"]),
        (#"${a}b$c x${d}"#, ["${a}b$c", "x${d}"]),
        (#""{;}#" "" ''"#, ["{;}#", "", ""]),
        (#"a\ b"#, [#"a\ b"#]),
    ]) func word(text: String, expected: [String]) throws {
        #expect(try words(text) == expected)
    }

    @Test(arguments: [
        ("\"abc", "a:1:1: the quote that opens here is never closed"),
        ("a; 'b\n\n", "a:1:4: the quote that opens here is never closed"),
        ("'a\\'", "a:1:1: the quote that opens here is never closed"),
        ("\"a\"b", "a:1:4: expected a space, \";\" or \"{\" after the closing quote"),
        ("x${a b}", "a:1:2: \"${\" is never closed; a variable is written ${name}"),
        ("x${a", "a:1:2: \"${\" is never closed; a variable is written ${name}"),
        ("# \u{1}", "a:1:3: there is a control character U+0001 in the text"),
        ("a \u{7F}", "a:1:3: there is a control character U+007F in the text"),
    ]) func fault(text: String, expected: String) {
        #expect(failure(Array(text.utf8)) == expected)
    }

    // RFC 3629 §4
    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ] as [[UInt8]]) func notUTF8(bytes: [UInt8])
    {
        #expect(failure([0x61, 0x0A, 0x20] + bytes) == "a:2:2: this is not valid UTF-8")
    }

    // RFC 3629 §4
    @Test(arguments: ["\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}"])
    func utf8Bounds(text: String) throws {
        #expect(try words(text + " x") == [text, "x"])
    }
}

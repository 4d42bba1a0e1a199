import Testing
import Text

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test(
        "RFC 8259: values",
        arguments: [
            ("null", .null), (" true\t", .bool(true)), ("\r\nfalse", .bool(false)), ("0", .number("0")),
            ("-0", .number("-0")), ("12.50", .number("12.50")), ("-1e+3", .number("-1e+3")), ("2E-7", .number("2E-7")),
            (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\t""#, .string("a\"\\/\u{8}\u{C}\n\r\t")),
            (#""\u00e9\u20AC\ud83d\ude00""#, .string("\u{E9}\u{20AC}\u{1F600}")), (#""é€😀""#, .string("é€😀")),
            (#""\u0000""#, .string("\0")), ("[]", .array([])), ("[ ]", .array([])), ("{}", .object([:])),
            ("[1, [2], {\"a\" : null}]", .array([.number("1"), .array([.number("2")]), .object(["a": .null])])),
            ("{\"a\":1,\"b\":{\"a\":2}}", .object(["a": .number("1"), "b": .object(["a": .number("2")])])),
        ] as [(String, JSONValue)])
    func values(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(
        "RFC 8259: what is no JSON text",
        arguments: [
            "", " ", "nul", "nulll", "True", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "1 2", "\"", "\"a",
            "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\n\"",
            "\"\\ud800\\ud800\"", "\"\t\"", "\"\n\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"",
            "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "}",
            "'a'", "// a\n1", "\u{FEFF}1", "[1]]", "\u{A0}1",
        ])
    func faults(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test(
        "RFC 8259 §8.1: strings are well-formed UTF-8", arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2]])
    func encoding(bytes: [UInt8]) {
        #expect(throws: JSONError.syntax(at: 1)) { try JSONParser.parse([0x22] + bytes + [0x22]) }
        #expect(throws: JSONError.syntax(at: 1)) { try JSONParser.parse([0x22] + bytes + Array("\\n\"".utf8)) }
        #expect(throws: JSONError.syntax(at: 0)) { try JSONParser.parse(bytes) }
    }

    @Test(
        "RFC 8259 §4: a name that stands twice, however it is written",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"[{"b":{"a":1,"a":2}}]"#,
        ])
    func duplicates(text: String) {
        #expect(throws: JSONError.duplicateName) { try parse(text) }
    }

    @Test("Depth is bounded", arguments: [("[", "]"), ("{\"a\":", "}")])
    func depth(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(JSONParser.deepest)) }
        #expect(throws: JSONError.tooDeep) { try parse(nested(JSONParser.deepest + 1)) }
        #expect(throws: JSONError.tooDeep) { try parse(String(repeating: open, count: 500_000)) }
    }

    @Test("Every text that is cut short is refused")
    func prefixes() {
        let text = Array(#"{"a":[1.5e3,true,false,null,"b\u00e9\ud83d\ude00"],"c":{"d":{}}}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONParser.parse(Array(text[..<count])) }
        }
    }
}

import Testing

@testable import Access

@Suite("Password files: editing")
struct PasswordFileEditorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var expected: String
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ expected: String) {
            (self.name, self.text, self.expected) = (name, text, expected)
        }
    }

    static let settings: [Case] = [
        Case("an empty file", "", "bob:NEW\n"),
        Case("a new user goes to the end", "amy:1\nzoe:2\n", "amy:1\nzoe:2\nbob:NEW\n"),
        Case("the last line has no end", "amy:1", "amy:1\nbob:NEW\n"),
        Case("a known user keeps the line", "amy:1\nbob:old\nzoe:2\n", "amy:1\nbob:NEW\nzoe:2\n"),
        Case("a known user in a last line without an end", "amy:1\nbob:old", "amy:1\nbob:NEW"),
        Case("comments and empty lines stay", "# a\n\nbob:old\n # b\n#bob:x\n", "# a\n\nbob:NEW\n # b\n#bob:x\n"),
        Case("CRLF stays", "amy:1\r\nbob:old\r\n", "amy:1\r\nbob:NEW\r\n"),
        Case("CRLF for a new line", "amy:1\r\nzoe:2", "amy:1\r\nzoe:2\r\nbob:NEW\r\n"),
        Case("a third field stays", "bob:old:Bob:x\n", "bob:NEW:Bob:x\n"),
        Case("twice in the file: once afterwards", "bob:1\namy:2\nbob:3\n", "bob:NEW\namy:2\n"),
        Case("a plain password is replaced", "bob:hunter2\n", "bob:NEW\n"),
        Case("a prefix is another user", "bobby:1\nbo:2\nBob:3\n", "bobby:1\nbo:2\nBob:3\nbob:NEW\n"),
        Case("lines that are wrong stay", "nonsense\nbob:1\n", "nonsense\nbob:NEW\n"),
    ]

    @Test("Setting", arguments: settings) func sets(_ item: Case) {
        let edited = PasswordFileEditor.setting("bob", to: "NEW", in: Array(item.text.utf8))
        #expect(String(decoding: edited, as: UTF8.self) == item.expected)
    }

    static let removals: [Case] = [
        Case("the only one", "bob:1\n", ""),
        Case("one of some", "amy:1\nbob:2:x\n# c\nzoe:3", "amy:1\n# c\nzoe:3"),
        Case("every line of the user", "bob:1\r\namy:2\r\nbob:3", "amy:2\r\n"),
    ]

    @Test("Removing", arguments: removals) func removes(_ item: Case) {
        let edited = PasswordFileEditor.removing("bob", from: Array(item.text.utf8))
        #expect(edited.map { String(decoding: $0, as: UTF8.self) } == item.expected)
    }

    @Test("Nothing to remove", arguments: ["", "amy:1\n", "#bob:1\n", "bob\n", "bobby:1\n"])
    func removesNothing(text: String) {
        #expect(PasswordFileEditor.removing("bob", from: Array(text.utf8)) == nil)
    }

    @Test("Bytes that are not UTF-8 stay as they are") func bytes() {
        let text: [UInt8] = [0xFF, 0x00, 0x0A, 0xC3, 0x3A, 0x31, 0x0A]
        #expect(PasswordFileEditor.setting("b", to: "N", in: text) == text + Array("b:N\n".utf8))
    }

    @Test(
        "Names that are refused",
        arguments: ["", "a:b", ":", "#a", "a\nb", "a\rb", "a\u{0}", "\u{7F}", "\u{85}", "\u{FEFF}a"])
    func badNames(name: String) { #expect(PasswordFileEditor.problem(ofUser: name) != nil) }

    @Test(
        "Names that are good",
        arguments: ["a", "a b", " ", "zoë", "a#", "日本", "a$b", "\"", String(repeating: "x", count: 65_535)])
    func goodNames(name: String) { #expect(PasswordFileEditor.problem(ofUser: name) == nil) }

    @Test("What is written can be read", arguments: PasswordAlgorithm.allCases)
    func roundTrip(_ algorithm: PasswordAlgorithm) throws {
        let hash = try algorithm.hash(Secret("pässwörd"))
        let file = try PasswordFile(PasswordFileEditor.setting("zoë", to: hash, in: []), path: "u")
        #expect(file.matches("zoë", Secret("pässwörd")))
        #expect(!file.matches("zoë", Secret("passwörd")))
        #expect(try algorithm.hash(Secret("pässwörd")) != hash, "each has a salt of its own")
    }

    @Test("A blank user name is not taken for an empty line") func blankName() throws {
        let bytes = PasswordFileEditor.setting(" ", to: PasswordFileTests.bob, in: [])
        #expect(try PasswordFile(bytes, path: "u").matches(" ", Secret("U*U")))
    }

    @Test("Passwords that could never match are refused") func badPasswords() {
        let long = [UInt8](repeating: 0x61, count: 73)
        #expect(throws: PasswordProblem.empty) { try PasswordAlgorithm.bcrypt.hash(Secret([])) }
        #expect(throws: PasswordProblem.nul) { try PasswordAlgorithm.yescrypt.hash(Secret("a\0b")) }
        #expect(throws: PasswordProblem.tooLongForBcrypt) { try PasswordAlgorithm.bcrypt.hash(Secret(long)) }
        #expect(throws: PasswordProblem.tooLong) {
            try PasswordAlgorithm.sha512.hash(Secret([UInt8](repeating: 0x61, count: 512)))
        }
        #expect(throws: Never.self) { try PasswordAlgorithm.sha512.hash(Secret(long)) }
    }
}

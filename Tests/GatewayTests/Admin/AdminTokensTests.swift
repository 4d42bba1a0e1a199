import Foundation
import Testing

@testable import Gateway

@Suite("Tokens of the API")
struct AdminTokensTests {
    private func tokens(_ text: String) -> Result<AdminTokens, StartError> {
        Result { () throws(StartError) in try AdminTokens(Array(text.utf8), path: "tokens") }
    }

    @Test("One on each line; comments, blanks and line ends of other systems")
    func lines() throws {
        let tokens = try tokens("# comment\n\n0123456789abcdef\r\n  AAAA/BBBB+CCCC-D.D_D~D==\t\n#0123456789abcdee\n")
            .get()
        #expect(tokens.count == 2)
        #expect(tokens.line(of: Array("0123456789abcdef".utf8)) == 3)
        #expect(tokens.line(of: Array("AAAA/BBBB+CCCC-D.D_D~D==".utf8)) == 4)
        for wrong in ["", "0123456789abcde", "0123456789abcdeg", "#0123456789abcdee", "0123456789abcdee", "# comment"] {
            #expect(tokens.line(of: Array(wrong.utf8)) == nil)
        }
    }

    @Test(
        "What is wrong is said with its line, without the token",
        arguments: [
            ("0123456789abcde\n", 1), ("# a\n0123456789abcdef\nsecret secret secret\n", 3),
            ("0123456789abcdef\nsecretsecretsécret", 2), (String(repeating: "a", count: 1025), 1),
            ("0123456789abcdef\0", 1),
        ])
    func wrong(text: String, line: Int) throws {
        guard case .failure(let error) = tokens(text) else {
            Issue.record("loads")
            return
        }
        #expect(
            error.description.hasPrefix("api_token_file tokens:\(line): a token has from 16 to 1024 letters, digits"))
        #expect(!error.description.contains("secret"))
    }

    @Test("No token, and too much", arguments: ["", "\n\n", "# only this\n", String(repeating: "\n", count: 1 << 21)])
    func none(text: String) {
        #expect(throws: StartError.self) { try tokens(text).get() }
    }

    @Test("A changed file counts; one that cannot be used leaves the tokens as they were")
    func reload() throws {
        let folder = try TemporaryFolder()
        let file = try AdminTokenFile(try folder.write("tokens", "0123456789abcdef\n"))
        #expect(file.reloadIfChanged() == nil)
        try folder.write("tokens", "fedcba9876543210fedcba\n")
        #expect(file.reloadIfChanged() == .success("api_token_file \(folder.path)/tokens: 1 tokens"))
        #expect(file.tokens.line(of: Array("0123456789abcdef".utf8)) == nil)
        try folder.write("tokens", "short\n")
        guard case .failure = file.reloadIfChanged() else {
            Issue.record("a short token is accepted")
            return
        }
        #expect(file.tokens.line(of: Array("fedcba9876543210fedcba".utf8)) == 1)
        #expect(file.reloadIfChanged() == nil, "said once")
    }
}

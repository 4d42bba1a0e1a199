import Testing

@testable import Access

@Suite("Password files: text, and what is wrong with it")
struct PasswordFileTests {
    static let bob = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"  // U*U
    static let zoe =
        "$7$101$HeXCXIaUUGfEIN9i$F+21bInjbNyw3gPoU46bKrVOdjI4CMURYjBE4dbjNHQGGCm3wJWnK62ZaJ+0w9mWWjxyCI7kvEKN"
        + "Hx4Sfx3gBA=="  // pässwörd

    private func file(_ text: String) throws(PasswordFileError) -> PasswordFile {
        try PasswordFile(Array(text.utf8), path: "conf/users")
    }

    @Test(
        "Comments, empty lines, CRLF, a third field, no end of line",
        arguments: [
            "bob:\(bob)\nzoe:\(zoe)\n",
            "# users\n\nbob:\(bob)\n  \t\n#x:y\nzoe:\(zoe)",
            "bob:\(bob)\r\n\r\nzoe:\(zoe)\r\n",
            "zoe:\(zoe):Zoë Example\nbob:\(bob):\n",
            "bob:\(bob) \t\nzoe:\(zoe) \r\n",
        ])
    func reads(text: String) throws {
        let file = try file(text)
        #expect(file.count == 2)
        #expect(file.matches("bob", Secret("U*U")))
        #expect(file.matches("zoe", Secret("pässwörd")))
        #expect(!file.matches("bob", Secret("pässwörd")))
        #expect(!file.matches("Bob", Secret("U*U")))
        #expect(file.contains("zoe") && !file.contains("Zoe"))
    }

    @Test("A file really written by htpasswd and mosquitto_passwd") func tools() throws {
        let users = PasswordVector.tools.enumerated()
        let file = try file(users.map { "user\($0.offset):\($0.element.hash)\n" }.joined())
        for (number, vector) in users { #expect(file.matches("user\(number)", Secret(vector.password))) }
    }

    @Test("An empty file has no users") func empty() throws {
        #expect(try file("").count == 0)
        #expect(!(try file("# nobody\n").matches("bob", Secret("U*U"))))
    }

    @Test("User names are compared byte by byte, not as characters") func bytes() throws {
        let file = try file("e\u{301}:\(Self.bob)\n\u{E9}:\(Self.zoe)\n")
        #expect(file.count == 2)
        #expect(file.matches("e\u{301}", Secret("U*U")))
        #expect(file.matches("\u{E9}", Secret("pässwörd")))
    }

    @Test("For an unknown user a hash of the commonest cost is verified") func decoy() throws {
        let others = "a:\(Self.zoe)\nb:\(Self.bob)\nc:\(Self.bob.replacingLast("W", with: "e"))\n"
        #expect(try file(others).decoy?.cost == PasswordHash(Self.bob).cost)
        #expect(try file("a:\(Self.zoe)\n").decoy?.kind == .pbkdf2)
        #expect(!(try file(others).matches("nobody", Secret("U*U"))), "the decoy lets nobody in")
    }

    @Test("An unknown user takes as long as a known one") func time() throws {
        let file = try file("bob:\(PasswordAlgorithm.bcrypt.hash(Secret("U*U")))\n")
        let known = ContinuousClock().measure { _ = file.matches("bob", Secret("wrong")) }
        let unknown = ContinuousClock().measure { _ = file.matches("amy", Secret("wrong")) }
        // Without a hash it is a ten-thousandth.
        #expect(unknown > known / 20)
    }

    /// A text, and how its error begins.
    static let wrong: [(text: String, message: String)] = [
        ("bob:\(bob)\nhunter2\n", "conf/users:2: no colon"),
        (":\(bob)\n", "conf/users:1: the user name is empty"),
        ("bob:\n", "conf/users:1: user \"bob\": no hash"),
        ("# x\nbob::\(bob)\n", "conf/users:2: user \"bob\": no hash"),
        ("bob:hunter2\n", "conf/users:1: user \"bob\": not a known hash, perhaps a plaintext password"),
        ("bob:$apr1$YOo2Tkwj$VdcNVRBo7pdRCBiMvV4lh1\n", "conf/users:1: user \"bob\": Apache's MD5"),
        ("b\u{1}b:\(bob)\n", "conf/users:1: a user name must not contain control"),
        ("\nbob:\(bob)\r\nzoe:\(zoe)\nbob:\(zoe)\n", "conf/users:4: user \"bob\": is in line 2 already"),
        ("\u{FEFF}bob:\(bob)\n", "conf/users:1: a byte order mark"),
    ]

    @Test("Every error names the line, the user, and what would be right", arguments: wrong)
    func refuses(text: String, message: String) {
        let error = #expect(throws: PasswordFileError.self) { try file(text) }
        let description = error?.description ?? ""
        #expect(description.hasPrefix(message), "\(description)")
        for secret in ["hunter2", Self.bob, Self.zoe, "YOo2Tkwj"] { #expect(!description.contains(secret)) }
    }

    @Test("A user name that is not UTF-8") func notUTF8() {
        let error = #expect(throws: PasswordFileError.self) {
            try PasswordFile([0xC3, UInt8(ascii: ":")] + Array(Self.bob.utf8), path: "u")
        }
        #expect(error?.description == "u:1: the user name is not UTF-8")
    }

    @Test("A file over 64 MiB") func tooLarge() {
        let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: PasswordFile.largest + 1)
        #expect(throws: PasswordFileError("u", nil, "larger than 64 MiB")) { try PasswordFile(bytes, path: "u") }
    }
}

extension String {
    fileprivate func replacingLast(_ old: Character, with new: Character) -> String {
        last == old ? dropLast() + String(new) : self
    }
}

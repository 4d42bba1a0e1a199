import Testing

@testable import Access

@Suite("Password hashes: published vectors, real tools' output, and what is refused")
struct PasswordHashTests {
    @Test("The right password matches, and no other", arguments: PasswordVector.all)
    func verifies(_ vector: PasswordVector) throws {
        let hash = try PasswordHash(vector.hash)
        #expect(hash.kind == vector.kind)
        #expect(hash.verify(Secret(vector.password)))
        #expect(!hash.verify(Secret([0x78] + vector.password)))
        #expect(!hash.verify(Secret([0] + vector.password)), "a NUL is part of a password")
    }

    @Test("A NUL at the end is not cut; HMAC itself takes it for padding (RFC 2104 §2)", arguments: PasswordVector.all)
    func finalNUL(_ vector: PasswordVector) throws {
        #expect(try PasswordHash(vector.hash).verify(Secret(vector.password + [0])) == (vector.kind == .pbkdf2))
    }

    @Test("Every kind is covered") func kinds() {
        #expect(Set(PasswordVector.all.map(\.kind)) == Set(PasswordHash.Kind.allCases))
    }

    @Test("One changed digit of the hash, and nothing matches", arguments: PasswordVector.tools)
    func changed(_ vector: PasswordVector) throws {
        var text = Array(vector.hash.utf8)
        let place = text.count - 10
        text[place] = text[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
        #expect(!(try PasswordHash(text)).verify(Secret(vector.password)))
    }

    @Test("bcrypt: bytes behind the 72nd do not count") func bcryptLength() throws {
        let vector = try #require(PasswordVector.bcrypt.last)
        #expect(try PasswordHash(vector.hash).verify(Secret(Array(vector.password.prefix(72)))))
        #expect(!(try PasswordHash(vector.hash).verify(Secret(Array(vector.password.prefix(71))))))
    }

    @Test("The longest password of MQTT matches nothing, and is no harm", arguments: PasswordVector.all)
    func longPassword(_ vector: PasswordVector) throws {
        let hash = try PasswordHash(vector.hash)
        for count in [511, 512, 513, 65_535] {
            #expect(!hash.verify(Secret([UInt8](repeating: 0x61, count: count))))
        }
    }

    @Test("An empty password is a password") func emptyPassword() throws {
        #expect(try PasswordHash(PasswordVector.bcrypt[3].hash).verify(Secret([])))
        #expect(!(try PasswordHash(PasswordVector.pbkdf2[0].hash).verify(Secret([]))))
    }

    /// What is no usable hash, and a word that its error must hold.
    static let refused: [(text: String, word: String)] = [
        ("", "no hash"),
        ("hunter2", "plaintext password"),
        ("correct horse", "plaintext password"),
        ("pässwörd", "plaintext password"),
        ("$", "plaintext password"), ("$$$$", "plaintext password"), ("$9$abc$def", "plaintext password"),
        (String(repeating: "x", count: 5000), "plaintext password"),
        ("$apr1$YOo2Tkwj$VdcNVRBo7pdRCBiMvV4lh1", "Apache's MD5"),
        ("$1$etNnh7FA$OlM7eljE/B7F1J4XYNnk81", "MD5"),
        ("{SHA}ohgYgF2kkgMlRbH1HlEDczlOc+M=", "unsalted SHA-1"),
        ("{SSHA}ohgYgF2kkgMlRbH1HlEDczlOc+M=", "SHA-1"),
        ("hrrU60bAeOLj6", "DES"),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$xJQZ9Bj8OvXyX8Bxdn3sblzqVW8a8jzcf8V8LqPpS/k", "Argon2"),
        ("*", "locked"), ("!$6$saltstring$x", "locked"),
        (
            "$6$N4F+/EUbd9z5W8eN$SrEw9K4J+LRrRnd83cjTaYHNBaytCByJchWay+7RYr7mZ7KEDJ5rkoqlLliyLe1RFxn+8MxDskSPywJHEb"
                + "SXaA==", "mosquitto_passwd 1.6"
        ),
        // bcrypt
        ("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "faulty bcrypt"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe", "bcrypt hash that is incomplete"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCCCE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "bcrypt hash that is incomplete"),
        ("$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "bcrypt hash that is incomplete"),
        ("$2a$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "bcrypt hash that is incomplete"),
        ("$2y$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "cost 17, at most 16"),
        ("$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "cost 31, at most 16"),
        // sha256-crypt and sha512-crypt
        ("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc", "sha256-crypt hash that is incomplete"),
        ("$5$saltstringsaltstri$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "sha256-crypt hash that is incomplete"),
        ("$5$rounds=999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "sha256-crypt hash"),
        ("$5$rounds=05000$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "sha256-crypt hash"),
        ("$5$rounds=99999999999999999999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "sha256-crypt hash"),
        ("$5$rounds=5000001$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "at most 5000000"),
        ("$6$$", "sha512-crypt hash"),
        // yescrypt: N 2^17, and a hash, a salt and parameters that nothing could match
        ("$y$jET$nvQsvp3tWWvYEymhapN1/.$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "256 MiB"),
        ("$y$j9T$nvQsvp3tWWvYEymhapN1/.$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6Lwpa", "yescrypt hash"),
        ("$y$j9T$nvQsvp3tWWvYEymhapN1/z$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "yescrypt hash"),
        ("$y$j9T$a$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "yescrypt hash"),
        ("$y$j9$nvQsvp3tWWvYEymhapN1/.$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "yescrypt hash"),
        ("$y$$nvQsvp3tWWvYEymhapN1/.$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "yescrypt hash"),
        ("$y$.9T$nvQsvp3tWWvYEymhapN1/.$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "unusual"),
        ("$y$j9T5zz$nvQsvp3tWWvYEymhapN1/.$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "unusual"),
        ("$y$jzzzzzzzzzz$nvQsvp3tWWvYEymhapN1/.$sx/1c7Ls/HUbDp0TxTd12vs3VTXyOgnedCfN6LwpaZB", "yescrypt hash"),
        // scrypt: N 2^17 with r 32, p 2^29
        ("$7$FU..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D", "256 MiB"),
        ("$7$C6....zzzzzSodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D", "256 MiB"),
        ("$7$C6....$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D", "scrypt hash"),
        // mosquitto_passwd
        ("$7$0$c2FsdA==$\(zeros)", "PBKDF2-SHA512 hash that is incomplete"),
        ("$7$-1$c2FsdA==$\(zeros)", "PBKDF2-SHA512 hash that is incomplete"),
        ("$7$1$$\(zeros)", "PBKDF2-SHA512 hash that is incomplete"),
        ("$7$1$c2FsdA$\(zeros)", "PBKDF2-SHA512 hash that is incomplete"),
        ("$7$1$c2FsdA==$c2FsdA==", "PBKDF2-SHA512 hash that is incomplete"),
        ("$7$1$c2FsdA==$\(zeros)$x", "PBKDF2-SHA512 hash that is incomplete"),
        ("$7$5000001$c2FsdA==$\(zeros)", "at most 5000000"),
    ]
    /// 64 bytes in base64.
    private static let zeros = String(repeating: "A", count: 86) + "=="

    @Test("Refused: the error says what it is and what to do", arguments: refused)
    func refuses(text: String, word: String) {
        let error = #expect(throws: PasswordHashError.self) { try PasswordHash(text) }
        let message = error?.description ?? ""
        #expect(message.contains(word), "\(message)")
        #expect(message.contains("sluice passwd"))
        if text.utf8.count > 5 { #expect(!message.contains(text)) }
    }

    @Test("Any change of a good hash is refused or harmless", arguments: PasswordVector.tools)
    func mutations(_ vector: PasswordVector) {
        let good = Array(vector.hash.utf8)
        for place in good.indices {
            for byte: UInt8 in [0, UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "9"), UInt8(ascii: "z"), 0xFF] {
                var text = good
                text[place] = byte
                _ = try? PasswordHash(text)
            }
            #expect((try? PasswordHash(good[..<place])) == nil)
        }
    }
}

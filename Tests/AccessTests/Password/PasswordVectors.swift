import Access

/// A password, its hash, and where the pair was published.
struct PasswordVector: Sendable {
    var source: String
    var kind: PasswordHash.Kind
    var password: [UInt8]
    var hash: String

    init(_ source: String, _ kind: PasswordHash.Kind, _ password: String, _ hash: String) {
        (self.source, self.kind, self.password, self.hash) = (source, kind, Array(password.utf8), hash)
    }

    init(_ source: String, _ kind: PasswordHash.Kind, bytes: [UInt8], _ hash: String) {
        (self.source, self.kind, self.password, self.hash) = (source, kind, bytes, hash)
    }

    static let all = bcrypt + shaCrypt + yescrypt + pbkdf2 + tools

    /// The set that crypt_blowfish, OpenBSD and John the Ripper test with.
    static let bcrypt: [PasswordVector] = [
        .init("bcrypt", .bcrypt, "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        .init("bcrypt", .bcrypt, "U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        .init("bcrypt", .bcrypt, "U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        .init("bcrypt", .bcrypt, "", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        .init(
            "bcrypt", .bcrypt, bytes: [0xFF, 0xFF, 0xA3], "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"
        ),
        .init(
            "bcrypt", .bcrypt, bytes: [0xFF, 0xA3, 0x33, 0x34, 0x35],
            "$2a$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e"),
        .init(
            "bcrypt", .bcrypt,
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"),
    ]

    /// U. Drepper, "Unix crypt using SHA-256 and SHA-512".
    static let shaCrypt: [PasswordVector] = [
        .init(
            "SHA-crypt.txt", .sha256Crypt, "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        .init(
            "SHA-crypt.txt", .sha256Crypt, "Hello world!",
            "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"),
        .init(
            "SHA-crypt.txt", .sha256Crypt, "This is just a test",
            "$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"),
        .init(
            "SHA-crypt.txt", .sha256Crypt, "the minimum number is still observed",
            "$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC"),
        .init(
            "SHA-crypt.txt", .sha512Crypt, "Hello world!",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"),
        .init(
            "SHA-crypt.txt", .sha512Crypt, "Hello world!",
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/"
                + "YTBmSK6H9qs/y3RnOaw5v."),
        .init(
            "SHA-crypt.txt", .sha512Crypt, "This is just a test",
            "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e"
                + "1JSbq3y6JMxxl8audkUEm0"),
        .init(
            "SHA-crypt.txt", .sha512Crypt,
            "a very much longer text to encrypt.  This one even stretches over morethan one line.",
            "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwb"
                + "tEW7o7UmJEiDwGqd8p4ur1"),
        .init(
            "SHA-crypt.txt", .sha512Crypt, "the minimum number is still observed",
            "$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUN"
                + "Gc0dqbpBYYBaHHrsX."),
    ]

    /// yescrypt's TESTS-OK, RFC 7914 §12 in crypt(5)'s spelling, and a hash of the kind that Debian writes.
    static let yescrypt: [PasswordVector] = [
        .init(
            "TESTS-OK", .yescrypt, "pleaseletmein",
            "$y$jD5.7$LdJMENpBABJJ3hIHjB1Bi.$HboGM6qPrsK.StKYGt6KErmUYtioHreJd98oIugoNB6"),
        .init(
            "mkpasswd", .yescrypt, "WA7NERURoVlDegBUVyM1Kk",
            "$y$j9T$Qeof7nTZR1kT1cFwdlZqd0$B5.LdYzAcE8IwmEjeOUR9RwIwpalyyj/oxaiDqnryZ/"),
        .init(
            "RFC 7914", .scrypt, "pleaseletmein",
            "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D"),
        .init(
            "TESTS-OK", .scrypt, "pleaseletmein",
            "$7$06..../....SodiumChloride$ENlyo6fGw4PCcDBOFepfSZjFUnVatHzCcW55.ZGz3B0"),
    ]

    /// The inputs of RFC 6070 with HMAC-SHA-512, in mosquitto_passwd's spelling.
    static let pbkdf2: [PasswordVector] = [
        .init(
            "RFC 6070", .pbkdf2, "password",
            "$7$1$c2FsdA==$hn9wzxreAs/zdSWZo6U9xK80x6ZpgVrl1RNVThyM8lLALUcKKFoFAbrZmb/pQ8CPBQI119aLHaVeY/c7YKV/zg=="),
        .init(
            "RFC 6070", .pbkdf2, "password",
            "$7$2$c2FsdA==$4dnBaqaBcIpF9cfE4hXOtm4BGi6fAEBxPxiu/bhm1Tz3bKsoaKObn3hA7c5P71qCvmczXHemBo4EESdU8nzPTg=="),
        .init(
            "RFC 6070", .pbkdf2, "password",
            "$7$4096$c2FsdA==$0Zexsz2wFD4BixLz0dFHnmzevcyXxcD4f2kC4HL0V7UUPzBgJkGz1VzTNZiMs2uEN2Bg7NUy4Dm3QqI5Q0ry"
                + "1Q=="),
        .init(
            "RFC 6070", .pbkdf2, "passwordPASSWORDpassword",
            "$7$4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$jAUR9Mbll8asYxXY8DYuIl88UBSVuiO4aMAFF03E7nER"
                + "W1n55gzZUy+jPg91rv4wIlxYOhhs2CvU2uqXJKPTuA=="),
        .init(
            "RFC 6070, a NUL in it", .pbkdf2, "pass\0word",
            "$7$4096$c2EAbHQ=$nZ6cTNIf5L4k1bgkTHWWZfOdmPwSqcp1m7Ah2zz63zRYRK6+cN2LL2lm8l82E+EYe70k7SykPtE7JG5Gdb56"
                + "uQ=="),
    ]

    /// Written by htpasswd 2.4 and mosquitto_passwd 2.0.
    static let tools: [PasswordVector] = [
        .init("htpasswd -B", .bcrypt, "wonder: land", "$2y$05$Dne6oGLpWzY5d1vhuR6NKeOqsBkuPC3y.ruMPRtkCrr4GqTyZVMZe"),
        .init(
            "htpasswd -5", .sha512Crypt, "bärlauch",
            "$6$/6COugQfFxsXzKdW$Wete7MrzMkafoDNpa5aSDlL5GZ2jD1ro2dtquu2uiAcfE2QRTeS0QesydHffDjsbk0EtIgf6yc/fOy/UAa2ff1"
        ),
        .init("htpasswd -2", .sha256Crypt, "c4rol", "$5$63SONTTnJFGS/1I2$/EDMeRYAX3Z1H6pz/38e7VAvrG2wKDemlIbUf4GMdu1"),
        .init(
            "htpasswd -5 -r", .sha512Crypt, "d",
            "$6$rounds=20000$sgMJR4kaX2c.1eXb$lDeLql6DHtwxoxO3ptYDhBiNy3ly.n0anR5BC81p6a4vV0GaZeU1Z4IlwOvlU36LG.MQ"
                + "hq3nBLDy/xUgzS/Mk."),
        .init(
            "mosquitto_passwd", .pbkdf2, "s3cret pass",
            "$7$101$PjY1DNsUmXl3n2oc$XMdn1HuFZrxs7PuOqDCe+i5UFE0/3CpQr85dfJpINeak6aYDNJDa7mMkjGZIxSsUfFGCewEh9k7i"
                + "MFpED1RVhA=="),
        .init(
            "mosquitto_passwd", .pbkdf2, "pässwörd",
            "$7$101$HeXCXIaUUGfEIN9i$F+21bInjbNyw3gPoU46bKrVOdjI4CMURYjBE4dbjNHQGGCm3wJWnK62ZaJ+0w9mWWjxyCI7kvEKN"
                + "Hx4Sfx3gBA=="),
    ]
}

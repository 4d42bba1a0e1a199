import Text

/// Tells the kinds of hashes apart, and checks what each kind needs so that verifying cannot fail.
enum PasswordHashParser {
    typealias Result = (cost: PasswordHash.Cost, form: PasswordHash.Form)

    /// bcrypt: 2^16 rounds are about 3 seconds.
    static let largestBcryptCost = 16
    /// sha256-crypt and sha512-crypt.
    static let mostRounds = 5_000_000
    static let mostIterations = 5_000_000
    /// yescrypt and scrypt: bytes of memory, which say the time as well.
    static let mostMemory = 256 << 20
    /// The longest that crypt(3) writes, without its NUL.
    private static let longestText = 383

    static func parse(_ text: [UInt8]) throws(PasswordHashError) -> Result {
        guard !text.isEmpty else { throw .missing }
        guard text.count <= longestText || text.starts(with: "$7$".utf8) else { throw .notAHash }
        // "", kind, fields of the kind
        let fields = text.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard fields.count >= 3, fields[0].isEmpty else { throw unsupported(text) }
        let rest = fields[2...]
        switch String(decoding: fields[1], as: UTF8.self) {
        case "2a", "2b", "2y": return try bcrypt(text, rest)
        case "5": return try shaCrypt(text, rest, .sha256Crypt, digits: 43)
        case "6": return try shaCrypt(text, rest, .sha512Crypt, digits: 86)
        case "y": return try yescrypt(text, rest)
        case "7" where rest.count == 2: return try scrypt(text, rest)
        case "7": return try pbkdf2(rest)
        default: throw unsupported(text)
        }
    }

    /// crypt(5), "bcrypt": `$2[aby]$[0-9]{2}$[./A-Za-z0-9]{53}`
    private static func bcrypt(_ text: [UInt8], _ rest: ArraySlice<ArraySlice<UInt8>>) throws(PasswordHashError)
        -> Result
    {
        // The salt's 22nd digit holds two bits: crypt(3) writes the others as zero, so with them nothing could match.
        guard let cost = rest.first, let body = rest.last, rest.count == 2, cost.count == 2, let rounds = number(cost),
            (4...31).contains(rounds), body.count == 53, body.allSatisfy(isDigit64),
            ".Oeu".utf8.contains(body[body.startIndex + 21])
        else { throw .malformed(.bcrypt) }
        guard rounds <= largestBcryptCost else {
            throw .tooCostly(.bcrypt, limit: "cost \(rounds), at most \(largestBcryptCost)")
        }
        return (.init(kind: .bcrypt, work: rounds), .crypt(text))
    }

    /// crypt(5), "sha512crypt": `$6$(rounds=[1-9][0-9]+$)?[^$:\n]{1,16}$[./0-9A-Za-z]{86}`
    private static func shaCrypt(
        _ text: [UInt8], _ rest: ArraySlice<ArraySlice<UInt8>>, _ kind: PasswordHash.Kind, digits: Int
    ) throws(PasswordHashError) -> Result {
        var rest = rest
        var rounds = 5000
        if let first = rest.first, first.starts(with: "rounds=".utf8) {
            // libxcrypt takes no leading zero, and neither less nor more than the specification's bounds.
            guard let given = number(first.dropFirst(7)), given >= 1000, first.dropFirst(7).first != UInt8(ascii: "0")
            else { throw .malformed(kind) }
            rounds = given
            rest = rest.dropFirst()
        }
        guard let salt = rest.first, let hash = rest.last, rest.count == 2 else { throw .malformed(kind) }
        if hash.count == 88, hash.last == UInt8(ascii: "=") {
            throw .unsupported("the salted SHA-512 of mosquitto_passwd 1.6 and earlier")
        }
        // A hash whose salt crypt(3) would cut can never match.
        guard (1...16).contains(salt.count), hash.count == digits, hash.allSatisfy(isDigit64) else {
            throw .malformed(kind)
        }
        guard rounds <= mostRounds else { throw .tooCostly(kind, limit: "\(rounds) rounds, at most \(mostRounds)") }
        return (.init(kind: kind, work: rounds), .crypt(text))
    }

    /// crypt(5), "yescrypt", with the parameters that crypt_gensalt(3) writes: flavour, N and r; and p, if it is there.
    private static func yescrypt(
        _ text: [UInt8], _ rest: ArraySlice<ArraySlice<UInt8>>
    ) throws(PasswordHashError) -> Result {
        let fields = Array(rest)
        guard fields.count == 3, fields[1].count <= 86, YescryptNumber.areWholeBytes(fields[1]),
            fields[2].count == 43, YescryptNumber.areWholeBytes(fields[2])
        else { throw .malformed(.yescrypt) }
        var digits = fields[0]
        guard let flavour = YescryptNumber.take(&digits, least: 0), let logN = YescryptNumber.take(&digits, least: 1),
            let r = YescryptNumber.take(&digits, least: 1)
        else { throw .malformed(.yescrypt) }
        // "have": 1 says that p follows. Passes divide the same work in p, so p costs nothing.
        if YescryptNumber.take(&digits, least: 1) == 1 { _ = YescryptNumber.take(&digits, least: 2) }
        // The flavour that everybody writes; 0 and 1 are scrypt and its write-once variant.
        guard flavour == 47, digits.isEmpty else { throw .unsupported("yescrypt with unusual parameters") }
        return (.init(kind: .yescrypt, work: try memory(logN, r, 1, .yescrypt)), .crypt(text))
    }

    /// crypt(5), "scrypt": one digit of N, five of r, five of p, the salt, the hash.
    private static func scrypt(_ text: [UInt8], _ rest: ArraySlice<ArraySlice<UInt8>>) throws(PasswordHashError)
        -> Result
    {
        guard let setting = rest.first, let hash = rest.last, (11...97).contains(setting.count),
            setting.allSatisfy(isDigit64), hash.count == 43, hash.allSatisfy(isDigit64), text.count <= longestText,
            let logN = setting.first.flatMap(digit64), let r = YescryptNumber.fixed(setting.dropFirst().prefix(5)),
            let p = YescryptNumber.fixed(setting.dropFirst(6).prefix(5)), logN > 0, r > 0, p > 0
        else { throw .malformed(.scrypt) }
        return (.init(kind: .scrypt, work: try memory(logN, r, p, .scrypt)), .crypt(text))
    }

    /// Bytes of memory, times the passes over it.
    private static func memory(
        _ logN: Int, _ r: Int, _ p: Int, _ kind: PasswordHash.Kind
    ) throws(PasswordHashError) -> Int {
        guard logN <= 24, r <= 1 << 16, p <= 1 << 8, (r * p) << (logN + 7) <= mostMemory else {
            throw .tooCostly(kind, limit: "more than \(mostMemory >> 20) MiB of memory")
        }
        return (r * p) << (logN + 7)
    }

    /// mosquitto_passwd: `$7$ITERATIONS$BASE64(salt)$BASE64(64 bytes)`
    private static func pbkdf2(_ rest: ArraySlice<ArraySlice<UInt8>>) throws(PasswordHashError) -> Result {
        let fields = Array(rest)
        guard fields.count == 3, let iterations = number(fields[0]), iterations > 0,
            let salt = Base64.decode(Array(fields[1])), (1...256).contains(salt.count),
            let key = Base64.decode(Array(fields[2])), key.count == 64
        else { throw .malformed(.pbkdf2) }
        guard iterations <= mostIterations else {
            throw .tooCostly(.pbkdf2, limit: "\(iterations) iterations, at most \(mostIterations)")
        }
        return (.init(kind: .pbkdf2, work: iterations), .pbkdf2(iterations: Int32(iterations), salt: salt, key: key))
    }

    /// What a text is that is not one of ours.
    private static func unsupported(_ text: [UInt8]) -> PasswordHashError {
        let known: [(String, String)] = [
            ("$apr1$", "Apache's MD5 ($apr1$)"), ("$1$", "MD5 ($1$)"), ("$2x$", "the faulty bcrypt of 2011 ($2x$)"),
            ("$sha1$", "SHA-1 ($sha1$)"), ("$gy$", "gost-yescrypt ($gy$)"), ("$3$", "the NT hash ($3$)"),
            ("$argon2", "Argon2"), ("{SHA}", "unsalted SHA-1 ({SHA})"), ("{SSHA}", "SHA-1 ({SSHA})"),
            ("{PLAIN}", "a plaintext password ({PLAIN})"), ("*", "a locked account (*)"), ("!", "a locked account (!)"),
        ]
        if let (_, name) = known.first(where: { text.starts(with: $0.0.utf8) }) { return .unsupported(name) }
        let isDES = text.count == 13 && text.allSatisfy(isDigit64)
        return isDES ? .unsupported("DES, or a plaintext password,") : .notAHash
    }

    /// Decimal digits only, nine at most.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func isDigit64(_ byte: UInt8) -> Bool { digit64(byte) != nil }

    /// crypt(5)'s digits: `./0-9A-Za-z`.
    static func digit64(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "."): 0
        case UInt8(ascii: "/"): 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) + 2
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 12
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 38
        default: nil
        }
    }
}

/// One salted password hash of a file, checked when it is read: `verify` cannot fail later.
package struct PasswordHash: Sendable, Equatable {
    /// How the password was hashed.
    package enum Kind: String, Sendable, CaseIterable {
        /// `$2a$`, `$2b$`, `$2y$`. Looks at the first 72 bytes of a password only: that is how bcrypt is made.
        case bcrypt
        /// `$5$`
        case sha256Crypt = "sha256-crypt"
        /// `$6$`
        case sha512Crypt = "sha512-crypt"
        /// `$y$`
        case yescrypt
        /// `$7$` of crypt(5)
        case scrypt
        /// `$7$` of mosquitto_passwd: PBKDF2-HMAC-SHA512
        case pbkdf2 = "PBKDF2-SHA512"
    }

    /// Verifying two hashes of the same cost takes the same time.
    struct Cost: Hashable, Sendable {
        var kind: Kind
        /// In the kind's own unit.
        var work: Int
    }

    /// What verifying needs.
    enum Form: Sendable, Equatable {
        /// The whole text, for crypt(3).
        case crypt([UInt8])
        case pbkdf2(iterations: Int32, salt: [UInt8], key: [UInt8])
    }

    package var kind: Kind { cost.kind }
    let cost: Cost
    let form: Form

    /// Reads the text of one hash.
    ///
    /// Throws for what is no hash, is of a kind that can be guessed too fast, or would keep a thread busy for seconds.
    package init(_ text: some Collection<UInt8>) throws(PasswordHashError) {
        let text = Array(text)
        // crypt(5), "Storing": printable ASCII, without what ends a field.
        guard text.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .notAHash
        }
        (cost, form) = try PasswordHashParser.parse(text)
    }

    package init(_ text: String) throws(PasswordHashError) { try self.init(text.utf8) }
}

/// Why a text cannot serve as a hash. Never shows the text: it may be a password.
package enum PasswordHashError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is nothing.
    case missing
    /// A password in plain text, as far as one can tell.
    case notAHash
    /// A hash that is not supported: what it is.
    case unsupported(String)
    /// A hash of this kind, cut off or mistyped.
    case malformed(PasswordHash.Kind)
    /// Verifying would take too long: what is too high, and the most that may be.
    case tooCostly(PasswordHash.Kind, limit: String)

    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .missing: "no hash; write it with \"sluice passwd\""
        case .notAHash: "not a known hash, perhaps a plaintext password; \(Self.remedy)"
        case .unsupported(let kind): "\(kind) is not supported; \(Self.remedy)"
        case .malformed(let kind): "a \(kind.rawValue) hash that is incomplete or mistyped; \(Self.remedy)"
        case .tooCostly(let kind, let limit): "a \(kind.rawValue) hash that takes too long: \(limit); \(Self.remedy)"
        }
    }

    private static let remedy = "write it again with \"sluice passwd\", \"htpasswd -B\" or \"mosquitto_passwd\""
}

/// How `sluice passwd` hashes: each takes about 50 ms of a processor of 2024.
package enum PasswordAlgorithm: String, Sendable, CaseIterable {
    /// The default: what `htpasswd -B` writes, so Apache, nginx and most other servers can read the file too, and 50
    /// ms that need no memory worth naming. htpasswd's own cost of 5 takes 2 ms, which is too cheap for whoever
    /// steals the file.
    case bcrypt
    /// For passwords over 72 bytes, and where bcrypt is not allowed.
    case sha512
    /// The hardest to guess by special machines, as each hash needs 64 MiB. Few other servers can read it.
    case yescrypt

    /// What crypt_gensalt(3) is to be asked for. `$2y$` and not `$2b$`, which older Apaches do not know.
    private var setting: (prefix: String, cost: UInt) {
        switch self {
        case .bcrypt: ("$2y$", 10)
        case .sha512: ("$6$", 150_000)
        case .yescrypt: ("$y$", 7)
        }
    }

    /// Hashes a new password with a fresh salt.
    package func hash(_ password: Secret) throws(PasswordProblem) -> String {
        if let problem = problem(of: password) { throw problem }
        guard let setting = Crypt.makeSetting(prefix: setting.prefix, cost: setting.cost),
            let text = Crypt.withHash(of: password, setting: setting, { String(decoding: $0, as: UTF8.self) })
        else { throw .notHashed }
        return text
    }

    private func problem(of password: Secret) -> PasswordProblem? {
        if password.isEmpty { return .empty }
        // What crypt(3) cannot take would never match.
        if password.withBytes({ $0.contains(0) }) { return .nul }
        if self == .bcrypt, password.count > 72 { return .tooLongForBcrypt }
        return password.count > Crypt.longestPassword ? .tooLong : nil
    }
}

/// Why a password cannot be set.
package enum PasswordProblem: Error, Sendable, CaseIterable, CustomStringConvertible {
    case empty, nul, tooLongForBcrypt, tooLong
    /// The system has no such hash, or no randomness.
    case notHashed

    package var description: String {
        switch self {
        case .empty: "the password is empty"
        case .nul: "the password contains a NUL"
        case .tooLongForBcrypt: "bcrypt uses only the first 72 bytes of a password, and this one is longer: use sha512"
        case .tooLong: "the password is longer than \(Crypt.longestPassword) bytes"
        case .notHashed: "the system does not support this hash"
        }
    }
}

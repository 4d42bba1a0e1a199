/// The users of one password file, as it was when it was read.
///
/// Lines of `user:hash`, as htpasswd and mosquitto_passwd write them; what follows a second colon is not looked at.
/// Empty lines and lines that begin with `#` are comments. User names are UTF-8 and compared byte by byte.
package struct PasswordFile: Sendable {
    /// In bytes.
    package static let largest = 64 << 20

    private struct User {
        var hash: PasswordHash
        var line: Int
    }

    private let users: [[UInt8]: User]
    /// Of the cost that most hashes have. What is verified for a user that does not exist, so that the time does not
    /// tell; nil: there are no users.
    let decoy: PasswordHash?

    /// How many users there are.
    package var count: Int { users.count }

    /// Whether there is such a user.
    package func contains(_ user: String) -> Bool { users[Array(user.utf8)] != nil }

    /// Whether `password` is the user's. Takes as long as the hash was made to take, also for a user that does not
    /// exist: never on an event loop.
    package func matches(_ user: String, _ password: Secret) -> Bool {
        guard let known = users[Array(user.utf8)] else {
            _ = decoy?.verify(password)
            return false
        }
        return known.hash.verify(password)
    }

    /// Reads the text of a file. `path` is for messages.
    package init(_ bytes: [UInt8], path: String) throws(PasswordFileError) {
        guard bytes.count <= Self.largest else {
            throw PasswordFileError(path, nil, "larger than \(Self.largest >> 20) MiB")
        }
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw PasswordFileError(path, 1, "a byte order mark; save the file as UTF-8 without it")
        }
        var users: [[UInt8]: User] = [:]
        var costs: [PasswordHash.Cost: (count: Int, first: PasswordHash)] = [:]
        var number = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            number += 1
            let line = PasswordLine.next(&rest)
            guard let fields = line.fields else {
                if line.isComment { continue }
                throw PasswordFileError(path, number, "no colon; a line is \"user:hash\"")
            }
            let entry = PasswordLine.Place(path: path, line: number)
            let name = try entry.check(user: fields.user)
            let hash = try entry.hash(fields.hash, of: name)
            if let other = users.updateValue(User(hash: hash, line: number), forKey: Array(fields.user)) {
                throw entry.error("is in line \(other.line) already; remove one of the two", user: name)
            }
            costs[hash.cost, default: (0, hash)].count += 1
        }
        self.users = users
        decoy = costs.values.max { $0.count < $1.count }?.first
    }
}

/// What is wrong with a password file, and what would be right. Never shows a password or a hash.
package struct PasswordFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package var path: String
    /// From 1; nil: the whole file.
    package var line: Int?
    package var user: String?
    package var problem: String

    package init(_ path: String, _ line: Int?, user: String? = nil, _ problem: String) {
        self.path = path
        self.line = line
        self.user = user
        self.problem = problem
    }

    /// "conf/users:3: user "zoe": …"
    package var description: String {
        "\(path)\(line.map { ":\($0)" } ?? ""): \(user.map { "user \"\($0)\": " } ?? "")\(problem)"
    }
}

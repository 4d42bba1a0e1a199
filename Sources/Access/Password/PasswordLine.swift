/// One line of a password file.
struct PasswordLine {
    /// Without its end.
    let content: ArraySlice<UInt8>
    /// "\n", "\r\n", or nothing at the end of the file.
    let end: ArraySlice<UInt8>

    /// Takes one line from the front.
    static func next(_ bytes: inout ArraySlice<UInt8>) -> PasswordLine {
        let feed = bytes.firstIndex(of: UInt8(ascii: "\n"))
        let after = feed.map { $0 + 1 } ?? bytes.endIndex
        let line = bytes[..<after]
        bytes = bytes[after...]
        let length = line.count - (feed == nil ? 0 : 1)
        let bare = line.prefix(length)
        let content = bare.last == UInt8(ascii: "\r") ? bare.dropLast() : bare
        return PasswordLine(content: content, end: line[content.endIndex...])
    }

    var isComment: Bool {
        content.first == UInt8(ascii: "#") || content.allSatisfy(Self.isBlank)
    }

    /// The user, the hash, and what follows it with its colon; nil: a comment, or no colon.
    var fields: (user: ArraySlice<UInt8>, hash: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        guard !isComment, let colon = content.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let value = content[(colon + 1)...]
        let end = value.firstIndex(of: UInt8(ascii: ":")) ?? value.endIndex
        return (content[..<colon], value[..<end], value[end...])
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Where a line stands, for what is wrong with it.
    struct Place {
        var path: String
        var line: Int

        func error(_ problem: String, user: String? = nil) -> PasswordFileError {
            PasswordFileError(path, line, user: user.map { String($0.prefix(64)) }, problem)
        }

        func check(user: ArraySlice<UInt8>) throws(PasswordFileError) -> String {
            guard let name = String(validating: user, as: UTF8.self) else {
                throw error("the user name is not UTF-8")
            }
            if let problem = PasswordFileEditor.problem(ofUser: name) { throw error(problem) }
            return name
        }

        func hash(_ bytes: ArraySlice<UInt8>, of user: String) throws(PasswordFileError) -> PasswordHash {
            let blanks = bytes.reversed().prefix(while: PasswordLine.isBlank).count
            do throws(PasswordHashError) {
                return try PasswordHash(bytes.dropLast(blanks))
            } catch {
                throw self.error(error.description, user: user)
            }
        }
    }
}

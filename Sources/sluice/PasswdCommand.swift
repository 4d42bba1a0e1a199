import Access
import ArgumentParser

/// `sluice passwd`: changes a password file.
struct PasswdCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice passwd",
        abstract: "Adds a user to a password file, changes its password, or deletes it.",
        discussion: """
            The file is for auth_password_file (MQTT clients) or auth_basic_user_file (operators).

            The password is asked for twice on the terminal, or is one line of standard input when that is no \
            terminal. It is never an argument, which other users could see.

            The file is replaced as a whole: a running gateway sees the old users or the new ones. Comments and other \
            users stay as they are, and so do the file's owner and mode; a new file has mode 0600.
            """)

    @Flag(
        name: .customShort("c"),
        help: "Create FILE. Refused if it exists: unlike htpasswd's -c, this never deletes existing users.")
    var create = false

    @Flag(name: .customShort("D"), help: "Delete the user.")
    var delete = false

    @Option(
        help: ArgumentHelp(
            "How to hash. bcrypt is understood by most other servers; sha512 accepts passwords over 72 bytes.",
            valueName: "name"))
    var algorithm = PasswordAlgorithm.bcrypt

    @Argument(help: ArgumentHelp("The file.", valueName: "FILE"))
    var file: String

    @Argument(help: ArgumentHelp("The user's name.", valueName: "USER"))
    var user: String

    func validate() throws {
        if create, delete { throw ValidationError("-c and -D cannot be combined.") }
        if let problem = PasswordFileEditor.problem(ofUser: user) { throw ValidationError("\(problem).") }
    }

    func run() throws {
        do {
            try change()
        } catch {
            Sluice.complain("\(error)")
            throw ExitCode(1)
        }
    }

    private func change() throws {
        let store = try PasswordFileStore(file)
        if create, store.exists { throw Failure(description: "\(file): the file exists; omit -c to add a user to it") }
        if !create, !store.exists { throw Failure(description: "\(file): there is no such file; use -c to create it") }
        if delete {
            try store.change { bytes throws(PasswordFileError) in
                guard let edited = PasswordFileEditor.removing(user, from: bytes) else {
                    throw PasswordFileError(file, nil, user: user, "there is no such user")
                }
                return edited
            }
        } else {
            let hash = try algorithm.hash(try PasswordPrompt.read(for: user))
            try store.change { bytes in PasswordFileEditor.setting(user, to: hash, in: bytes) }
        }
    }
}

extension PasswordAlgorithm: ExpressibleByArgument {}

import Glibc
import Testing

@testable import Access

@Suite("Password files on disk: replaced as a whole")
struct PasswordFileStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func add(_ user: String, _ name: String = "users") throws {
        try PasswordFileStore("\(folder.path)/\(name)").change { bytes in
            PasswordFileEditor.setting(user, to: "hash", in: bytes)
        }
    }

    @Test("A new file has mode 0600, and nothing else is left in the folder") func creates() throws {
        #expect(try !PasswordFileStore("\(folder.path)/users").exists)
        try add("bob")
        #expect(try PasswordFileStore("\(folder.path)/users").exists)
        #expect(try folder.read("users") == "bob:hash\n")
        #expect(folder.mode("users") == 0o600)
        #expect(folder.names == ["users"])
    }

    @Test("A file keeps its mode", arguments: [0o600, 0o640, 0o444, 0o660] as [mode_t]) func keepsMode(mode: mode_t)
        throws
    {
        let path = try folder.write("users", "# ours\namy:1\n")
        chmod(path, mode)
        try add("bob")
        #expect(try folder.read("users") == "# ours\namy:1\nbob:hash\n")
        #expect(folder.mode("users") == mode)
        #expect(folder.names == ["users"])
    }

    @Test("A symbolic link stays one: its target changes") func followsLinks() throws {
        try folder.write("real", "amy:1\n")
        symlink("real", "\(folder.path)/users")
        try add("bob")
        #expect(try folder.read("real") == "amy:1\nbob:hash\n")
        var status = stat()
        #expect(lstat("\(folder.path)/users", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(folder.names == ["real", "users"])
    }

    @Test("A link that leads nowhere, and a folder, are refused") func refuses() throws {
        symlink("nothing", "\(folder.path)/dangling")
        #expect(throws: PasswordFileError("\(folder.path)/dangling", nil, "a dangling symbolic link")) {
            try PasswordFileStore("\(folder.path)/dangling")
        }
        #expect(throws: PasswordFileError(folder.path, nil, "not a regular file")) {
            try PasswordFileStore(folder.path)
        }
        #expect(folder.names == ["dangling"])
    }

    @Test("An edit that fails changes nothing, and leaves nothing") func failingEdit() throws {
        let path = try folder.write("users", "amy:1\n")
        let error = PasswordFileError(path, nil, user: "bob", "there is no such user")
        #expect(throws: error) {
            try PasswordFileStore(path).change { _ throws(PasswordFileError) in throw error }
        }
        #expect(try folder.read("users") == "amy:1\n")
        #expect(folder.names == ["users"])
    }

    @Test("A file that came into being meanwhile is not overwritten") func createsOnly() throws {
        let store = try PasswordFileStore("\(folder.path)/users")
        try folder.write("users", "amy:1\n")
        #expect(throws: PasswordFileError.self) { try store.change { _ in Array("bob:2\n".utf8) } }
        #expect(try folder.read("users") == "amy:1\n")
        #expect(folder.names == ["users"])
    }

    @Test("A folder that does not exist") func noFolder() throws {
        let error = #expect(throws: PasswordFileError.self) { try add("bob", "no/users") }
        #expect(error?.problem == "open: No such file or directory")
    }

    @Test("Changes at the same time are all there afterwards") func concurrent() async throws {
        try folder.write("users", "")
        await withTaskGroup { group in
            for number in 0..<20 { group.addTask { try? add("user\(number)") } }
        }
        let names = try folder.read("users").split(separator: "\n").map { String($0.prefix { $0 != ":" }) }
        #expect(Set(names) == Set((0..<20).map { "user\($0)" }))
        #expect(folder.names == ["users"])
    }
}

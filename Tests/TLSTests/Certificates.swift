import Foundation

/// Keys and certificates in a temporary folder, made once with the `openssl` command.
struct Certificates: Sendable {
    let folder: URL

    /// Elliptic-curve keys, for a.example and b.example.
    var a: (certificate: String, key: String) { (path("a.pem"), path("a.key")) }
    var b: (certificate: String, key: String) { (path("b.pem"), path("b.key")) }
    /// An RSA key, for a.example.
    var rsa: (certificate: String, key: String) { (path("rsa.pem"), path("rsa.key")) }
    /// The key of `a`, with a pass phrase.
    var encryptedKey: String { path("encrypted.key") }
    /// A file that contains no PEM.
    var garbage: String { path("garbage.pem") }
    var missing: String { path("missing.pem") }

    static let shared = Result { try Certificates() }

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        atexit { if let made = try? Certificates.shared.get() { try? FileManager.default.removeItem(at: made.folder) } }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        try make("a", "a.example", curve)
        try make("b", "b.example", curve)
        try make("rsa", "a.example", ["-newkey", "rsa:2048"])
        try run(["pkey", "-in", path("a.key"), "-aes256", "-passout", "pass:secret", "-out", encryptedKey])
        try "this is no PEM\n".write(toFile: garbage, atomically: true, encoding: .utf8)
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func make(_ name: String, _ host: String, _ key: [String]) throws {
        try run(
            ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=\(host)", "-keyout", path("\(name).key")] + key
                + ["-out", path("\(name).pem")])
    }

    private struct Failed: Error { let command: [String] }

    /// Runs the `openssl` command.
    func run(_ arguments: [String]) throws { try shell("exec openssl \"$@\"", ["sh"] + arguments) }

    /// Runs a line of shell.
    func shell(_ line: String, _ arguments: [String] = []) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(command: [line] + arguments) }
    }
}

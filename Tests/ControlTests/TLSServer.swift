import Glibc

/// A TLS server of the tests: `openssl s_server` with a certificate of its own making for 127.0.0.1, or another name.
///
/// Not Foundation's Process: its children keep the sockets of tests that run beside them, so that those never end, and
/// the signal mask of a thread pool, which blocks SIGTERM.
final class TLSServer {
    private let folder: String
    private let process: pid_t
    let port: UInt16

    private struct Failed: Error {}

    init(name: String = "IP:127.0.0.1") throws {
        var template = Array("/tmp/sluice-control.XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let made else { throw Failed() }
        folder = made
        let (key, certificate) = (folder + "/key.pem", folder + "/certificate.pem")
        let maker = try Self.start(
            [
                "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=service", "-addext", "subjectAltName=\(name)",
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", key, "-out", certificate,
            ])
        close(maker.output)
        guard Self.end(maker.process) == 0 else { throw Failed() }
        // Its page is an answer to GET.
        let server = try Self.start(["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"])
        process = server.process
        defer { close(server.output) }
        // "ACCEPT 127.0.0.1:40000"
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 256)
        while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
            let count = read(server.output, &bytes, bytes.count)
            guard count > 0 else { throw Failed() }
            text += String(decoding: bytes[..<count], as: UTF8.self)
        }
        guard let port = UInt16(text.filter { $0 != "\n" }.split(separator: ":").last ?? "") else { throw Failed() }
        self.port = port
    }

    var url: String { "https://127.0.0.1:\(port)/" }
    /// Its certificate, which is its own authority.
    var authorities: String { folder + "/certificate.pem" }

    func stop() {
        kill(process, SIGKILL)
        _ = Self.end(process)
        for name in ["key.pem", "certificate.pem"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    // MARK: Processes

    /// Starts `openssl` with nothing of this process but the pipe that `output` reads from.
    private static func start(_ arguments: [String]) throws -> (process: pid_t, output: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failed() }
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&files, ends[1], 1)
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0)
        for descriptor in 3..<Int32(min(4096, sysconf(Int32(_SC_OPEN_MAX)))) {
            posix_spawn_file_actions_addclose(&files, descriptor)
        }
        defer {
            posix_spawn_file_actions_destroy(&files)
            close(ends[1])
        }
        var words: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        guard posix_spawnp(&process, "openssl", &files, nil, &words, environ) == 0 else {
            close(ends[0])
            throw Failed()
        }
        return (process, ends[0])
    }

    /// Waits for the end, and says how it was: 0 is good.
    private static func end(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

import ArgumentParser
import Configuration
import Convert
import Gateway
import Glibc

/// `sluice convert`: an nginx configuration as one of ours.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice convert",
        abstract: "Converts an nginx configuration into one for Sluice.",
        discussion: """
            Reads nginx.conf, or the file of one site, with its includes, and prints the configuration. What cannot be \
            carried over is a comment with its place and the reason. A summary goes to standard error.

            The result loads; `sluice -t` also tests the files and names in it. Look at its comments, above all at \
            those about brokers' ports: Sluice speaks MQTT over TCP to brokers, not WebSocket.

            Exit status: 0 if there is a result; 1 if the file cannot be read, has an error, or has nothing for Sluice; \
            64 when the command line is wrong.
            """)

    @Option(
        name: .customShort("o"),
        help: ArgumentHelp("Write to this file, which must not exist, not to standard output.", valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp("The folder that relative includes start from. Default: that of FILE.", valueName: "folder"))
    var prefix: String?

    @Option(
        help: ArgumentHelp(
            "The brokers' TCP port, written where nginx names their port for WebSocket or TLS.", valueName: "port"))
    var brokerPort = 1883

    @Argument(help: ArgumentHelp("nginx.conf, a site's file, or - for standard input.", valueName: "FILE"))
    var file: String

    func validate() throws {
        guard (1...65_535).contains(brokerPort) else {
            throw ValidationError("--broker-port must be a port from 1 to 65535.")
        }
    }

    func run() throws {
        var options = ConversionOptions()
        options.brokerPort = brokerPort
        options.folder = prefix.map { $0.hasSuffix("/") ? $0 : "\($0)/" }
        do throws(Failure) {
            let conversion = try convert(options)
            try write(conversion.text)
            Sluice.complain(conversion.summary(of: name))
            for position in conversion.guards {
                Sluice.complain(
                    "\(position.file):\(position.line): this rule kept requests out; look at the comment about it")
            }
            for file in conversion.unread {
                Sluice.complain(
                    "\(file): it could not be read, and may say who is kept out; look at the comment about it")
            }
        } catch {
            Sluice.complain(error.description)
            throw ExitCode(1)
        }
    }

    /// The file's name in messages.
    private var name: String { file == "-" ? "standard input" : file }

    private func convert(_ options: ConversionOptions) throws(Failure) -> Conversion {
        var source = ConfigurationFiles.source
        if file == "-" {
            let (read, main) = (source.read, name)
            source.read = { path, limit throws(ConfigurationSource.ReadFailure) in
                try read(path == main ? "/dev/stdin" : path, limit)
            }
        }
        do throws(ConfigurationError) {
            return try Conversion.convert(path: name, source: source, options: options)
        } catch {
            throw Failure(description: error.description)
        }
    }

    private func write(_ text: String) throws(Failure) {
        let target = output ?? "standard output"
        let descriptor = output.map { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) } ?? STDOUT_FILENO
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw Failure(description: "\(target) cannot be written: \(reason)")
        }
        defer { if output != nil { close(descriptor) } }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Failure(description: "\(target) cannot be written: \(String(cString: strerror(errno)))")
            }
            bytes = bytes.dropFirst(count)
        }
    }
}

extension Conversion {
    /// "nginx.conf: 24 directives carried over, 9 not needed, 2 not carried over: rewrite (nginx.conf:12) …"
    fileprivate func summary(of file: String) -> String {
        let most = 8
        var names = rest.prefix(most).map { "\($0.name) (\($0.position.file):\($0.position.line))" }
        if rest.count > most { names.append("and \(rest.count - most) more") }
        let others = rest.isEmpty ? "" : ": " + names.joined(separator: ", ")
        return
            "\(file): \(carried) directives carried over, \(unneeded) not needed, \(rest.count) not carried over\(others)"
    }
}

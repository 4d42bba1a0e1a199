import ArgumentParser
import Configuration
import Gateway
import Glibc

/// Chooses between the gateway, `sluice passwd`, `sluice top` and `sluice convert`. Not subcommands of the parser's: their options would be
/// mixed up with those of the gateway, whose -c takes a file.
@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "passwd": PasswdCommand.main(Array(arguments.dropFirst()))
        case "top": TopCommand.main(Array(arguments.dropFirst()))
        case "convert": ConvertCommand.main(Array(arguments.dropFirst()))
        default: Sluice.main(Array(arguments))
        }
    }
}

/// The gateway's command line.
struct Sluice: ParsableCommand {
    /// Exit statuses: 0 success, 1 the configuration or the system does not allow it, 64 the command line is wrong.
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Connects browsers to MQTT brokers: TLS and WebSocket to clients, plain MQTT over TCP to brokers.",
        discussion: """
            Without -t, -T, -s, -v or -V it runs in the foreground. `sluice passwd --help` tells how to change password \
            files, `sluice top --help` how to watch connections and upstreams in the terminal, `sluice convert --help` how to \
            come from nginx.

            Signals: TERM and INT stop (clients get a close), QUIT drains within worker_shutdown_timeout, HUP reloads \
            the configuration (open sessions go on), USR1 opens the logs again, USR2 starts the program again, which takes over \
            the listening sockets while this process drains.

            Exit status: 0 after a clean end or a good test; 1 when the configuration is wrong, or a port, certificate \
            or file does not allow it; 64 when the command line is wrong.
            """)

    @Option(
        name: .customShort("c"),
        help: ArgumentHelp(
            "The configuration file. Default: conf/sluice.conf under the prefix, then /etc/sluice/sluice.conf.",
            valueName: "file"))
    var file: String?

    @Option(
        name: .customShort("p"),
        help: ArgumentHelp(
            """
            The folder that relative paths in the configuration start from. Default: the folder above the \
            configuration file's folder when that is called conf, else the file's folder.
            """, valueName: "prefix"))
    var prefix: String?

    @Flag(name: .customShort("t"), help: "Test the configuration, and the files and names it refers to.")
    var test = false

    @Flag(
        name: .customShort("T"),
        help: "Test the configuration, and print it with includes, inheritance and defaults resolved.")
    var testAndPrint = false

    @Option(
        name: .customShort("s"),
        help: ArgumentHelp(
            """
            Signal the running process, found by pid_file: stop, quit, reload, reopen or upgrade. A reload and an \
            upgrade test the configuration first.
            """, valueName: "signal"))
    var signal: Order?

    @Flag(name: .customShort("v"), help: "Print the version.")
    var version = false

    @Flag(name: .customShort("V"), help: "Print the version, and those of Swift, OpenSSL and nghttp2.")
    var versions = false

    enum Order: String, ExpressibleByArgument, CaseIterable {
        case stop, quit, reopen, reload, upgrade
    }

    func validate() throws {
        let modes = [test || testAndPrint, signal != nil, version || versions].filter(\.self).count
        guard modes <= 1 else { throw ValidationError("-t or -T, -s, and -v or -V cannot be combined.") }
    }

    func run() throws {
        if version || versions { return Version.write(all: versions) }
        let location = ConfigurationLocation(file: file, prefix: prefix)
        do throws(Failure) {
            let snapshot = try location.load()
            if let signal {
                try signal.send(snapshot)
            } else if test || testAndPrint {
                try Failure.wrap { () throws(StartError) in try Gateway.test(snapshot) }
                if testAndPrint { print(render(snapshot), terminator: "") }
                Self.complain("the configuration \(location.path) is valid")
            } else {
                var gateway = try Failure.wrap { () throws(StartError) in
                    try Gateway.make(snapshot) { () throws(StartError) in
                        do throws(Failure) { return try location.load() } catch { throw StartError(error.description) }
                    }
                }
                try Failure.run(&gateway)
            }
        } catch {
            Self.complain(error.description)
            throw ExitCode(1)
        }
    }

    /// One line on standard error.
    static func complain(_ message: String) {
        let line = Array("sluice: \(message)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

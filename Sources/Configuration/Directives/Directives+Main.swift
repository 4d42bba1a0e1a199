extension DirectiveTable {
    static let main: [Directive] = [
        Directive(
            "include", [.main, .upstream, .server, .location], .included,
            "Reads another file, or all files that match a pattern, in this place.", repeatable: true),
        Directive(
            "worker_threads", .main, .threads,
            "Number of event loops; auto is one per core."),
        Directive(
            "user", .main,
            .text(\.process.user) { _ in
                "write only the user: its groups are included"
            },
            "User to switch to once the ports are open, if started as root."),
        Directive(
            "pid_file", .main, .path(\.process.pidFile),
            "File for the process ID."),
        Directive(
            "error_log", .main, .errorLog,
            "Where messages are written, a path, stderr, stdout or a syslog server, and the lowest level to write."),
        Directive(
            "worker_rlimit_nofile", .main, .descriptorLimit,
            "Limit of open file descriptors to request from the system."),
        Directive(
            "worker_rlimit_core", .main,
            .size(\.process.coreLimit, 1...(1 << 40), zero: "none is written"),
            "Largest core file that a crash may leave."),
        Directive(
            "seccomp", .main, .flag(\.process.filtersCalls),
            "Whether the kernel refuses system calls that the gateway has no use for."),
        Directive(
            "watch", .main, .flag(\.process.watchesFiles),
            "Whether certificates, and files of users, tokens and keys, are used as soon as they have changed."),
        Directive(
            "worker_shutdown_timeout", .main,
            .time(\.process.shutdownTimeout, .milliseconds(1)...(.seconds(30 * 86400))),
            "Period over which a graceful stop closes all sessions."),
        Directive(
            "drain_delay", .main, .time(\.process.drainDelay, .zero...(.seconds(3600))),
            "How long a graceful stop still accepts clients, while health and return answer 503 in place of 200."),
        Directive(
            "drain_server_reference", .main, .serverReference,
            "Server that MQTT 5.0 clients are told to use when a graceful stop closes their sessions."),
        Directive(
            "log_format", .main, .logFormat,
            "Defines a line format with variables for access_log.", repeatable: true, phase: .definition),
        Directive(
            "access_log", .inherited, .accessLog,
            "Where a line for each session and HTTP request is written, a path, stdout, stderr, a syslog server or off, and its "
                + "format."),
    ]
}

extension Action {
    /// The parser puts the files in place of the statement; a table line makes the name known.
    static var included: Action {
        Action(1...1) { (_, _) throws(ConfigurationError) in }
    }

    static var threads: Action {
        .single(\.process.workerThreads, "auto or a number from 1 to 256") { text -> Int?? in
            if text == "auto" { return .some(nil) }
            guard let number = Value.integer(text[...]), (1...256).contains(number) else { return nil }
            return .some(number)
        }
    }

    /// `host` or `host:port`, in a form that clients are recommended to understand (MQTT 5.0 §4.11).
    static var serverReference: Action {
        .single(
            \.process.drainReference, "a host, perhaps with a port, of at most 80 bytes, such as mqtt2.example.com:443"
        ) {
            text -> String?? in
            guard text.utf8.count <= 80, isServerReference(text) else { return nil }
            return .some(text)
        }
    }

    private static func isServerReference(_ text: String) -> Bool {
        let end = text.lastIndex { $0 == ":" || $0 == "]" } ?? text.endIndex
        let hasPort = end < text.endIndex && text[end] == ":"
        if hasPort, !(Value.integer(text[end...].dropFirst()).map { (1...65_535).contains($0) } ?? false) {
            return false
        }
        let host = hasPort ? text[..<end] : text[...]
        guard host.hasPrefix("[") else { return Host.isName(host) || Host.isIPv4(host) }
        return host.hasSuffix("]") && Host.canonicalIPv6(host.dropFirst().dropLast()) != nil
    }

    static var descriptorLimit: Action {
        let range = 64...1_073_741_816  // the upper bound is the kernel's of fs.nr_open
        return .single(\.process.descriptorLimit, "a number from \(range.lowerBound) to \(range.upperBound)") {
            text -> Int?? in
            guard let number = Value.integer(text[...]), range.contains(number) else { return nil }
            return .some(number)
        }
    }
}

/// Letters, digits, `_`, `-` and `.`, at least one: what upstreams and log formats are named with.
func isIdentifier(_ text: String) -> Bool {
    guard !text.isEmpty else { return false }
    return text.unicodeScalars.allSatisfy { Template.isNameScalar($0) || $0 == "-" || $0 == "." }
}

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
            "Where messages are written, a path, stderr or stdout, and the lowest level to write."),
        Directive(
            "worker_rlimit_nofile", .main, .descriptorLimit,
            "Limit of open file descriptors to request from the system."),
        Directive(
            "worker_shutdown_timeout", .main,
            .time(\.process.shutdownTimeout, .milliseconds(1)...(.seconds(30 * 86400))),
            "Period over which a graceful stop closes all sessions."),
        Directive(
            "log_format", .main, .logFormat,
            "Defines a line format with variables for access_log.", repeatable: true, phase: .definition),
        Directive(
            "access_log", .inherited, .accessLog,
            "Where a line for each session and HTTP request is written, a path, stdout, stderr or off, and its format."),
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

    static var descriptorLimit: Action {
        let range = 64...1_073_741_816  // the upper bound is the kernel's of fs.nr_open
        return .single(\.process.descriptorLimit, "a number from \(range.lowerBound) to \(range.upperBound)") {
            text -> Int?? in
            guard let number = Value.integer(text[...]), range.contains(number) else { return nil }
            return .some(number)
        }
    }

    static var errorLog: Action {
        Action(1...2) { (statement, builder) throws(ConfigurationError) in
            let target = statement.argument
            if target.text == "off" {
                throw statement.error(
                    "cannot be off", at: target, hint: "write \"error_log stderr error\" to log only errors")
            }
            let path = try builder.logTarget(target, of: statement)
            builder.process.errorLog.path = path == "stderr" ? nil : path
            guard statement.arguments.count > 1, let word = statement.arguments.last else { return }
            guard let level = ErrorLogSettings.Level(rawValue: word.text) else {
                let allowed = ErrorLogSettings.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw statement.error(
                    "must have a level of \(allowed), not \(quoted(word.text))", at: word,
                    hint: ["crit", "alert", "emerg"].contains(word.text) ? "error is the highest level" : nil)
            }
            builder.process.errorLog.level = level
        }
    }
}

// MARK: - Access log

extension Action {
    static var logFormat: Action {
        Action(2...Int.max) { (statement, builder) throws(ConfigurationError) in
            let name = statement.argument
            guard !["json", "off"].contains(name.text), isIdentifier(name.text) else {
                throw statement.error(
                    "needs a name of letters, digits, \"_\", \"-\" and \".\", other than json and off", at: name)
            }
            if let first = builder.logFormats[name.text]?.position {
                throw statement.error(
                    "defines \(quoted(name.text)) again", at: name, hint: "the first one is at \(first)")
            }
            var template = Template(segments: [])
            for word in statement.arguments.dropFirst() {
                guard !word.text.hasPrefix("escape=") else {
                    throw statement.error("has no parameter \"escape\"", at: word)
                }
                do throws(ValueFault) {
                    template.append(try Template.parsed(word.text))
                } catch {
                    throw statement.error(error, at: word)
                }
            }
            builder.logFormats[name.text] = (template, name.position)
        }
    }

    static var accessLog: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            let target = statement.argument
            let format = statement.arguments.dropFirst().first
            try checkLogParameters(statement)
            if target.text == "off" {
                guard format == nil else { throw statement.error("takes nothing after off", at: format) }
                builder.scope.accessLog = nil
                return
            }
            let path = try builder.logTarget(target, of: statement)
            guard let format, format.text != "json" else {
                builder.scope.accessLog = AccessLogSettings(path: path, format: .json)
                return
            }
            guard let template = builder.logFormats[format.text]?.template else {
                let near = nearest(to: format.text, in: builder.logFormats.keys.sorted() + ["json"])
                throw statement.error(
                    "names a format \(quoted(format.text)) that no \"log_format\" defines", at: format,
                    hint: near.map { "did you mean \"\($0)\"?" } ?? "define it, or write json")
            }
            builder.scope.accessLog = AccessLogSettings(path: path, format: .named(format.text, template))
        }
    }
}

extension Action {
    /// nginx's parameters of `access_log`: none has a meaning here.
    private static func checkLogParameters(_ statement: Statement) throws(ConfigurationError) {
        for word in statement.arguments.dropFirst() {
            let hint: String
            switch Parameter(word.text).name {
            case "buffer", "flush": hint = "not needed: a separate thread writes lines in batches; remove it"
            case "gzip": hint = "not supported: compress logs when they are rotated; remove it"
            case "if": hint = "not supported: every session and request is logged; remove it"
            default: continue
            }
            throw statement.error("has no parameter \(quoted(word.text))", at: word, hint: hint)
        }
        if let word = statement.arguments.dropFirst(2).first {
            throw statement.error("takes one target and one format, not \(quoted(word.text))", at: word)
        }
    }
}

extension Builder {
    /// `stderr`, `stdout`, or an absolute path. The system's names of the two mean the streams themselves: where one is a
    /// socket (systemd, Docker), or a pipe of another user, its name cannot be opened.
    fileprivate func logTarget(_ word: Word, of statement: Statement) throws(ConfigurationError) -> String {
        switch word.text {
        case "stderr", "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2": return "stderr"
        case "stdout", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": return "stdout"
        default: break
        }
        for (scheme, hint) in [
            ("syslog:", "write stderr instead: systemd and Docker collect it"),
            ("memory:", "write a path, or stderr, instead"),
        ] where word.text.hasPrefix(scheme) {
            throw statement.error(
                "cannot write to \(quoted(word.text)): it takes a path, stderr or stdout", at: word, hint: hint)
        }
        return try path(word, of: statement)
    }
}

/// Letters, digits, `_`, `-` and `.`, at least one: what upstreams and log formats are named with.
func isIdentifier(_ text: String) -> Bool {
    guard !text.isEmpty else { return false }
    return text.unicodeScalars.allSatisfy { Template.isNameScalar($0) || $0 == "-" || $0 == "." }
}

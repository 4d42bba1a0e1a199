extension Action {
    static var errorLog: Action {
        Action(1...2) { (statement, builder) throws(ConfigurationError) in
            let target = statement.argument
            if target.text == "off" {
                throw statement.error(
                    "cannot be off", at: target, hint: "write \"error_log stderr error\" to log only errors")
            }
            builder.process.errorLog.target = try builder.logTarget(target, of: statement, isErrorLog: true)
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
            let word = statement.argument
            let format = statement.arguments.dropFirst().first
            try checkLogParameters(statement)
            if word.text == "off" {
                guard format == nil else { throw statement.error("takes nothing after off", at: format) }
                builder.scope.accessLog = nil
                return
            }
            let target = try builder.logTarget(word, of: statement)
            guard let format, format.text != "json" else {
                builder.scope.accessLog = AccessLogSettings(target: target, format: .json)
                return
            }
            guard let template = builder.logFormats[format.text]?.template else {
                let near = nearest(to: format.text, in: builder.logFormats.keys.sorted() + ["json"])
                throw statement.error(
                    "names a format \(quoted(format.text)) that no \"log_format\" defines", at: format,
                    hint: near.map { "did you mean \"\($0)\"?" } ?? "define it, or write json")
            }
            builder.scope.accessLog = AccessLogSettings(target: target, format: .named(format.text, template))
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
    /// `stderr`, `stdout`, a syslog server, or an absolute path. The system's names of the two streams mean the streams
    /// themselves: where one is a socket (systemd, Docker), or a pipe of another user, its name cannot be opened.
    fileprivate func logTarget(
        _ word: Word, of statement: Statement, isErrorLog: Bool = false
    ) throws(ConfigurationError) -> LogTarget {
        switch word.text {
        case "stderr", "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2": return .stderr
        case "stdout", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": return .stdout
        default: break
        }
        if word.text.hasPrefix(SyslogSettings.scheme) {
            do throws(ValueFault) {
                return .syslog(try SyslogSettings(word.text, hasSeverity: !isErrorLog))
            } catch {
                throw statement.error(error, at: word)
            }
        }
        if word.text.hasPrefix("memory:") {
            throw statement.error(
                "cannot write to \(quoted(word.text)): it takes a path, stderr, stdout or a syslog server", at: word,
                hint: "write a path, or stderr, instead")
        }
        return .file(try path(word, of: statement))
    }
}

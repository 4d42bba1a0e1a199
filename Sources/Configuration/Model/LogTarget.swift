/// Where a log is written.
package enum LogTarget: Sendable, Hashable {
    case stderr, stdout
    /// An absolute path.
    case file(String)
    case syslog(SyslogSettings)
}

extension LogTarget: CustomStringConvertible {
    /// As the configuration writes it, and as it is named in messages and metrics.
    package var description: String {
        switch self {
        case .stderr: "stderr"
        case .stdout: "stdout"
        case .file(let path): path
        case .syslog(let settings): settings.description
        }
    }
}

/// `syslog:server=…`: a syslog server that gets each line as a datagram (RFC 5424, RFC 5426), in nginx's words.
package struct SyslogSettings: Sendable, Hashable {
    /// nginx's names, in the order of the numbers of RFC 5424 §6.2.1.
    package enum Facility: String, Sendable, CaseIterable {
        case kern, user, mail, daemon, auth, intern, lpr, news, uucp, clock, authpriv, ftp, ntp, audit, alert, cron
        case local0, local1, local2, local3, local4, local5, local6, local7

        /// The number of RFC 5424 §6.2.1.
        package var code: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// nginx's names, in the order of the numbers of RFC 5424 §6.2.1.
    package enum Severity: String, Sendable, CaseIterable {
        case emerg, alert, crit, error, warn, notice, info, debug

        /// The number of RFC 5424 §6.2.1.
        package var code: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    package var server: Address
    package var facility = Facility.local7
    /// nil: each message has the severity of its level.
    package var severity: Severity?
    /// APP-NAME of RFC 5424 §6.2.5.
    package var tag = "sluice"
    /// Whether messages name this machine.
    package var namesHost = true

    package init(server: Address) { self.server = server }
}

extension SyslogSettings: CustomStringConvertible {
    /// What a target begins with.
    static let scheme = "syslog:"

    package var description: String {
        var parts = ["server=\(server)", "facility=\(facility.rawValue)"]
        if let severity { parts.append("severity=\(severity.rawValue)") }
        parts.append("tag=\(tag)")
        if !namesHost { parts.append("nohostname") }
        return Self.scheme + parts.joined(separator: ",")
    }
}

extension ErrorLogSettings.Level {
    /// The severity of a message of this level.
    package var severity: SyslogSettings.Severity {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warn: .warn
        case .error: .error
        }
    }
}

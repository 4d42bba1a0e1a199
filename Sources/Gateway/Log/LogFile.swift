import Configuration
import Reactor
import Telemetry

/// A log: a file, standard output or error, or a syslog server, that whole lines are appended to from any thread. Nobody
/// waits for the disk or the network: a `LogWriter` writes what has gathered.
///
/// Whoever writes to the log keeps this object: when the last of them lets it go, the writer writes what waits and closes
/// the file.
final class LogFile: Sendable {
    private let sink: LogSink
    /// What messages of syslog are made with; nil: lines are written as they are.
    private let syslog: SyslogFormat?
    /// Of messages that have no level.
    private let severity: Int

    init(_ sink: LogSink, syslog: SyslogFormat? = nil) {
        self.sink = sink
        self.syslog = syslog
        var severity = SyslogSettings.Severity.info
        if case .syslog(let settings) = sink.target { severity = settings.severity ?? severity }
        self.severity = severity.code
    }

    deinit { sink.wakeWriter() }

    /// Where it is.
    var target: LogTarget { sink.target }

    /// Bytes that a line of the access log may have so that nothing of it is cut off.
    var lineLimit: Int { syslog?.room(.access) ?? .max }

    /// Appends a line of the access log. Any thread.
    func append(_ line: String) {
        guard let syslog else { return sink.append(line) }
        sink.append(syslog.message(line, severity: severity, kind: .access, at: wallMilliseconds()))
    }

    /// Appends a message of the error log: a line with time and level, or a message of syslog, which has both in its header;
    /// the level is in its text, too, as few receivers write it. Any thread.
    func append(_ level: ErrorLogSettings.Level, _ message: String) {
        let (now, text) = (wallMilliseconds(), "[\(level.rawValue)] \(message)")
        guard let syslog else { return sink.append("\(Timestamp.iso8601(now)) \(text)") }
        sink.append(syslog.message(text, severity: level.severity.code, kind: .error, at: now))
    }

    /// The writer is to look after the logs now.
    func wakeWriter() { sink.wakeWriter() }
}

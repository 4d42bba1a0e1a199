import CShims
import Configuration
import Reactor
import Telemetry

/// The error log, and the thread that writes all logs: both are there for the life of the process.
struct Logs: Sendable {
    let error: ErrorLog
    let writer: LogWriter

    init(_ settings: ErrorLogSettings) throws(StartError) {
        writer = try StartError.wrap { () throws(SystemError) in try LogWriter() }
        error = ErrorLog(file: try Self.file(settings.target, writer), level: settings.level)
    }

    /// The log at a target: opened once however many name it, and closed when nobody uses it any longer. The name of a syslog
    /// server is resolved, which may block.
    func file(_ target: LogTarget) throws(StartError) -> LogFile { try Self.file(target, writer) }

    /// What an `access_log` asks for.
    func open(_ settings: AccessLogSettings?) throws(StartError) -> AccessLog? {
        guard let settings else { return nil }
        return AccessLog(file: try file(settings.target), format: settings.format)
    }

    private static func file(_ target: LogTarget, _ writer: LogWriter) throws(StartError) -> LogFile {
        var syslog: SyslogFormat?
        var address: SocketAddress?
        if case .syslog(let settings) = target {
            syslog = settings.format
            address = try settings.server.resolve().first
        }
        do throws(SystemError) { return try writer.file(target, syslog: syslog, address: address) } catch {
            // A socket has no way in by its name; a link to /dev/stdout may lead to one.
            let hint = error.code == ENXIO ? "; it is a socket: write \"stderr\" or \"stdout\" instead" : ""
            throw StartError("\(error)\(hint)")
        }
    }
}

extension SyslogSettings {
    /// How messages for this server are written.
    fileprivate var format: SyslogFormat {
        var isLocal = false
        if case .unix = server { isLocal = true }
        return SyslogFormat(
            facility: facility.code, hostname: namesHost ? hostname() : nil, tag: tag, process: getpid(),
            limit: isLocal ? SyslogFormat.localLimit : SyslogFormat.datagramLimit)
    }
}

/// The name of this machine; empty if it has none.
private func hostname() -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 257) { name in
        guard let start = name.baseAddress, gethostname(start, name.count - 1) == 0 else { return "" }
        name[name.count - 1] = 0
        return String(cString: start)
    }
}

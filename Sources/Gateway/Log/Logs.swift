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
        error = ErrorLog(file: try Self.file(settings.path ?? "stderr", writer), level: settings.level)
    }

    /// The log at a path: opened once however many name it, and closed when nobody uses it any longer.
    func file(_ path: String) throws(StartError) -> LogFile { try Self.file(path, writer) }

    /// What an `access_log` asks for.
    func open(_ settings: AccessLogSettings?) throws(StartError) -> AccessLog? {
        guard let settings else { return nil }
        return AccessLog(file: try file(settings.path), format: settings.format)
    }

    private static func file(_ path: String, _ writer: LogWriter) throws(StartError) -> LogFile {
        do throws(SystemError) { return try writer.file(path) } catch {
            // A socket has no way in by its name; a link to /dev/stdout may lead to one.
            let hint = error.code == ENXIO ? "; it is a socket: write \"stderr\" or \"stdout\" instead" : ""
            throw StartError("\(error)\(hint)")
        }
    }
}

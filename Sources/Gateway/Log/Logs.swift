import CShims
import Configuration
import Reactor
import Telemetry

/// The logs of a configuration.
struct Logs: Sendable {
    let error: ErrorLog
    private let access: [String: LogFile]
    let writer: LogWriter

    init(_ snapshot: Snapshot) throws(StartError) {
        do throws(SystemError) {
            writer = try LogWriter()
            let settings = snapshot.process.errorLog
            error = ErrorLog(file: try writer.file(settings.path ?? "stderr"), level: settings.level)
            var access: [String: LogFile] = [:]
            for server in snapshot.servers {
                for log in [server.accessLog] + server.locations.map(\.accessLog) {
                    if let path = log?.path { access[path] = try writer.file(path) }
                }
            }
            self.access = access
        } catch {
            // A socket has no way in by its name; a link to /dev/stdout may lead to one.
            let hint = error.code == ENXIO ? "; it is a socket: write \"stderr\" or \"stdout\" instead" : ""
            throw StartError("\(error)\(hint)")
        }
    }

    /// The file that `access_log` names.
    func file(_ settings: AccessLogSettings) -> LogFile? { access[settings.path] }
}

/// `error_log`: what happens, for the operator.
struct ErrorLog: Sendable {
    typealias Level = ErrorLogSettings.Level

    private let file: LogFile
    private let lowest: Int

    init(file: LogFile, level: Level) {
        self.file = file
        lowest = level.rank
    }

    func isOn(_ level: Level) -> Bool { level.rank >= lowest }

    /// One line: time, level, message. Bytes of a peer in the message must be escaped. Any thread.
    func write(_ level: Level, _ message: @autoclosure () -> String) {
        guard isOn(level) else { return }
        file.append("\(Timestamp.iso8601(wallMilliseconds())) [\(level.rawValue)] \(message())")
    }
}

extension ErrorLogSettings.Level {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

import Configuration
import Reactor
import Telemetry
import Tunnel

/// What the operator sees of a session.
extension Session {
    /// A line of the error log that names the connection and the client.
    func log(_ level: ErrorLog.Level, _ message: @autoclosure () -> String) {
        let log = loop.pointee.log
        guard log.isOn(level) else { return }
        log.write(
            level, "\(LogText.connectionID(id)) client \(clientAddress.text): \(LogText.escape(message()))")
    }

    /// Counts the end, and writes the access log's line: one for each connection, whatever it came to.
    func logEnd(_ cause: EndCause) {
        loop.pointee.tally.count(cause)
        log(.debug, "ended: \(cause.rawValue)")
        guard let access = record.route.map(\.accessLog) ?? record.site.accessLog else { return }
        let line = AccessLogLine(
            record: record, cause: cause, id: id, address: clientAddress, bytes: bytes,
            packetsIn: uplink.packets + (record.version == nil ? 0 : 1), packetsOut: downlink.packets,
            duration: loop.pointee.now - startedAt, serverName: record.site.name)
        access.file.append(line.text(access.format))
    }
}

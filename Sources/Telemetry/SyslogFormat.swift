/// Messages of syslog (RFC 5424), for one server.
package struct SyslogFormat: Sendable {
    /// Octets of a message that every receiver should take over UDP (RFC 5424 §6.1, RFC 5426 §3.2).
    package static let datagramLimit = 2048
    /// Octets of a message over a unix socket: what rsyslog takes by default.
    package static let localLimit = 8192

    private let facility: Int
    /// HOSTNAME, APP-NAME and PROCID.
    private let origin: String
    private let limit: Int

    /// `hostname`: nil, or one that RFC 5424 §6.2.4 does not allow, names no machine. `limit`: of a message, in octets.
    package init(facility: Int, hostname: String?, tag: String, process: Int32, limit: Int) {
        self.facility = facility
        self.limit = limit
        let name = hostname ?? ""
        let isAllowed = (1...255).contains(name.utf8.count) && name.utf8.allSatisfy { (33...126).contains($0) }
        origin = "\(isAllowed ? name : "-") \(tag) \(process)"
    }

    /// A message. `kind` is its MSGID (§6.2.7); `milliseconds` are since 1970-01-01. There is no structured data. The text has
    /// no byte order mark in front, which few receivers take away: by §6.4 it is MSG-ANY.
    package func message(_ text: String, severity: Int, kind: Kind, at milliseconds: Int64) -> String {
        let header = header(severity, kind, milliseconds)
        return header + LogText.cut(LogText.oneLine(text), limit: max(0, limit - header.utf8.count))
    }

    /// Octets that a text of this kind may have so that nothing of it is cut off.
    package func room(_ kind: Kind) -> Int { limit - header(7, kind, 0).utf8.count }

    /// What a message is about: its MSGID.
    package enum Kind: String, Sendable { case access, error }

    private func header(_ severity: Int, _ kind: Kind, _ milliseconds: Int64) -> String {
        "<\(facility * 8 + severity)>1 \(Timestamp.iso8601(milliseconds)) \(origin) \(kind.rawValue) - "
    }
}

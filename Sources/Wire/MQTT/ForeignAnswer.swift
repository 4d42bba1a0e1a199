import Text

/// What answers a CONNECT when the port is not that of an MQTT broker: the first bytes say which protocol it is. For the
/// operator's log; nothing depends on it.
package enum ForeignAnswer: Sendable, CaseIterable {
    case http, http2, tls, amqp, proxyProtocol, connect, redis, ssh, smtp, pop3, imap, xmpp, stomp, nats, mySQL, packet

    /// What the bytes seem to be; nil: nothing that is known here.
    package init?(_ bytes: Span<UInt8>) {
        let start = Self.prefix(of: bytes, 16)
        guard let kind = Self.allCases.first(where: { $0.begins(start) }) else { return nil }
        self = kind
    }

    /// What the operator reads: the bytes, what they seem to be, and what is wanted. `error` is why they are no CONNACK.
    package static func words(_ bytes: Span<UInt8>, _ error: ConnackError) -> String {
        guard error == .notConnack else { return "its CONNACK is malformed: \(error); it begins with \(shown(bytes))" }
        let wanted = "server must name the broker's plain MQTT port, often 1883"
        switch ForeignAnswer(bytes) {
        case .connect?: return "it sent the CONNECT back, as an echo service does: \(wanted)"
        case .packet?: return "it answered the CONNECT with \(shown(bytes)), an MQTT packet other than CONNACK"
        case let kind?: return "it answered the CONNECT with \(shown(bytes)), which looks like \(kind.name): \(wanted)"
        case nil: return "it answered the CONNECT with \(shown(bytes)), which is not a CONNACK: \(wanted)"
        }
    }

    /// What may be wrong if a broker that has never answered ends a connection silently before its CONNACK, and which of the
    /// two settings of the PROXY protocol corrects it. `sent`: the header that it was sent.
    package static func silenceHint(sent: ProxyHeader.Version?) -> String {
        let proxy =
            switch sent {
            case nil: "expect a PROXY header: set proxy_protocol in the upstream, or disable it in the broker"
            case .v1:
                "do not support PROXY protocol v1: enable it in the broker, or change proxy_protocol in the upstream"
            case .v2:
                "do not support PROXY protocol v2: enable it in the broker, or change proxy_protocol in the upstream"
            }
        return "; TLS and WebSocket ports do this, and brokers that \(proxy)"
    }

    /// How people call it.
    package var name: String {
        switch self {
        case .http: "HTTP, from a web server or a WebSocket port"
        case .http2: "HTTP/2"
        case .tls: "TLS, from a port for MQTT over TLS or HTTPS"
        case .amqp: "AMQP"
        case .proxyProtocol: "the PROXY protocol"
        case .connect: "a CONNECT"
        case .redis: "Redis"
        case .ssh: "SSH"
        case .smtp: "SMTP or FTP"
        case .pop3: "POP3"
        case .imap: "IMAP"
        case .xmpp: "XMPP"
        case .stomp: "STOMP"
        case .nats: "NATS"
        case .mySQL: "MySQL or MariaDB"
        case .packet: "MQTT"
        }
    }

    private func begins(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .http: Self.matches(bytes, "HTTP/", "<html", "<!DOCTYPE")
        // The SETTINGS of a server (RFC 9113 §3.4): a frame of type 4 for stream 0.
        case .http2: bytes.count >= 9 && bytes[0] == 0 && bytes[3...8] == [4, 0, 0, 0, 0, 0]
        // A record of alert or handshake (RFC 8446 §5.1).
        case .tls: bytes.count >= 3 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 3 && bytes[2] <= 4
        case .amqp: Self.matches(bytes, "AMQP")
        case .proxyProtocol: Self.matches(bytes, "PROXY ", "\r\n\r\n\0\r\nQUIT\n")
        case .connect: bytes.first == 0x10
        case .redis: Self.matches(bytes, "-ERR ", "-NOAUTH ", "-DENIED ")
        case .ssh: Self.matches(bytes, "SSH-")
        case .smtp: Self.matches(bytes, "220 ", "220-", "421 ", "500 ", "502 ", "554 ")
        case .pop3: Self.matches(bytes, "+OK")
        case .imap: Self.matches(bytes, "* OK", "* BYE")
        case .xmpp: Self.matches(bytes, "<?xml", "<stream:")
        case .stomp: Self.matches(bytes, "ERROR\n", "ERROR\r\n")
        case .nats: Self.matches(bytes, "INFO {", "-ERR '")
        // The handshake packet: length, number 0, protocol 10.
        case .mySQL: bytes.count >= 6 && bytes[2] == 0 && bytes[3] == 0 && bytes[4] == 10
        // Fixed headers of what a server sends, except for those that are letters and digits (§2.2.1).
        case .packet: bytes.count >= 2 && [0x90, 0xB0, 0xD0, 0xE0, 0xF0].contains(bytes[0])
        }
    }

    private static func matches(_ bytes: [UInt8], _ starts: String...) -> Bool {
        starts.contains { bytes.starts(with: $0.utf8) }
    }

    // MARK: Bytes

    private static let textLimit = 24
    private static let binaryLimit = 8

    /// The first bytes, as text in quotes when they are, else in hexadecimal; few enough not to contain a secret that is echoed.
    static func shown(_ bytes: Span<UInt8>) -> String {
        let start = prefix(of: bytes, textLimit)
        let line = start.prefix { $0 != 0x0D && $0 != 0x0A }
        if line.count > 1, line.allSatisfy({ (0x20...0x7E).contains($0) }) {
            return "'\(String(decoding: line, as: UTF8.self))\(line.count < bytes.count ? "…" : "")'"
        }
        let binary = start.prefix(binaryLimit)
        let text = binary.map { Hexadecimal.encode($0) }.joined(separator: " ")
        return text + (binary.count < bytes.count ? " …" : "")
    }

    private static func prefix(of bytes: Span<UInt8>, _ count: Int) -> [UInt8] {
        var start: [UInt8] = []
        start.append(bytes, 0..<min(bytes.count, count))
        return start
    }
}

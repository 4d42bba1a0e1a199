import Configuration
import Foundation
import Testing

@testable import Gateway

@Suite("Access log line")
struct AccessLogLineTests {
    private func listener(isTLS: Bool) -> Listener {
        Listener(ListenerSettings(address: .inet(host: "*", port: 0), isTLS: isTLS, servers: []), servers: [])
    }

    /// A session over WebSocket and TLS that reached a broker.
    private func record() -> SessionRecord {
        let record = SessionRecord(listener(isTLS: true))
        record.serverPort = 8084
        (record.tlsVersion, record.tlsCipher) = ("TLSv1.3", "TLS_AES_128_GCM_SHA256")
        (record.uri, record.httpVersion, record.httpStatus) = ("/mqtt", "1.1", 101)
        (record.version, record.clientID, record.username) = (.v5_0, "client-1", "user")
        (record.keepAlive, record.cleanStart, record.tries) = (60, true, 2)
        (record.upstreamName, record.upstreamAddress) = ("brokers", "127.0.0.1:1883")
        return record
    }

    private func line(_ record: SessionRecord, serverName: String = "a.example") -> AccessLogLine {
        AccessLogLine(
            record: record, cause: .clientDisconnect, id: 0xABC, address: .init(),
            bytes: ByteCounts(received: 100, sent: 200), packetsIn: 3, packetsOut: 4, duration: 1_250,
            serverName: serverName)
    }

    private func text(_ record: SessionRecord, _ segments: [Template.Segment]) -> String {
        line(record, serverName: "").text(.named("x", Template(segments: segments)))
    }

    private func json(_ record: SessionRecord) throws -> [String: Any] {
        let text = line(record).text(.json)
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(value as? [String: Any])
    }

    /// Names that a client may choose to write lines, fields or colours of its own into a log.
    static let hostile = [
        "a\n2026-01-01 forged", "\r\n", "\"", #"","admin":true,"x":""#, "\\", #"\""#, "\u{1B}[31mred\u{1B}[0m",
        "\u{9B}2J", "\u{7F}", "\u{1}\u{2}", "\u{2028}", "😀", String(repeating: "\t", count: 1_000),
    ]

    @Test("JSON: one object on one line, names as the client sent them", arguments: hostile)
    func hostileJSON(name: String) throws {
        let record = record()
        (record.clientID, record.username, record.uri) = (name, name, "/" + name)
        let object = try json(record)
        for (key, value) in [("mqtt_client_id", name), ("mqtt_username", name), ("uri", "/" + name)] {
            let found = try #require(object[key] as? String, "\(key)")
            #expect(Array(found.unicodeScalars) == Array(value.unicodeScalars), "\(key)")
        }
        #expect(object.keys.sorted() == (try json(self.record())).keys.sorted())
    }

    @Test("Text: nothing of a client ends the line or its field, or is a control code", arguments: hostile)
    func hostileText(name: String) {
        let record = record()
        (record.clientID, record.username) = (name, name)
        let quoted: [Template.Segment] = [
            .text("\""), .variable(.mqttClientID), .text("\" \""), .variable(.mqttUsername), .text("\""),
        ]
        let line = text(record, quoted)
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        #expect(line.unicodeScalars.filter { $0 == "\"" }.count == 4)
    }

    @Test("JSON: every field of a session that reached a broker")
    func fields() throws {
        let object = try json(record())
        let expected: [String: AnyHashable] = [
            "connection_id": "0000000000000abc", "remote_addr": "unix:", "remote_port": 0, "server_name": "a.example",
            "server_port": 8084, "scheme": "wss", "uri": "/mqtt", "http_version": "1.1", "http_status": 101,
            "ssl_protocol": "TLSv1.3", "ssl_cipher": "TLS_AES_128_GCM_SHA256", "mqtt_client_id": "client-1",
            "mqtt_username": "user", "mqtt_version": "5.0", "mqtt_keepalive": 60,
            "upstream_name": "brokers", "upstream_addr": "127.0.0.1:1883", "upstream_tries": 2, "bytes_in": 100,
            "bytes_out": 200, "packets_in": 3, "packets_out": 4, "duration": 1.25, "status_reason": "client_disconnect",
        ]
        for (key, value) in expected { #expect(object[key] as? AnyHashable == value, "\(key)") }
        #expect(object["mqtt_clean_start"] as? Bool == true)
        #expect(Set(object.keys) == Set(expected.keys).union(["time", "mqtt_clean_start"]))
        let time = try #require(object["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
    }

    @Test("JSON: without TLS and CONNECT their fields are left out")
    func request() throws {
        let record = SessionRecord(listener(isTLS: false))
        record.httpStatus = 404
        let object = try json(record)
        #expect(object["scheme"] as? String == "http")
        #expect(object["http_status"] as? Int == 404)
        #expect(!object.keys.contains { $0.hasPrefix("ssl_") || $0.hasPrefix("mqtt_") || $0.hasPrefix("upstream_") })
    }

    @Test(
        "Text: the value of each variable",
        arguments: [
            (.remoteAddr, "unix:"), (.remotePort, "0"), (.serverName, "-"), (.serverPort, "8084"), (.scheme, "wss"),
            (.uri, "/mqtt"), (.httpVersion, "1.1"), (.sslProtocol, "TLSv1.3"), (.sslCipher, "TLS_AES_128_GCM_SHA256"),
            (.mqttClientID, "client-1"), (.mqttUsername, "user"), (.mqttVersion, "5.0"), (.mqttKeepalive, "60"),
            (.mqttCleanStart, "1"), (.upstreamName, "brokers"), (.upstreamAddr, "127.0.0.1:1883"),
            (.connectionID, "0000000000000abc"), (.bytesIn, "100"), (.bytesOut, "200"), (.packetsIn, "3"),
            (.packetsOut, "4"), (.duration, "1.250"), (.statusReason, "client_disconnect"),
            (.http("origin"), "-"), (.cookie("id"), "-"), (.argument("token"), "-"),
        ] as [(Variable, String)])
    func variables(variable: Variable, value: String) {
        #expect(text(record(), [.text("<"), .variable(variable), .text(">")]) == "<\(value)>")
    }

    @Test("Text: what is not known is a dash")
    func dashes() {
        let record = SessionRecord(listener(isTLS: false))
        for variable in [Variable.mqttVersion, .mqttKeepalive, .mqttCleanStart, .mqttClientID, .uri, .sslCipher] {
            #expect(text(record, [.variable(variable)]) == "-", "\(variable)")
        }
    }
}

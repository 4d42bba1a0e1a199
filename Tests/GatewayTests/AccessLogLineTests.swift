import Configuration
import Foundation
import Reactor
import Telemetry
import Testing

@testable import Gateway

@Suite("Access log line")
struct AccessLogLineTests {
    private func listener(isTLS: Bool) -> Listener {
        Listener(
            ListenerSettings(address: .inet(host: "*", port: 0), isTLS: isTLS, servers: []), identity: 0, servers: [])
    }

    /// What a line is made of.
    private struct Facts {
        let client: ClientFacts
        var request: RequestFacts
        var session: SessionRecord?

        /// A request that was accepted over TLS, or in the clear.
        init(isTLS: Bool, serverName: String) {
            var server = ServerSettings()
            server.names = serverName.isEmpty ? [] : [serverName]
            let listener = Listener(
                ListenerSettings(address: .inet(host: "*", port: 8084), isTLS: isTLS, servers: [0]), identity: 0,
                servers: [VirtualServer(Site(server), routes: [])])
            client = ClientFacts(id: 0xABC, acceptedAt: 0, listener: listener, address: CompactAddress())
            request = RequestFacts(client, site: listener.defaultServer.site, startedAt: 0)
        }
    }

    /// A session over WebSocket and TLS that reached a broker.
    private func session(serverName: String = "a.example", uri: String = "/mqtt") -> Facts {
        var facts = Facts(isTLS: true, serverName: serverName)
        (facts.client.tlsVersion, facts.client.tlsCipher) = ("TLSv1.3", "TLS_AES_128_GCM_SHA256")
        facts.client.tlsGroup = "X25519"
        (facts.request.uri, facts.request.httpVersion, facts.request.status) = (uri, "1.1", 101)
        let record = SessionRecord(facts.request, upstreamName: "brokers")
        (record.version, record.clientID, record.username) = (.v5_0, "client-1", "user")
        (record.keepAlive, record.cleanStart, record.tries) = (60, true, 2)
        record.upstreamAddress = "127.0.0.1:1883"
        (record.subprotocol, record.admissionTime, record.connackTime) = ("mqtt", 1_500, 230)
        record.farewell.clientClosed(4000)
        record.farewell.complete(.clientDisconnect, client: 0x8E, broker: nil)
        (facts.client.tlsServerName, facts.client.isResumed) = ("a.example", true)
        facts.session = record
        return facts
    }

    private func line(_ facts: Facts) -> AccessLogLine {
        AccessLogLine(
            client: facts.client, request: facts.request, cause: .clientDisconnect, duration: 1_250,
            session: facts.session, bytes: ByteCounts(received: 100, sent: 200), packetsIn: 3, packetsOut: 4)
    }

    private func text(_ facts: Facts, _ segments: [Template.Segment]) -> String {
        line(facts).text(.named("x", Template(segments: segments)))
    }

    private func json(_ facts: Facts) throws -> [String: Any] {
        let text = line(facts).text(.json)
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
        let facts = session(uri: "/" + name)
        facts.session?.clientID = name
        facts.session?.username = name
        let object = try json(facts)
        for (key, value) in [("mqtt_client_id", name), ("mqtt_username", name), ("uri", "/" + name)] {
            let found = try #require(object[key] as? String, "\(key)")
            #expect(Array(found.unicodeScalars) == Array(value.unicodeScalars), "\(key)")
        }
        #expect(object.keys.sorted() == (try json(session())).keys.sorted())
    }

    @Test("Text: nothing of a client ends the line or its field, or is a control code", arguments: hostile)
    func hostileText(name: String) {
        let facts = session()
        facts.session?.clientID = name
        facts.session?.username = name
        let quoted: [Template.Segment] = [
            .text("\""), .variable(.mqttClientID), .text("\" \""), .variable(.mqttUsername), .text("\""),
        ]
        let line = text(facts, quoted)
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        #expect(line.unicodeScalars.filter { $0 == "\"" }.count == 4)
    }

    @Test("JSON: every field of a session that reached a broker")
    func fields() throws {
        let object = try json(session())
        let expected: [String: AnyHashable] = [
            "connection_id": "0000000000000abc", "remote_addr": "unix:", "remote_port": 0, "server_name": "a.example",
            "server_port": 8084, "scheme": "wss", "uri": "/mqtt", "http_version": "1.1", "http_status": 101,
            "listener": "*:8084",
            "ssl_protocol": "TLSv1.3", "ssl_cipher": "TLS_AES_128_GCM_SHA256",
            "ssl_curve": "X25519", "ssl_server_name": "a.example",
            "websocket_protocol": "mqtt", "auth_time": 0.0015, "upstream_connack_time": 0.00023,
            "close_side": "client", "websocket_close_code": 4000, "mqtt_reason_code": "0x8E",
            "mqtt_client_id": "client-1",
            "mqtt_username": "user", "mqtt_version": "5.0", "mqtt_keepalive": 60,
            "upstream_name": "brokers", "upstream_addr": "127.0.0.1:1883", "upstream_tries": 2, "bytes_in": 100,
            "bytes_out": 200, "packets_in": 3, "packets_out": 4, "duration": 1.25, "status_reason": "client_disconnect",
        ]
        for (key, value) in expected { #expect(object[key] as? AnyHashable == value, "\(key)") }
        let flags = ["mqtt_clean_start", "ssl_session_reused"]
        for flag in flags { #expect(object[flag] as? Bool == true, "\(flag)") }
        #expect(Set(object.keys) == Set(expected.keys).union(flags + ["time"]))
        let time = try #require(object["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
    }

    @Test("A line for syslog is cut to what a message holds; JSON stays JSON", arguments: [2048, 8192])
    func limit(octets: Int) throws {
        let format = SyslogFormat(facility: 23, hostname: "h", tag: "t", process: 1, limit: octets)
        let path = "/dev/null"
        let sink = LogSink(.file(path), try LogOutput(path: path), wake: -1)
        let file = LogFile(sink, syslog: format)
        let facts = session(uri: "/" + String(repeating: "\u{1}é", count: 20_000))
        facts.session?.record(clientID: String(repeating: "\u{1}", count: 1024))
        facts.session?.record(username: "😀")
        let text = AccessLog(file: file, format: .json).text(line(facts))
        #expect(text.utf8.count <= file.lineLimit)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect((object["uri"] as? String)?.hasSuffix("…") ?? false)
        #expect(object["mqtt_username"] as? String == "😀" && object["status_reason"] as? String == "client_disconnect")
    }

    @Test("JSON: without TLS and CONNECT their fields are left out")
    func request() throws {
        var facts = Facts(isTLS: false, serverName: "")
        facts.request.status = 404
        let object = try json(facts)
        #expect(object["scheme"] as? String == "http")
        #expect(object["http_status"] as? Int == 404)
        #expect(!object.keys.contains { $0.hasPrefix("ssl_") || $0.hasPrefix("mqtt_") || $0.hasPrefix("upstream_") })
    }

    @Test(
        "Text: the value of each variable",
        arguments: [
            (.remoteAddr, "unix:"), (.remotePort, "0"), (.serverName, "-"), (.serverPort, "8084"), (.scheme, "wss"),
            (.uri, "/mqtt"), (.httpVersion, "1.1"), (.sslProtocol, "TLSv1.3"), (.sslCipher, "TLS_AES_128_GCM_SHA256"),
            (.sslCurve, "X25519"),
            (.mqttClientID, "client-1"), (.mqttUsername, "user"), (.mqttVersion, "5.0"), (.mqttKeepalive, "60"),
            (.mqttCleanStart, "1"), (.upstreamName, "brokers"), (.upstreamAddr, "127.0.0.1:1883"),
            (.connectionID, "0000000000000abc"), (.bytesIn, "100"), (.bytesOut, "200"), (.packetsIn, "3"),
            (.packetsOut, "4"), (.duration, "1.250"), (.statusReason, "client_disconnect"),
            (.listener, "*:8084"), (.sslServerName, "a.example"), (.sslSessionReused, "r"),
            (.websocketProtocol, "mqtt"), (.authTime, "0.001500"), (.upstreamTries, "2"),
            (.upstreamConnackTime, "0.000230"), (.closeSide, "client"), (.websocketCloseCode, "4000"),
            (.mqttReasonCode, "0x8E"),
            (.http("origin"), "-"), (.cookie("id"), "-"), (.argument("token"), "-"),
        ] as [(Variable, String)])
    func variables(variable: Variable, value: String) {
        #expect(text(session(serverName: ""), [.text("<"), .variable(variable), .text(">")]) == "<\(value)>")
    }

    @Test("Text: what is not known is a dash")
    func dashes() {
        let facts = Facts(isTLS: false, serverName: "")
        let unknown: [Variable] = [
            .mqttVersion, .mqttKeepalive, .mqttCleanStart, .mqttClientID, .uri, .sslCipher, .sslSessionReused,
            .websocketProtocol, .authTime, .upstreamTries, .upstreamConnackTime, .websocketCloseCode, .mqttReasonCode,
        ]
        for variable in unknown {
            #expect(text(facts, [.variable(variable)]) == "-", "\(variable)")
        }
    }
}

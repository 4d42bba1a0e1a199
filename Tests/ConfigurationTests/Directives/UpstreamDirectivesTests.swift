import Testing

@testable import Configuration

/// What the directives of an upstream, and of a client's address, become in the model.
@Suite struct UpstreamDirectivesTests {
    private func pool(_ body: String, server: String = "server 10.0.0.1:1883;") throws -> UpstreamSettings {
        let text = "upstream b { \(server) \(body) } server { listen 80; location / { mqtt_pass b; } }"
        return try #require(load(text).get().upstreams.first)
    }

    @Test func defaultsAreThoseOfTheModel() throws {
        let servers = [UpstreamServerSettings(address: .inet(host: "10.0.0.1", port: 1883))]
        #expect(try pool("") == UpstreamSettings(name: "b", servers: servers))
        for kind in HealthCheckSettings.Kind.allCases {
            #expect(try pool("health_check type=\(kind.rawValue);").healthCheck == HealthCheckSettings(kind: kind))
        }
        #expect(try pool("health_check;").healthCheck == HealthCheckSettings(kind: .mqtt))
        #expect(try pool("rebalance rate=1/s;").rebalance == RebalanceSettings(rate: 1))
    }

    @Test(arguments: [
        ("", BalancerSettings.roundRobin), ("least_conn;", .leastConnections), ("random two;", .randomTwo),
        ("random two least_conn;", .randomTwo),
        ("hash $uri;", .hash(key: Template(segments: [.variable(.uri)]), isConsistent: false)),
        (
            "hash \"a ${mqtt_client_id}b\" consistent;",
            .hash(
                key: Template(segments: [.text("a "), .variable(.mqttClientID), .text("b")]), isConsistent: true)
        ),
    ]) func balancer(text: String, balancer: BalancerSettings) throws {
        #expect(try pool(text).balancer == balancer)
    }

    @Test(arguments: [("0", 0), ("1", 1000), ("1.0", 1000), ("1.25", 1250), ("1.001", 1001), ("10.000", 10_000)])
    func hashBalanceFactor(text: String, thousandths: Int) throws {
        #expect(try pool("hash $uri; hash_balance_factor \(text);").hashBalanceFactor == thousandths)
    }

    @Test(arguments: ["0.999", "10.001", "11", "-1", "1.", "", "150%"]) func noHashBalanceFactor(text: String) {
        #expect(throws: ConfigurationError.self) { try pool("hash $uri; hash_balance_factor \"\(text)\";") }
    }

    @Test func serverParameters() throws {
        let pool = try pool("", server: "server b:1 slow_start=1h resolve; server b:2 drain; server b:3 slow_start=0;")
        #expect(pool.servers.map(\.slowStart) == [.seconds(3600), .zero, .zero])
        #expect(pool.servers.map(\.resolves) == [true, false, false])
        #expect(pool.servers.map(\.isDraining) == [false, true, false])
    }

    /// Both ends of every range.
    @Test(arguments: [
        "interval=100ms", "interval=1h", "timeout=10ms", "timeout=1m", "fails=1", "fails=100", "passes=1", "passes=100",
        "jitter=0%", "jitter=50%", "port=1", "port=65535", "client_id=~!", "version=3.1", "version=5.0",
    ]) func probeInItsRange(parameter: String) throws {
        #expect(try pool("health_check \(parameter);").healthCheck != nil)
    }

    @Test(arguments: [
        "interval=99ms", "interval=3601s", "timeout=9ms", "timeout=61s", "fails=0", "fails=101", "passes=0",
        "passes=101", "jitter=51%", "jitter=1", "port=0", "port=65536", "client_id=", "client_id=a+b", "client_id=a#b",
        "\"client_id=a b\"", "client_id=é", "version=5", "type=", "type", "=1", "",
    ]) func probeOutOfItsRange(parameter: String) {
        let text = parameter.isEmpty ? "\"\"" : parameter
        #expect(throws: ConfigurationError.self) { try pool("health_check \(text);") }
    }

    @Test func probeInTheModel() throws {
        let check = try pool(
            """
            health_check interval=7s timeout=20ms fails=4 passes=5 jitter=6% port=11 version=5.0 client_id=p- username=u=v
                password_file=/p;
            """
        ).healthCheck
        var expected = HealthCheckSettings(kind: .mqtt)
        (expected.interval, expected.timeout) = (.seconds(7), .milliseconds(20))
        (expected.fails, expected.passes, expected.jitter, expected.port) = (4, 5, 6, 11)
        (expected.version, expected.clientIDPrefix) = (.v5_0, "p-")
        (expected.username, expected.passwordFile) = ("u=v", "/p")
        #expect(check == expected)
    }

    @Test(arguments: [("200", 200...200), ("200-299", 200...299), ("100-599", 100...599)])
    func statuses(text: String, range: ClosedRange<Int>) throws {
        let check = try pool("health_check type=http uri=/a?b=c status=\(text);").healthCheck
        #expect(check?.statuses == range)
        #expect(check?.uri == "/a?b=c")
    }

    @Test(arguments: ["", "-", "200-", "-200", "299-200", "99", "600", "200-600", "200-300-400", "2xx"])
    func noStatuses(text: String) {
        #expect(throws: ConfigurationError.self) { try pool("health_check type=http status=\(text);") }
    }

    @Test func rebalance() throws {
        var expected = RebalanceSettings(rate: 10_000)
        (expected.idle, expected.threshold, expected.reason) = (.zero, 100, .administrativeAction)
        let text = "rebalance reason=administrative_action threshold=100% idle=0 rate=10000/s;"
        #expect(try pool(text).rebalance == expected)
        #expect(try pool("rebalance off;").rebalance == nil)
    }

    @Test func sourceAddressesAndHeader() throws {
        let pool = try pool(
            "proxy_bind [2001:DB8::0:1] 127.0.0.2; proxy_protocol v2 cn; resolve_interval 1s;",
            server: "server b:1 resolve;")
        #expect(pool.bindAddresses == ["2001:db8::1", "127.0.0.2"])
        #expect(pool.proxyProtocol.version == .v2)
        #expect(pool.proxyProtocol.tellsCommonName)
        #expect(pool.resolveInterval == .seconds(1))
    }

    /// A client without an identifier needs one where it is hashed by it, and nowhere else.
    @Test(arguments: [
        ("hash $mqtt_client_id consistent;", "", true), ("hash $mqtt_client_id;", "mqtt_assign_client_id off;", true),
        ("hash $uri/$mqtt_client_id;", "", true), ("hash $remote_addr;", "", false), ("least_conn;", "", false),
        ("hash $remote_addr;", "mqtt_assign_client_id on;", true),
    ]) func clientIDIsAssigned(balancer: String, setting: String, isAssigned: Bool) throws {
        let text = """
            upstream b { server b:1; \(balancer) }
            server { listen 80; \(setting) location / { mqtt_pass b; } location /c { mqtt_pass c:1; } }
            """
        let locations = try #require(load(text).get().servers.first).locations
        #expect(locations.map(\.mqtt.assignsClientID) == [isAssigned, setting.hasSuffix("on;")])
    }

    /// Every name but those of a session's end can be used in a key.
    @Test(arguments: Variable.names) func keyHoldsWhatIsKnownAtTheConnect(name: String) throws {
        let name = name.replacing("NAME", with: "x")
        let late = [
            "upstream_addr", "bytes_in", "bytes_out", "packets_in", "packets_out", "duration", "status_reason",
            "time_iso8601",
            "auth_time", "upstream_tries", "upstream_connack_time", "close_side", "websocket_close_code",
            "mqtt_reason_code",
        ]
        let error = errorText(
            "upstream b { server b:1; hash $\(name); } server { listen 80; location / { mqtt_pass b; } }")
        #expect((error != nil) == late.contains(name))
    }
}

@Suite struct RealIPDirectivesTests {
    @Test func inheritedAndReplaced() throws {
        let text = """
            set_real_ip_from 10.0.0.0/8; set_real_ip_from unix:; real_ip_header X-Real-IP; real_ip_recursive on;
            server { listen 80; location / { root w; } }
            server { listen 81; set_real_ip_from ::1; real_ip_header off; real_ip_recursive off; location / { root w; } }
            """
        let servers = try load(text).get().servers.map(\.realIP)
        #expect(servers.map { $0.trusted.map(\.description) } == [["10.0.0.0/8", "unix:"], ["::1"]])
        #expect(servers.map(\.header) == ["x-real-ip", nil])
        #expect(servers.map(\.isRecursive) == [true, false])
    }

    @Test func defaultsAreThoseOfTheModel() throws {
        let snapshot = try load("server { listen 80; location / { root w; } }").get()
        #expect(snapshot.servers.map(\.realIP) == [RealIPSettings()])
        #expect(snapshot.listeners.map(\.readsProxyHeader) == [false, false])
    }

    /// The default server of the address says who is trusted, not those behind it.
    @Test(arguments: [(1, true), (2, false)]) func trustIsOfTheDefaultServer(trusting: Int, loads: Bool) {
        let servers = (1...2).map { number in
            let trust = number == trusting ? "set_real_ip_from 10.0.0.1;" : ""
            return "server { listen 80 proxy_protocol; server_name s\(number); \(trust) location / { root w; } }"
        }
        #expect((errorText(servers.joined()) == nil) == loads)
    }

    @Test(arguments: [("ssl proxy_protocol", "ssl"), ("proxy_protocol", ""), ("", "proxy_protocol")])
    func serversOfAnAddressAgree(first: String, second: String) throws {
        let main = "ssl_certificate a; ssl_certificate_key b; set_real_ip_from 10.0.0.1;"
        let servers = [first, second].map {
            "server { listen 80 \($0); server_name a\($0.count); location / { root w; } }"
        }
        let error = try #require(errorText(main + servers.joined()))
        #expect(error.contains("proxy_protocol here, but"))
    }
}

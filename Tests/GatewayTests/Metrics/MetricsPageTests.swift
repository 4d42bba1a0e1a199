import Access
import Telemetry
import Testing
import Tunnel
import Wire

@testable import Gateway

@Suite("Page of metrics")
struct MetricsPageTests {
    private static let place = Session.Place(pool: 0, peer: 0)
    private static let peer = "upstream=\"127.0.0.1:2\",peer=\"127.0.0.1:2\""

    @Test("Every family of the catalogue is there once, in its order", arguments: ExpositionFormat.allCases)
    func families(format: ExpositionFormat) throws {
        let loop = try LoopFixture.makeLoop()
        let text = try MetricsText(MetricsInput([loop.context]), format)
        #expect(text.families == MetricCatalogue.all.map { format == .openMetrics ? $0.name : $0.sampleName })
    }

    @Test("Samples have the labels that the catalogue says, and no other")
    func labels() throws {
        let loop = try LoopFixture.makeLoop()
        let context = loop.context
        context.pointee.figures.handshakeCompleted("TLSv1.3", group: "X25519", isResumed: true)
        context.pointee.figures.responded(404)
        context.pointee.figures.connectRefused(.noUpstream, connack: [0x20, 2, 0, 3])
        context.pointee.figures.answered(Admission.Question(method: .jwt), .deny)
        context.pointee.figures.attemptFailed(Self.place, .reset)
        var input = MetricsInput([context])
        input.droppedLines = [("stderr", 1)]
        input.certificates = [MetricsInput.Certificate(serverName: "a", file: "b", expiresAt: 1)]
        let text = try MetricsText(input)
        var labels: [String: [String]] = [:]
        for metric in MetricCatalogue.all {
            let own = metric.labels.map(\.key.rawValue)
            labels[metric.sampleName] = own
            guard metric.kind == .histogram else { continue }
            (labels["\(metric.name)_sum"], labels["\(metric.name)_count"]) = (own, own)
            labels["\(metric.name)_bucket"] = own + ["le"]
        }
        for (name, found) in text.labels { #expect(found == labels[name], "\(name)") }
        let silent = MetricCatalogue.all.filter { metric in
            !text.labels.contains { $0.name.hasPrefix(metric.sampleName) }
        }
        // What the system has to tell.
        #expect(silent.allSatisfy { $0.name.hasPrefix("process_") }, "\(silent)")
    }

    @Test("What several loops have counted is added up")
    func sums() throws {
        let first = try LoopFixture.makeLoop()
        let second = try LoopFixture.makeLoop(index: 1)
        let loops = [first.context, second.context]
        for loop in loops {
            loop.pointee.figures.accepted(by: 0)
            loop.pointee.figures.handshakeFailed(.timeout)
            loop.pointee.figures.responded(101)
            loop.pointee.figures.upgradeRefused(.origin)
            loop.pointee.figures.connectArrived(.v5_0)
            loop.pointee.figures.connectRefused(.notAuthorized, connack: [0x20, 3, 0, 0x87, 0])
            loop.pointee.figures.connectRefused(.versionRefused, connack: [])
            loop.pointee.figures.answered(Admission.Question(method: .passwordFile), .allow)
            loop.pointee.figures.answered(Admission.Question(method: .passwordFile), .missing)
            loop.pointee.figures.attemptBegan(Self.place, isFailover: true)
            loop.pointee.figures.attemptFailed(Self.place, .connectRefused)
            loop.pointee.figures.sessionOpened(Self.place)
            loop.pointee.figures.connackCame(Self.place, after: Kernel.microseconds())
        }
        let text = try MetricsText(MetricsInput(loops))
        for sample in [
            "sluice_connections_accepted_total{listener=\"127.0.0.1:1\"}",
            "sluice_tls_handshake_failures_total{reason=\"timeout\"}", "sluice_http_responses_total{code=\"101\"}",
            "sluice_upgrades_refused_total{reason=\"origin\"}", "sluice_connects_total{version=\"5.0\"}",
            "sluice_connects_refused_total{cause=\"not_authorized\",code=\"0x87\"}",
            "sluice_connects_refused_total{cause=\"version_refused\",code=\"none\"}",
            "sluice_auth_verdicts_total{method=\"password_file\",result=\"allow\"}",
            "sluice_auth_verdicts_total{method=\"password_file\",result=\"missing\"}",
            "sluice_auth_duration_seconds_count{method=\"password_file\"}",
            "sluice_upstream_attempts_total{\(Self.peer)}", "sluice_upstream_sessions_opened_total{\(Self.peer)}",
            "sluice_upstream_attempt_failures_total{\(Self.peer),reason=\"connect_refused\"}",
            "sluice_upstream_failovers_total{upstream=\"127.0.0.1:2\"}",
            "sluice_upstream_connack_duration_seconds_count{upstream=\"127.0.0.1:2\"}",
        ] { #expect(text[sample] == "2", "\(sample)") }
        #expect(
            text["sluice_loop_turns_total{loop=\"0\"}"] == "0" && text["sluice_loop_turns_total{loop=\"1\"}"] == "0")
        #expect(text["sluice_ends_total{cause=\"served\"}"] == "0")
    }

    @Test("Labels whose values have never come about are 0 where a rate needs it")
    func zeros() throws {
        let loop = try LoopFixture.makeLoop()
        let text = try MetricsText(MetricsInput([loop.context]))
        for cause in EndCause.allCases { #expect(text["sluice_ends_total{cause=\"\(cause.rawValue)\"}"] == "0") }
        for kind in HandshakeRefusal.Kind.allCases {
            #expect(text["sluice_upgrades_refused_total{reason=\"\(kind.rawValue)\"}"] == "0")
        }
        for state in ConnectionState.allCases {
            #expect(text["sluice_connections{listener=\"127.0.0.1:1\",state=\"\(state.rawValue)\"}"] == "0")
        }
        #expect(text["sluice_upstream_peer_up{\(Self.peer)}"] == "1")
        #expect(text["sluice_upstream_peer_available_ratio{\(Self.peer)}"] == "1.0")
    }

    @Test("Two servers with one certificate, and two lines with one address, are one sample each")
    func duplicates() throws {
        let loop = try LoopFixture.makeLoop(
            """
            worker_threads 1; error_log /dev/null; access_log off;
            upstream brokers {
                server 127.0.0.1:2 weight=2 max_conns=5; server 127.0.0.1:2 weight=3 max_conns=7; server 127.0.0.1:3 down;
            }
            server { listen 127.0.0.1:1; location / { mqtt_pass brokers; } }
            """)
        for peer: Int32 in 0..<3 {
            loop.context.pointee.figures.attemptBegan(.init(pool: 0, peer: peer), isFailover: false)
        }
        var input = MetricsInput([loop.context])
        input.certificates = [1, 2].map {
            MetricsInput.Certificate(serverName: "", file: "a.crt", expiresAt: $0 * 1500)
        }
        let text = try MetricsText(input)
        let (twin, down) = ("upstream=\"brokers\",peer=\"127.0.0.1:2\"", "upstream=\"brokers\",peer=\"127.0.0.1:3\"")
        #expect(text["sluice_certificate_expiry_timestamp_seconds{server_name=\"\",file=\"a.crt\"}"] == "1.5")
        #expect(text["sluice_upstream_attempts_total{\(twin)}"] == "2")
        #expect(text["sluice_upstream_peer_weight{\(twin)}"] == "5")
        #expect(text["sluice_upstream_peer_effective_weight{\(twin)}"] == "5.0")
        #expect(text["sluice_upstream_peer_max_sessions{\(twin)}"] == "12")
        #expect(text["sluice_upstream_peer_up{\(twin)}"] == "1" && text["sluice_upstream_peer_up{\(down)}"] == "0")
        #expect(text["sluice_upstream_peer_wanted{\(down)}"] == "0")
    }

    @Test(
        "The code of a CONNACK, wherever it is",
        arguments: [
            ([], nil), ([0x20], nil), ([0x20, 2, 0], nil), ([0x20, 2, 0, 5], 5),
            ([0x20, 0x80, 0x01, 1, 0x87, 0], 0x87),
            ([0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1], nil),
        ] as [([UInt8], UInt8?)])
    func code(connack: [UInt8], code: UInt8?) {
        #expect(LoopFigures.code(of: connack) == code)
    }
}

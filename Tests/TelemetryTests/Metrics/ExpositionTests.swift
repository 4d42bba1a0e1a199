import Testing

@testable import Telemetry

@Suite("Exposition of metrics")
struct ExpositionTests {
    private static let metric = Metric.counter("sluice_things", "Things.", [.listener: "", .state: ""])

    private func text(_ format: ExpositionFormat, _ body: (inout Exposition) -> Void) -> String {
        var page = Exposition(format)
        body(&page)
        return String(decoding: page.finish(), as: UTF8.self)
    }

    @Test("A counter: Prometheus names the samples, OpenMetrics the family")
    func counter() {
        let body = { (page: inout Exposition) in
            page.begin(Self.metric)
            page.sample([.listener: "*:80", .state: "open"], 3)
            page.sample([:], UInt64.max)
        }
        let samples = "sluice_things_total{listener=\"*:80\",state=\"open\"} 3\nsluice_things_total \(UInt64.max)\n"
        #expect(
            text(.prometheus, body)
                == "# HELP sluice_things_total Things.\n# TYPE sluice_things_total counter\n\(samples)")
        #expect(
            text(.openMetrics, body)
                == "# HELP sluice_things Things.\n# TYPE sluice_things counter\n\(samples)# EOF\n")
    }

    @Test("A unit is a line of OpenMetrics; information is a gauge to Prometheus")
    func unitAndInfo() {
        let body = { (page: inout Exposition) in
            page.begin(.gauge("sluice_rest_seconds", "Rest."))
            page.sample(microseconds: 1_500_000)
            page.begin(.info("sluice_build", "Build.", [.version: ""]))
            page.sample([.version: "1"], 1)
        }
        #expect(
            text(.prometheus, body) == """
                # HELP sluice_rest_seconds Rest.
                # TYPE sluice_rest_seconds gauge
                sluice_rest_seconds 1.5
                # HELP sluice_build_info Build.
                # TYPE sluice_build_info gauge
                sluice_build_info{version="1"} 1

                """)
        #expect(
            text(.openMetrics, body) == """
                # HELP sluice_rest_seconds Rest.
                # TYPE sluice_rest_seconds gauge
                # UNIT sluice_rest_seconds seconds
                sluice_rest_seconds 1.5
                # HELP sluice_build Build.
                # TYPE sluice_build info
                sluice_build_info{version="1"} 1
                # EOF

                """)
    }

    @Test("The buckets of a histogram are cumulative, and the last one is its count")
    func histogram() {
        var histogram = Histogram(.waits)
        for time: Int64 in [1, 500, 501, 2_000_000, 60_000_000] { histogram.record(microseconds: time) }
        let text = text(.prometheus) { page in
            page.begin(.histogram("sluice_time_seconds", "Time."))
            page.histogram([.upstream: "a"], histogram)
        }
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[2] == "sluice_time_seconds_bucket{upstream=\"a\",le=\"0.0005\"} 2")
        #expect(lines[3] == "sluice_time_seconds_bucket{upstream=\"a\",le=\"0.001\"} 3")
        #expect(lines.contains("sluice_time_seconds_bucket{upstream=\"a\",le=\"1.0\"} 3"))
        #expect(lines.contains("sluice_time_seconds_bucket{upstream=\"a\",le=\"2.5\"} 4"))
        #expect(
            lines.suffix(3) == [
                "sluice_time_seconds_bucket{upstream=\"a\",le=\"+Inf\"} 5",
                "sluice_time_seconds_sum{upstream=\"a\"} 62.001002", "sluice_time_seconds_count{upstream=\"a\"} 5",
            ])
    }

    @Test("A label's value cannot end the label or the line")
    func escape() {
        let labels: MetricLabels = [.upstream: "a\\b\"c\nd\u{E4}"]
        let text = text(.prometheus) { page in
            page.begin(Self.metric)
            page.sample(labels.with(.peer, "x\"} 1\n"), 2)
        }
        let sample = #"sluice_things_total{upstream="a\\b\"c\ndä",peer="x\"} 1\n"} 2"#
        #expect(text.hasSuffix("\n\(sample)\n"))
    }

    @Test(
        "Times in seconds, exact",
        arguments: [
            (0, "0.0"), (1, "0.000001"), (250, "0.00025"), (1_000_000, "1.0"), (90_000_000_000, "90000.0"), (-5, "0.0"),
            (1_000_001, "1.000001"), (Int64.max, "9223372036854.775807"),
        ])
    func seconds(microseconds: Int64, text: String) {
        #expect(Exposition.seconds(microseconds: microseconds) == text)
    }
}

@Suite("Choice of the exposition's format")
struct ExpositionFormatTests {
    @Test(
        "OpenMetrics goes to those who ask for it by name and prefer it",
        arguments: [
            // Prometheus 2.42, as it is in Debian 12; then one that asks for more.
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                + "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
                + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            "application/openmetrics-text", "Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.3, text/*;q=0.2",
            "*/*, text/plain;q=0.1, application/openmetrics-text;q=0.2",
        ])
    func openMetrics(accept: String) {
        #expect(ExpositionFormat(accept: accept) == .openMetrics)
    }

    @Test(
        "All others get what everything reads",
        arguments: [
            nil, "", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/*", "text/plain", ",;,;q=",
            "application/openmetrics-text;q=0", "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text, text/plain", "application/openmetrics-text;q=0.5,text/plain;version=0.0.4",
            "application/openmetrics-text;q=2", "application/openmetrics-text;q=nan", "application/json",
            "application/openmetrics-text;q=0.5, text/plain;version=0.0.1, */*",
        ])
    func prometheus(accept: String?) {
        #expect(ExpositionFormat(accept: accept) == .prometheus)
    }

    @Test("The content types say the version")
    func contentTypes() {
        #expect(ExpositionFormat.prometheus.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            ExpositionFormat.openMetrics.contentType
                == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    }
}

import Testing

@testable import Top

@Suite struct RatesTests {
    @Test("Rates are differences over the gateway's own time")
    func rates() throws {
        let old = try look(
            status: statusText(uptime: 100, bytes: 1000, packets: 10, busy: 10),
            connections: [connectionText(1, age: 50, bytes: 1000, packets: 10)])
        let new = try look(
            status: statusText(uptime: 104, bytes: 5000, packets: 18, busy: 12),
            connections: [
                connectionText(1, age: 55, bytes: 2000, packets: 15), connectionText(2, age: 2, bytes: 500, packets: 4),
                connectionText(3, age: 200, bytes: 9000, packets: 9),
            ])
        let rates = try #require(Rates(from: old, to: new))
        #expect(rates.gateway.received == .init(bytes: 1000, packets: 2) && rates.gateway.sent.bytes == 2000)
        #expect(rates.busy == [0: 0.5, 1: 0.25] && rates.cpu == 0.25)
        #expect(rates.connections["0000000000000001"]?.received == .init(bytes: 200, packets: 1))
        // It came after the last look: all of it is new.
        #expect(rates.connections["0000000000000002"]?.received == .init(bytes: 250, packets: 2))
        // It is older, and was not in the last list.
        #expect(rates.connections["0000000000000003"] == nil)
    }

    @Test("There are none across a restart, or when no time has passed")
    func noRates() throws {
        let one = try look(status: statusText(uptime: 100))
        let restarted = try look(status: statusText(started: "2026-11-21T09:29:00.000Z", uptime: 200))
        #expect(Rates(from: one, to: restarted) == nil && Rates(from: one, to: one) == nil)
        #expect(Rates(from: try look(status: statusText(uptime: 101)), to: one) == nil)
    }

    @Test("A counter that falls is no negative rate")
    func falling() throws {
        let old = try look(
            status: statusText(uptime: 100, bytes: 9000, busy: 50), connections: [connectionText(1, bytes: 900)])
        let new = try look(
            status: statusText(uptime: 101, bytes: 1000, busy: 40),
            connections: [connectionText(1, age: 51, bytes: 100)])
        let rates = try #require(Rates(from: old, to: new))
        #expect(rates.gateway == .init() && rates.busy == [0: 0, 1: 0])
        #expect(rates.connections["0000000000000001"]?.received.bytes == 0)
    }
}

@Suite struct FiguresTests {
    @Test(
        "Bytes in five columns",
        arguments: [
            (0, "0"), (0.4, "0.4"), (1, "1"), (999, "999"), (1000, "1.0K"), (1023, "1.0K"), (1024, "1.0K"),
            (10_188, "9.9K"),
            (10_240, "10K"), (1_048_000, "1023K"), (1_048_576, "1.0M"), (5e9, "4.7G"), (1e300, "86736173798840365"),
            (-5, "0"), (.nan, "0"), (.infinity, "0"),
        ] as [(Double, String)])
    func bytes(value: Double, text: String) {
        let shown = Figures.bytes(value)
        if value < 1e20 { #expect(shown == text) }
        #expect(value >= 1e20 || shown.utf8.count <= 5)
    }

    @Test(
        "Counts by thousands",
        arguments: [(999, "999"), (1000, "1.0k"), (9950, "10k"), (999_499, "999k"), (999_500, "1.0M")]
            as [(Double, String)])
    func counts(value: Double, text: String) {
        #expect(Figures.count(value) == text)
    }

    @Test(
        "Times in six columns",
        arguments: [
            (0, "0s"), (0.54, "0.5s"), (5, "5s"), (9.96, "10s"), (59.4, "59s"), (59.6, "1m00s"), (3599, "59m59s"),
            (3600, "1h00m"), (86_399, "23h59m"), (86_400, "1d00h"), (8_640_000, "100d"), (-1, "0s"), (.nan, "0s"),
        ] as [(Double, String)])
    func times(value: Double, text: String) {
        #expect(Figures.time(value) == text)
    }

    @Test(
        "Decimals are rounded",
        arguments: [
            (1.25, 1, "1.3"), (0.05, 1, "0.1"), (-1.5, 1, "-1.5"), (2, 3, "2.000"), (1e300, 0, "9007199254740992"),
        ]
            as [(Double, Int, String)])
    func decimals(value: Double, places: Int, text: String) {
        #expect(Figures.decimal(value, places) == text)
    }

    @Test("Other figures")
    func others() {
        #expect(Figures.percent(0.456) == "46%" && Figures.percent(.nan) == "-")
        #expect(Figures.clock("2026-11-21T09:30:00.125Z") == "09:30:00Z" && Figures.clock("noon") == "noon")
    }
}

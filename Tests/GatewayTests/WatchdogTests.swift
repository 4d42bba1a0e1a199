import Testing

@testable import Gateway

@Suite("systemd's watchdog")
struct WatchdogTests {
    @Test("It is told once all loops have answered")
    func answers() {
        var watchdog = Watchdog()
        let alive = [
            watchdog.begin(2, every: 0), answered(&watchdog, 1), answered(&watchdog, 1), answered(&watchdog, 2),
        ]
        #expect(alive == [true, false, true, true])
    }

    @Test("A loop that ends without an answer keeps nobody waiting")
    func ended() {
        var watchdog = Watchdog()
        var alive = [watchdog.begin(2, every: 0)]
        watchdog.answered()
        watchdog.loopEnded()
        alive += [watchdog.begin(1, every: 0), watchdog.begin(1, every: 0)]
        #expect(alive == [true, true, false])
    }

    /// Whether all have answered after so many more answers.
    private func answered(_ watchdog: inout Watchdog, _ count: Int) -> Bool {
        for _ in 0..<count { watchdog.answered() }
        return watchdog.begin(2, every: 0)
    }
}

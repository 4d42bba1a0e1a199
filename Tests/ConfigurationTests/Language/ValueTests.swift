import Testing

@testable import Configuration

@Suite struct ValueTests {
    @Test(arguments: [
        ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("7d", 604_800_000), ("45", 45_000),
        ("1h30m", 5_400_000), ("1d2h3m4s5ms", 93_784_005), ("0", 0), ("0s", 0), ("007s", 7000),
        ("9223372036854775807ms", Int.max),
    ]) func time(text: String, milliseconds: Int) {
        #expect(Value.time(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "s", "ms", "1 s", " 1s", "-1s", "+1s", "1.5s", "1S", "1w", "1sec", "30s1m", "1s1s", "1h30", "1ms1",
        "٣s", "9223372036854775808ms", "9223372036854775807", "9223372036854775807s", "106751991168d",
        "9223372036854775807s1ms", "106751991167d7h12m55s808ms", "99999999999999999999999s",
    ]) func noTime(text: String) {
        #expect(Value.time(text) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("64k", 65536), ("64K", 65536), ("1m", 1 << 20), ("2M", 2 << 20), ("1g", 1 << 30),
        ("9223372036854775807", Int.max), ("8589934591g", 8_589_934_591 << 30),
    ]) func size(text: String, bytes: Int) {
        #expect(Value.size(text) == bytes)
    }

    @Test(arguments: [
        "", "k", "-1", "+1", "1kb", "1 k", "k1", "1t", "0x10", "9223372036854775808", "8589934592g",
        "9007199254740992k", "1\u{301}k",
    ]) func noSize(text: String) {
        #expect(Value.size(text) == nil)
    }

    @Test(arguments: ["", "-0", "+1", "1_000", "1e3", "٣", "½", "99999999999999999999"]) func noInteger(text: String) {
        #expect(Value.integer(text[...]) == nil)
    }

    @Test(arguments: [
        (Duration.zero, "0"), (.milliseconds(1), "1ms"), (.milliseconds(1500), "1500ms"), (.seconds(90), "90s"),
        (.seconds(120), "2m"), (.seconds(7200), "2h"), (.seconds(86400 * 7), "7d"), (.microseconds(1500), "1ms"),
    ]) func timeText(time: Duration, text: String) {
        #expect(Value.text(of: time) == text)
    }

    @Test func longestTimeHasText() {
        #expect(Value.text(of: .seconds(Int64.max)) == "9223372036854775807s")
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (1023, "1023"), (1024, "1k"), (1536, "1536"), (1 << 20, "1m"), (3 << 30, "3g"),
    ]) func sizeText(size: Int, text: String) {
        #expect(Value.text(ofSize: size) == text)
        #expect(Value.size(text) == size)
    }

    @Test(arguments: [
        ("0", 0, "0"), ("1", 1000, "1"), ("1.25", 1250, "1.25"), ("1.5", 1500, "1.5"), ("1.500", 1500, "1.5"),
        ("0.001", 1, "0.001"), ("10.010", 10_010, "10.01"), ("999999.999", 999_999_999, "999999.999"),
    ]) func thousandths(text: String, number: Int, written: String) {
        #expect(Value.thousandths(text) == number)
        #expect(Value.text(ofThousandths: number) == written)
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "1.2345", "1,5", "-1", "+1.5", "1.-5", "1.5.0", "150%", "1e3", "1000000",
        "99999999999999999999", "1.٣",
    ]) func noThousandths(text: String) {
        #expect(Value.thousandths(text) == nil)
    }

    @Test(arguments: [("0%", 0), ("20%", 20), ("100%", 100), ("250%", 250)]) func percent(text: String, number: Int) {
        #expect(Value.percent(text) == number)
    }

    @Test(arguments: ["", "%", "20", "20 %", "-1%", "1.5%", "20%%", "%20", "99999999999999999999%", "20%\u{301}"])
    func noPercent(text: String) {
        #expect(Value.percent(text) == nil)
    }

    @Test(arguments: [("0/s", 0), ("50/s", 50), ("10000/s", 10_000)]) func rate(text: String, number: Int) {
        #expect(Value.rate(text) == number)
    }

    @Test(arguments: ["", "/s", "50", "50/m", "50/S", "-1/s", "1.5/s", "50/s/s", "99999999999999999999/s"])
    func noRate(text: String) {
        #expect(Value.rate(text) == nil)
    }
}

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("listen", "lisen", 1), ("listen", "lsiten", 1), ("root", "boot", 1),
        ("kitten", "sitting", 3),
    ]) func distance(a: String, b: String, expected: Int) {
        #expect(editDistance(Array(a.utf8), Array(b.utf8)) == expected)
        #expect(editDistance(Array(b.utf8), Array(a.utf8)) == expected)
    }

    @Test func nearestIsCloseOrNone() {
        let names = ["listen", "location", "root"]
        #expect(nearest(to: "lisen", in: names) == "listen")
        #expect(nearest(to: "rooot", in: names) == "root")
        #expect(nearest(to: "zebra", in: names) == nil)
        #expect(nearest(to: "", in: names) == nil)
        #expect(nearest(to: String(repeating: "x", count: 1 << 20), in: names) == nil)
    }
}

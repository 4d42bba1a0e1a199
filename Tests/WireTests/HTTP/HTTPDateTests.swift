import Testing

@testable import Wire

@Suite("Dates of HTTP")
struct HTTPDateTests {
    @Test(
        "RFC 9110 §5.6.7: an IMF-fixdate is written and read",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_795_253_400, "Sat, 21 Nov 2026 09:30:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func fixdate(seconds: Int64, text: String) {
        #expect(HTTPDate.text(seconds).description == text)
        #expect(parse(text) == seconds)
    }

    @Test("A moment that has no such date is moved to one that has", arguments: [Int64.min, -1, 253_402_300_800, .max])
    func outside(seconds: Int64) {
        #expect(HTTPDate.text(seconds).description == HTTPDate.text(seconds < 0 ? 0 : 253_402_300_799).description)
    }

    @Test(
        "RFC 9110 §5.6.7: the old forms are read",
        arguments: [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Wednesday, 01-Jan-69 00:00:00 GMT", 3_124_224_000), ("Thu Jan  1 00:00:00 1970", 0),
            ("Sat Nov 21 09:30:00 2026", 1_795_253_400), ("Thu, 31 Dec 1998 23:59:60 GMT", 915_148_800),
        ] as [(String, Int64)])
    func old(text: String, seconds: Int64) {
        #expect(parse(text) == seconds)
    }

    @Test(
        "Anything else is no date",
        arguments: [
            "", "x", "Sun", "Sun,", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Non 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06-Nov-1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
            "Sun Nov 6 08:49:37 1994", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 19 4 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT" + String(repeating: " ", count: 100), "784111777",
        ])
    func noDate(text: String) {
        #expect(parse(text) == nil)
    }

    private func parse(_ text: String) -> Int64? {
        let bytes = [UInt8](text.utf8)
        return HTTPDate.parse(bytes.span, 0..<bytes.count)
    }
}

import Testing

@testable import Telemetry

@Suite("Messages of syslog, RFC 5424")
struct SyslogFormatTests {
    private func format(hostname: String? = "edge-1", limit: Int = SyslogFormat.datagramLimit) -> SyslogFormat {
        SyslogFormat(facility: 23, hostname: hostname, tag: "sluice", process: 42, limit: limit)
    }

    @Test("§6: the header, and the text as it is")
    func message() {
        let text = format().message(#"{"a":"é"}"#, severity: 6, kind: .access, at: 1_795_253_400_125)
        #expect(text == #"<190>1 2026-11-21T09:30:00.125Z edge-1 sluice 42 access - {"a":"é"}"#)
        let zero = SyslogFormat(facility: 0, hostname: "h", tag: "t", process: 1, limit: 480)
        #expect(zero.message("x", severity: 0, kind: .error, at: 0) == "<0>1 1970-01-01T00:00:00.000Z h t 1 error - x")
    }

    @Test(
        "§6.2.4: a name that is none of printable ASCII is left out",
        arguments: [nil, "", "a b", "é", "a\u{7F}", String(repeating: "a", count: 256)])
    func hostname(name: String?) {
        #expect(
            format(hostname: name).message("x", severity: 6, kind: .error, at: 0).contains("Z - sluice 42 error - x"))
    }

    @Test("§6.1: a message has at most as many octets as the limit, and shows that it was cut", arguments: 0...4)
    func cut(shift: Int) {
        let text = String(repeating: "a", count: shift) + String(repeating: "é😀", count: 2000)
        for limit in [480, 2048, 8192] {
            let message = format(limit: limit).message(text, severity: 6, kind: .access, at: 0)
            #expect((limit - 6...limit).contains(message.utf8.count) && message.hasSuffix("…"))
            #expect(text.hasPrefix(message.split(separator: " - ", maxSplits: 1)[1].dropLast()))
        }
    }

    @Test("A text that has room is not cut")
    func room() {
        let format = format()
        let text = String(repeating: "a", count: format.room(.access))
        #expect(format.message(text, severity: 7, kind: .access, at: 0).utf8.count <= SyslogFormat.datagramLimit)
        #expect(format.message(text, severity: 7, kind: .access, at: 0).hasSuffix("a"))
    }

    @Test("Nothing in a text ends the line")
    func lines() {
        let message = format().message("a\nb\r\u{2028}c\"\\", severity: 6, kind: .error, at: 0)
        #expect(message.hasSuffix(#" - a\x0Ab\x0D\xE2\x80\xA8c"\"#))
    }
}

import Testing

@testable import Wire

@Suite("RFC 6455 §5.5.1, §7.4: Close frames")
struct ClosePayloadTests {
    @Test("§5.5.1: an empty Close has no status code")
    func empty() throws {
        #expect(try parse([]) == nil)
    }

    @Test("§5.5.1: a body of one byte is a protocol error")
    func oneByte() {
        for byte in 0...255 as ClosedRange<UInt8> { #expect(code(of: [byte]) == .protocolError) }
    }

    @Test("§7.4: every status code, with and without a reason")
    func everyCode() {
        // §7.4.1 and the IANA registry; 1004 is reserved, 1005, 1006 and 1015 never go over the wire; §7.4.2: 0 to 999
        // are not used, 1016 to 2999 not given away, 3000 to 4999 free.
        let sendable =
            Set<UInt16>([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]).union(3000...4999)
        for value in 0...65_535 as ClosedRange<UInt16> {
            #expect(CloseCode.isValidOnWire(value) == sendable.contains(value), "\(value)")
            let body = [UInt8(value >> 8), UInt8(value & 0xFF)]
            for payload in [body, body + Array("bye".utf8)] {
                let result = code(of: payload)
                #expect(result == (sendable.contains(value) ? nil : .protocolError), "\(value)")
            }
        }
    }

    @Test("§7.4.1: every code of ours may go over the wire", arguments: CloseCode.allCases)
    func ours(code: CloseCode) throws {
        #expect(CloseCode.isValidOnWire(code.rawValue))
        #expect(try parse([UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]) == code.rawValue)
    }

    @Test(
        "§5.5.1: a reason in UTF-8",
        arguments: ["", "going away", "caf\u{E9}", "\u{20AC}", "\u{1F980}", "a\u{0}b", "\u{FEFF}"])
    func reason(text: String) throws {
        #expect(try parse([0x03, 0xE8] + Array(text.utf8)) == 1000)
    }

    @Test(
        "§8.1: a reason that is not UTF-8 is answered with 1007",
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
            [0x61, 0x62, 0xF0, 0x9F, 0xA6],
        ] as [[UInt8]])
    func badReason(_ reason: [UInt8]) {
        #expect(code(of: [0x03, 0xE8] + reason) == .invalidPayload)
    }

    @Test("§5.5.1: a reason of the longest size, 123 bytes")
    func longest() throws {
        #expect(try parse([0x0F, 0xA0] + [UInt8](repeating: 0x61, count: 123)) == 4000)
    }

    private func parse(_ payload: [UInt8]) throws(WebSocketViolation) -> UInt16? {
        try ClosePayload.parse(payload.span)
    }

    /// The code to answer a broken one with; nil: it is sound.
    private func code(of payload: [UInt8]) -> CloseCode? {
        do throws(WebSocketViolation) {
            _ = try parse(payload)
            return nil
        } catch {
            return error.code
        }
    }
}

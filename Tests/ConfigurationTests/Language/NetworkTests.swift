import Testing

@testable import Configuration

@Suite("Network: allow and deny")
struct NetworkTests {
    @Test(
        "Which addresses are in it",
        arguments: [
            ("all", [10, 0, 0, 1], true), ("all", [], true), ("unix:", [], true), ("unix:", [127, 0, 0, 1], false),
            ("10.0.0.0/8", [10, 255, 0, 1], true), ("10.0.0.0/8", [11, 0, 0, 1], false),
            ("192.0.2.7", [192, 0, 2, 7], true), ("192.0.2.7", [192, 0, 2, 6], false),
            ("192.0.2.128/25", [192, 0, 2, 200], true), ("192.0.2.128/25", [192, 0, 2, 127], false),
            ("0.0.0.0/0", [8, 8, 8, 8], true), ("0.0.0.0/0", [], false),
            ("0.0.0.0/0", [0x20, 1] + [UInt8](repeating: 0, count: 14), false),
            ("10.0.0.0/8", [UInt8](repeating: 0, count: 10) + [255, 255, 10, 1, 2, 3], true),
            ("2001:db8::/32", [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 7, count: 12), true),
            ("2001:db8::/32", [0x20, 1, 0x0D, 0xB9] + [UInt8](repeating: 7, count: 12), false),
            ("2001:db8::/33", [0x20, 1, 0x0D, 0xB8, 0x80] + [UInt8](repeating: 0, count: 11), false),
            ("::1", [UInt8](repeating: 0, count: 15) + [1], true), ("::1", [127, 0, 0, 1], false),
        ] as [(String, [UInt8], Bool)])
    func contains(text: String, address: [UInt8], isIn: Bool) throws {
        #expect(try Network.parsed(text).contains(address) == isIn)
    }

    @Test(
        "It is written as it is read",
        arguments: ["all", "unix:", "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "::/0"])
    func description(text: String) throws {
        #expect(try Network.parsed(text).description == text)
    }

    @Test(
        "What is no network",
        arguments: [
            "", "10.0.0.0/33", "10.0.0.1/8", "10.0.0/8", "::1/129", "2001:db8::1/32", "localhost", "10.0.0.0/", "/8",
            "10.0.0.0/-1", "10.0.0.0/8/8", "256.0.0.1", "[::1]", "unix:/x", "ALL",
        ])
    func malformed(text: String) {
        #expect(throws: ValueFault.self) { try Network.parsed(text) }
    }

    @Test("Fronts are never all") func allWhereItIsNotAllowed() {
        #expect(throws: ValueFault.self) { try Network.parsed("all", allowsAll: false) }
        #expect(throws: Never.self) { try Network.parsed("unix:", allowsAll: false) }
    }
}

@testable import Wire

/// CONNACK packets as brokers send them.
enum ConnackFixtures {
    typealias Fixture = ConnackTests.Fixture

    static let all: [Fixture] = accepted + refused + foreign + notWhole + faults + propertyFaults

    private static let accepted: [Fixture] = [
        Fixture("3.1: accepted", .v3_1, "20 02 00 00", parsed(4)),
        Fixture("3.1 §3.2: the first byte is reserved and disregarded", .v3_1, "20 02 FF 00", parsed(4)),
        Fixture("3.1.1: accepted", .v3_1_1, "20 02 00 00", parsed(4)),
        Fixture("3.1.1 [MQTT-3.2.2-2]: session present", .v3_1_1, "20 02 01 00", parsed(4, session: true)),
        Fixture("3.1.1: a PUBLISH follows", .v3_1_1, "20 02 00 00 30 00", parsed(4)),
        Fixture("5.0: accepted", .v5_0, "20 03 00 00 00", parsed(5) { $0.properties = 5..<5 }),
        Fixture(
            "5.0 [MQTT-3.2.2-3]: session present", .v5_0, "20 03 01 00 00",
            parsed(5, session: true) { $0.properties = 5..<5 }),
        Fixture(
            "5.0 §3.2.2.3: every property", .v5_0,
            """
            20 ** 00 00
            {
              11 00000E10   // Session Expiry Interval
              21 000A       // Receive Maximum
              24 01         // Maximum QoS
              25 01         // Retain Available
              27 00100000   // Maximum Packet Size
              12 "id-7"     // Assigned Client Identifier
              22 0005       // Topic Alias Maximum
              1F "why"      // Reason String
              26 "k" "v"    // User Property
              26 "k" "v"
              28 01         // Wildcard Subscription Available
              29 01         // Subscription Identifiers Available
              2A 00         // Shared Subscription Available
              13 001E       // Server Keep Alive
              1A "r"        // Response Information
              1C "b:1"      // Server Reference
              15 "m"        // Authentication Method
              16 0001 00    // Authentication Data
            }
            """,
            parsed(79) {
                $0.properties = 5..<79
                $0.sessionExpiryInterval = 3_600
                $0.receiveMaximum = 10
                $0.maximumPacketSize = 1_048_576
                $0.assignedClientID = 25..<29
                $0.topicAliasMaximum = 5
                $0.reasonString = 35..<38
                $0.serverKeepAlive = 30
                $0.serverReference = 68..<71
            }),
    ]

    private static let refused: [Fixture] = [
        Fixture("3.1: not authorised", .v3_1, "20 02 00 05", parsed(4, code: 5)),
        Fixture("3.1.1: server unavailable", .v3_1_1, "20 02 00 03", parsed(4, code: 3)),
        Fixture("5.0: server busy", .v5_0, "20 03 00 89 00", parsed(5, code: 0x89) { $0.properties = 5..<5 }),
        Fixture(
            "5.0 §4.11: use another server", .v5_0, "20 ** 00 9C { 1C \"b:1\" }",
            parsed(11, code: 0x9C) {
                $0.properties = 5..<11
                $0.serverReference = 8..<11
            }),
    ]

    /// Refusals in the form of another version, or with a code that the client's version does not have.
    private static let foreign: [Fixture] =
        [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x84, 0xFF].map { code in
            Fixture("5.0: the refusal of a broker of 3.x, code \(code)", .v5_0, "20 02 00 \(hex(code))", other(4, code))
        } + [
            Fixture("3.1 §3.2: return code 6", .v3_1, "20 02 00 06", other(4, 6)),
            Fixture("3.1.1 §3.2.2.3: return code 6", .v3_1_1, "20 02 00 06", other(4, 6)),
            Fixture("3.1.1: a reason code of 5.0", .v3_1_1, "20 02 00 87", other(4, 0x87)),
            Fixture(
                "3.1.1: Mosquitto 2.1 to a level it does not know", .v3_1_1, "20 03 00 84 00",
                other(5, 0x84) { $0.properties = 5..<5 }),
            Fixture(
                "3.1: the form of 5.0 with a Reason String", .v3_1, "20 ** 00 87 { 1F \"no\" }",
                other(10, 0x87) {
                    $0.properties = 5..<10
                    $0.reasonString = 8..<10
                }),
            Fixture(
                "5.0 [MQTT-3.2.2-8]: no such reason code", .v5_0, "20 03 00 01 00",
                other(5, 1) { $0.properties = 5..<5 }),
            Fixture(
                "5.0 [MQTT-3.2.2-8]: a reason code of DISCONNECT", .v5_0, "20 03 00 8B 00",
                other(5, 0x8B) { $0.properties = 5..<5 }),
        ]

    private static func hex(_ code: UInt8) -> String { (code < 16 ? "0" : "") + String(code, radix: 16) }

    private static func other(
        _ length: Int, _ code: UInt8, _ fill: (inout Connack.Parsed) -> Void = { _ in }
    ) -> Fixture.Expectation {
        parsed(length, code: code) {
            $0.isForeign = true
            fill(&$0)
        }
    }

    private static let notWhole: [Fixture] = [
        Fixture("nothing", .v5_0, "", .needsMore),
        Fixture("the first byte", .v3_1_1, "20", .needsMore),
        Fixture("a Remaining Length that has not ended", .v5_0, "20 80", .needsMore),
        Fixture("the longest there may be", .v5_0, "20 FCFF03 00 00", .needsMore),
    ]

    private static let faults: [Fixture] = [
        Fixture("§3.2.1: PINGRESP", .v3_1_1, "D0 00", .failed(.notConnack)),
        Fixture("§3.2.1: flags of the fixed header", .v5_0, "21 03 00 00 00", .failed(.notConnack)),
        Fixture("HTTP", .v3_1_1, "'HTTP/1.1 400 Bad Request'", .failed(.notConnack)),
        Fixture("3.1.1 §3.2.1: accepted in the form of 5.0", .v3_1_1, "20 03 00 00", .failed(.remainingLength)),
        Fixture("3.1.1 §3.2.1: Remaining Length 127", .v3_1_1, "20 7F 00 05", .failed(.remainingLength)),
        Fixture("3.1 §3.2: Remaining Length 0", .v3_1, "20 00", .failed(.remainingLength)),
        Fixture("5.0 §3.2.1: Remaining Length 1", .v5_0, "20 01", .failed(.remainingLength)),
        Fixture("5.0 §3.2.2: no properties", .v5_0, "20 02 00 00", .failed(.remainingLength)),
        Fixture("5.0 [MQTT-1.5.5-1]: Remaining Length in two bytes", .v5_0, "20 8300", .failed(.remainingLength)),
        Fixture("§2.2.3: Remaining Length without an end", .v5_0, "20 80808080", .failed(.remainingLength)),
        Fixture("5.0: longer than 64 KiB", .v5_0, "20 FDFF03", .failed(.tooLarge)),
        Fixture("3.1.1: longer than 64 KiB", .v3_1_1, "20 FFFFFF7F", .failed(.tooLarge)),
        Fixture("3.1.1 [MQTT-3.2.2-1]: reserved flag", .v3_1_1, "20 02 02 00", .failed(.acknowledgeFlags)),
        Fixture("5.0 [MQTT-3.2.2-1]: reserved flag", .v5_0, "20 03 80 00 00", .failed(.acknowledgeFlags)),
        Fixture(
            "3.1.1 [MQTT-3.2.2-4]: session present on a refusal", .v3_1_1, "20 02 01 05",
            .failed(.sessionPresentOnRefusal)),
        Fixture(
            "5.0 [MQTT-3.2.2-6]: session present on a refusal", .v5_0, "20 03 01 87 00",
            .failed(.sessionPresentOnRefusal)),
    ]

    private static let propertyFaults: [Fixture] = [
        Fixture("Property Length beyond the packet", .v5_0, "20 03 00 00 01", .failed(.properties)),
        Fixture("bytes behind the properties", .v5_0, "20 04 00 00 00 00", .failed(.properties)),
        Fixture("Property Length in two bytes", .v5_0, "20 04 00 00 8000", .failed(.properties)),
        Fixture("Server Keep Alive twice", .v5_0, "20 ** 00 00 { 13 0001 13 0001 }", .failed(.properties)),
        Fixture("Receive Maximum 0", .v5_0, "20 ** 00 00 { 21 0000 }", .failed(.properties)),
        Fixture("Maximum Packet Size 0", .v5_0, "20 ** 00 00 { 27 00000000 }", .failed(.properties)),
        Fixture("Maximum QoS 2", .v5_0, "20 ** 00 00 { 24 02 }", .failed(.properties)),
        Fixture("Retain Available 2", .v5_0, "20 ** 00 00 { 25 02 }", .failed(.properties)),
        Fixture("a property of CONNECT", .v5_0, "20 ** 00 00 { 19 01 }", .failed(.properties)),
        Fixture("no such property", .v5_0, "20 ** 00 00 { 7F }", .failed(.properties)),
        Fixture("Server Reference not UTF-8", .v5_0, "20 ** 00 9C { 1C 0001 FF }", .failed(.properties)),
        Fixture("Server Reference cut short", .v5_0, "20 ** 00 9C { 1C 0002 'b' }", .failed(.properties)),
    ]

    private static func parsed(
        _ length: Int, session: Bool = false, code: UInt8 = 0, _ fill: (inout Connack.Parsed) -> Void = { _ in }
    ) -> Fixture.Expectation {
        var parsed = Connack.Parsed(length: length, sessionPresent: session, code: code)
        fill(&parsed)
        return .parsed(parsed)
    }
}

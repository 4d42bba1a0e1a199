import Testing

@testable import Wire

@Suite("CONNACK with an Assigned Client Identifier")
struct ConnackAssignTests {
    struct Fixture: Sendable, CustomTestStringConvertible {
        let name: String
        let notation: String
        let clientID: String
        let limit: UInt32?
        /// nil: it stays as it is.
        let expected: String?
        var testDescription: String { name }

        init(_ name: String, _ notation: String, id: String = "id-7", limit: UInt32? = nil, _ expected: String?) {
            self.name = name
            self.notation = notation
            clientID = id
            self.limit = limit
            self.expected = expected
        }
    }

    static let fixtures = [
        Fixture("5.0 §3.2.2.3.7: no properties", "20 03 00 00 00", #"20 ** 00 00 { 12 "id-7" }"#),
        Fixture("[MQTT-3.2.2-3]: session present", "20 03 01 00 00", #"20 ** 01 00 { 12 "id-7" }"#),
        Fixture(
            "behind other properties, which stay", #"20 ** 00 00 { 11 00000E10 26 "k" "v" 1F "why" }"#,
            #"20 ** 00 00 { 11 00000E10 26 "k" "v" 1F "why" 12 "id-7" }"#),
        Fixture("the next packet is no part of it", "20 03 00 00 00 30 00", #"20 ** 00 00 { 12 "id-7" }"#),
        Fixture(
            "[MQTT-1.5.4-1]: characters of more than a byte", "20 03 00 00 00", id: "größe",
            #"20 ** 00 00 { 12 "größe" }"#),
        Fixture("it has one", #"20 ** 00 00 { 12 "theirs" }"#, nil),
        Fixture("it has an empty one", #"20 ** 00 00 { 12 "" }"#, nil),
        Fixture("it refuses", "20 03 00 87 00", nil),
        Fixture("it refuses, from a broker of 3.x", "20 02 00 01", nil),
        Fixture("an identifier of no bytes", "20 03 00 00 00", id: "", nil),
        Fixture(
            "[MQTT-3.1.2-24]: as long as the client accepts", "20 03 00 00 00", limit: 12, #"20 0A 00 00 { 12 "id-7" }"#
        ),
        Fixture("[MQTT-3.1.2-24]: longer than the client accepts", "20 03 00 00 00", limit: 11, nil),
        Fixture("[MQTT-3.1.2-24]: the highest limit", "20 03 00 00 00", limit: .max, #"20 ** 00 00 { 12 "id-7" }"#),
    ]

    @Test("Fixtures", arguments: fixtures)
    func fixture(_ fixture: Fixture) throws {
        let bytes = try #require(PacketNotation.bytes(fixture.notation), "the notation has a mistake")
        let result = try assigning(Array(fixture.clientID.utf8), to: bytes, limit: fixture.limit)
        guard let expected = fixture.expected else {
            #expect(result == nil)
            return
        }
        #expect(result == PacketNotation.bytes(expected))
        let parsed = try parse(result ?? [])
        #expect(parsed.assignedClientID.map { Array((result ?? [])[$0]) } == Array(fixture.clientID.utf8))
        #expect(parsed.length == result?.count)
    }

    @Test("3.x has no properties: it stays as it is", arguments: [.v3_1, .v3_1_1] as [ProtocolVersion])
    func olderVersions(_ version: ProtocolVersion) throws {
        let bytes: [UInt8] = [0x20, 0x02, 0x00, 0x00]
        let parsed = try parse(bytes, version)
        #expect(Connack.assigning([0x61], to: bytes.span, parsed, limit: nil) == nil)
    }

    @Test(
        "[MQTT-1.5.4-1], [MQTT-1.5.4-2]: an identifier that is no UTF-8 Encoded String",
        arguments: [[0xFF], [0x61, 0x00], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func noText(_ clientID: [UInt8]) throws {
        #expect(try assigning(clientID, to: [0x20, 0x03, 0x00, 0x00, 0x00], limit: nil) == nil)
    }

    @Test("What is said of other bytes adds nothing, and reads nothing outside")
    func otherBytes() throws {
        let bytes = try #require(PacketNotation.bytes(#"20 ** 00 00 { 1F "why" }"#))
        let parsed = try parse(bytes)
        for count in 0..<bytes.count {
            let part = Array(bytes.prefix(count))
            #expect(Connack.assigning([0x61], to: part.span, parsed, limit: nil) == nil)
        }
    }

    @Test("§1.5.5: lengths at the borders of their sizes", arguments: [126, 127, 128, 16_383, 16_384, 60_000])
    func lengths(_ length: Int) throws {
        let bytes = try #require(PacketNotation.bytes(#"20 ** 00 00 { 24 01 }"#))
        // As the Property Length, then as the Remaining Length.
        let size = PacketNotation.variableByteInteger(length).count
        for properties in [length, length - 2 - size] {
            let clientID = [UInt8](repeating: 0x61, count: properties - 2 - 3)
            let result = try #require(try assigning(clientID, to: bytes, limit: nil))
            let list = [0x24, 0x01, 0x12, UInt8(clientID.count >> 8), UInt8(clientID.count & 0xFF)] + clientID
            let body = [0x00, 0x00] + PacketNotation.variableByteInteger(list.count) + list
            #expect(result == [0x20] + PacketNotation.variableByteInteger(body.count) + body)
            let parsed = try parse(result)
            #expect(parsed.properties?.count == properties)
        }
    }

    @Test("§1.5.4: an identifier of 65,535 bytes, and no longer")
    func longestIdentifier() throws {
        let bytes: [UInt8] = [0x20, 0x03, 0x00, 0x00, 0x00]
        let longest = [UInt8](repeating: 0x61, count: 65_535)
        let expected: [UInt8] = [0x20, 0x87, 0x80, 0x04, 0x00, 0x00, 0x82, 0x80, 0x04, 0x12, 0xFF, 0xFF]
        #expect(try assigning(longest, to: bytes, limit: nil) == expected + longest)
        #expect(try assigning(longest + [0x61], to: bytes, limit: nil) == nil)
    }

    private func assigning(_ clientID: [UInt8], to bytes: [UInt8], limit: UInt32?) throws -> [UInt8]? {
        let parsed = try parse(bytes)
        return Connack.assigning(clientID, to: bytes.span, parsed, limit: limit)
    }

    private func parse(_ bytes: [UInt8], _ version: ProtocolVersion = .v5_0) throws -> Connack.Parsed {
        let parsed = try Connack.parse(bytes.span, version: version)
        return try #require(parsed)
    }
}

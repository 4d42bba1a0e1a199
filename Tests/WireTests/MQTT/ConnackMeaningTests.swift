import Testing

@testable import Wire

@Suite("CONNACK, its meaning")
struct ConnackMeaningTests {
    @Test("Every code: 3.1.1 §3.2.2.3 and 5.0 §3.2.2.2, which share none")
    func codes() {
        let meanings = Dictionary(grouping: UInt8.min...UInt8.max) { code in
            Connack.Parsed(length: 4, sessionPresent: false, code: code).meaning
        }
        #expect(meanings[.accepted] == [0x00])
        #expect(meanings[.notNow] == [0x03, 0x88, 0x89, 0x97, 0x9F])
        #expect(meanings[.useAnotherServer] == [0x9C, 0x9D])
        #expect(meanings[.aboutClient]?.count == 248)
    }

    /// What a client of 5.0, and one of 3.x, is told of a refusal that its version does not know; empty: closed in silence.
    static let translations: [(code: UInt8, v5: UInt8, v3: [UInt8])] = [
        (0x01, 0x84, [0x20, 2, 0, 1]), (0x02, 0x85, [0x20, 2, 0, 2]), (0x03, 0x88, [0x20, 2, 0, 3]),
        (0x04, 0x86, [0x20, 2, 0, 4]), (0x05, 0x87, [0x20, 2, 0, 5]), (0x06, 0x80, []), (0x7F, 0x80, []),
        (0x84, 0x84, [0x20, 2, 0, 1]), (0x87, 0x87, [0x20, 2, 0, 5]), (0x88, 0x88, [0x20, 2, 0, 3]),
        (0x8B, 0x80, []), (0x95, 0x95, []), (0xFF, 0x80, []),
    ]

    @Test("A refusal of another version is told in the client's own", arguments: translations)
    func translation(_ row: (code: UInt8, v5: UInt8, v3: [UInt8])) throws {
        let form3: [UInt8] = [0x20, 2, 0, row.code]
        let parsed = try #require(try Connack.parse(form3.span, version: .v5_0))
        #expect(parsed.isForeign && Connack.refusal(parsed.reason, version: .v5_0) == [0x20, 3, 0, row.v5, 0])
        let known = try #require(try Connack.parse(form3.span, version: .v3_1_1))
        #expect(known.isForeign != (1...5).contains(row.code))
        #expect(Connack.refusal(known.reason, version: .v3_1_1) == row.v3)
        guard row.code >= 0x80 else { return }
        let form5: [UInt8] = [0x20, 3, 0, row.code, 0]
        for version in [ProtocolVersion.v3_1, .v3_1_1] {
            let parsed = try #require(try Connack.parse(form5.span, version: version))
            #expect(parsed.isForeign && Connack.refusal(parsed.reason, version: version) == row.v3)
        }
    }

    @Test("An acceptance counts in the form of the client's version alone")
    func acceptance() {
        for (bytes, version) in [([0x20, 2, 0, 0], .v5_0), ([0x20, 3, 0, 0, 0], .v3_1_1)]
            as [([UInt8], ProtocolVersion)]
        {
            #expect(throws: ConnackError.remainingLength) { try Connack.parse(bytes.span, version: version)?.length }
        }
    }

    @Test("5.0 §4.11: Use another server has its reference beside it")
    func reference() throws {
        let bytes = try #require(PacketNotation.bytes(#"20 ** 00 9C { 1C "b.example.com:1883 c" }"#))
        let parsed = try #require(try Connack.parse(bytes.span, version: .v5_0))
        #expect(parsed.meaning == .useAnotherServer)
        let range = try #require(parsed.serverReference)
        #expect(
            ServerReference.list(bytes.span.extracting(range)) == [
                ServerReference(host: "b.example.com", port: 1883), ServerReference(host: "c"),
            ])
    }
}

import Testing

@testable import Wire

@Suite("CONNACK, its meaning")
struct ConnackMeaningTests {
    private func meanings(_ version: ProtocolVersion) -> [Connack.Parsed.Meaning: [UInt8]] {
        Dictionary(grouping: UInt8.min...UInt8.max) { code in
            Connack.Parsed(length: 4, sessionPresent: false, code: code).meaning(version)
        }
    }

    @Test(
        "3.1 §3.2, 3.1.1 §3.2.2.3: of all codes, only 0x03 is about the server",
        arguments: [ProtocolVersion.v3_1, .v3_1_1])
    func returnCodes(_ version: ProtocolVersion) {
        let meanings = meanings(version)
        #expect(meanings[.accepted] == [0x00])
        #expect(meanings[.notNow] == [0x03])
        #expect(meanings[.useAnotherServer] == nil)
        #expect(meanings[.aboutClient]?.count == 254)
    }

    @Test("5.0 §3.2.2.2: every code")
    func reasonCodes() {
        let meanings = meanings(.v5_0)
        #expect(meanings[.accepted] == [0x00])
        #expect(meanings[.notNow] == [0x88, 0x89, 0x97, 0x9F])
        #expect(meanings[.useAnotherServer] == [0x9C, 0x9D])
        #expect(meanings[.aboutClient]?.count == 249)
    }

    @Test("5.0: the answer of a broker that knows 3.x only is about the client")
    func olderBroker() throws {
        let bytes: [UInt8] = [0x20, 0x02, 0x00, 0x01]
        let parsed = try #require(try Connack.parse(bytes.span, version: .v5_0))
        #expect(parsed.meaning(.v5_0) == .aboutClient)
    }

    @Test("5.0 §4.11: Use another server has its reference beside it")
    func reference() throws {
        let bytes = try #require(PacketNotation.bytes(#"20 ** 00 9C { 1C "b.example.com:1883 c" }"#))
        let parsed = try #require(try Connack.parse(bytes.span, version: .v5_0))
        #expect(parsed.meaning(.v5_0) == .useAnotherServer)
        let range = try #require(parsed.serverReference)
        #expect(
            ServerReference.list(bytes.span.extracting(range)) == [
                ServerReference(host: "b.example.com", port: 1883), ServerReference(host: "c"),
            ])
    }
}

import Testing

@testable import Wire

@Suite("CONNECT")
struct ConnectPacketTests {
    @Test("Fixtures", arguments: ConnectFixtures.all)
    func fixture(_ fixture: ConnectFixture) throws {
        let bytes = try #require(fixture.bytes, "the notation has a mistake")
        let outcome = readConnect(bytes, limit: fixture.limit)
        switch (fixture.expectation, outcome) {
        case (.needsMore, .needsMore): break
        case (.accepted(let summary), .accepted(let packet, _)): #expect(packet.summary(bytes) == summary)
        case (.refused(let kind, let answer), .refused(let error)):
            #expect(error.kind == kind)
            #expect(error.answer == PacketNotation.bytes(answer))
            #expect(!error.answer.isEmpty)
        case (.silent(let kind), .refused(let error)):
            #expect(error.kind == kind)
            #expect(error.answer == [])
        default: Issue.record("expected \(fixture.expectation), came to \(outcome)")
        }
    }

    @Test("The table has a fixture for every rule, and no name twice")
    func tableIsComplete() {
        var kinds: Set<ConnectError.Kind> = []
        for fixture in ConnectFixtures.all {
            switch fixture.expectation {
            case .refused(let kind, _), .silent(let kind): kinds.insert(kind)
            case .accepted, .needsMore: break
            }
        }
        #expect(kinds == Set(ConnectError.Kind.allCases))
        #expect(Set(ConnectFixtures.all.map(\.name)).count == ConnectFixtures.all.count)
        #expect(ConnectFixtures.all.count >= 200)
    }

    @Test("The notation of the fixtures gives the bytes it says")
    func notation() {
        #expect(PacketNotation.bytes("10 ** \"MQTT\" 04 // level") == [0x10, 7, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4])
        #expect(PacketNotation.bytes("{ 'ab' { 01 } }") == [4, 0x61, 0x62, 1, 1])
        #expect(PacketNotation.bytes("** 00*128")?.prefix(3) == [0x80, 0x01, 0x00])
        for mistake in ["1", "xx", "{ 00", "00 }", "*"] { #expect(PacketNotation.bytes(mistake) == nil) }
    }

    @Test("length() of a packet fed byte by byte is told once the fixed header is whole, and does not change")
    func lengthByteByByte() throws {
        for fixture in ConnectFixtures.all {
            guard case .accepted = fixture.expectation else { continue }
            let bytes = try #require(fixture.bytes)
            guard case .accepted(_, let whole) = readConnect(bytes, limit: fixture.limit) else { continue }
            for count in 0...whole {
                let length = try ConnectPacket.length(bytes.span.extracting(0..<count), limit: fixture.limit)
                let headerIsWhole = count >= 2 && bytes[1..<count].contains { $0 < 0x80 }
                #expect(length == (headerIsWhole ? whole : nil), "\(fixture.name), \(count) bytes")
            }
        }
    }

    @Test("A refused fixture fed byte by byte asks for more until it fails, and then fails alike")
    func failureByteByByte() throws {
        for fixture in ConnectFixtures.all {
            let bytes = try #require(fixture.bytes)
            guard case .refused(let error) = readConnect(bytes, limit: fixture.limit) else { continue }
            var refused: ConnectError?
            for count in 0...bytes.count where refused == nil {
                switch readConnect(Array(bytes.prefix(count)), limit: fixture.limit) {
                case .needsMore: break
                case .accepted: Issue.record("\(fixture.name): accepted at \(count) bytes")
                case .refused(let early): refused = early
                }
            }
            #expect(refused?.answer == error.answer, "\(fixture.name)")
        }
    }

    @Test("A packet over the limit is refused at the byte that tells its version")
    func tooLargeIsRefusedEarly() throws {
        let bytes = try #require(PacketNotation.bytes("10 8080808001"))
        #expect(throws: ConnectError(.remainingLength)) { try lengthOf(Array(bytes.prefix(5)), limit: 10) }
        let large = try #require(PacketNotation.bytes("10 FFFFFF7F \"MQTT\" 05"))
        #expect(try lengthOf(Array(large.dropLast()), limit: 65_536) == nil)
        #expect(throws: ConnectError(.tooLarge, .v5_0)) { try lengthOf(large, limit: 65_536) }
        #expect(try lengthOf(large, limit: 268_435_460) == 268_435_460)
        // The version is told as far as it is known: `MQTT` has no level 3.
        #expect(throws: ConnectError(.tooLarge, .v3_1_1)) { try lengthOf(large.dropLast() + [4], limit: 65_536) }
        #expect(throws: ConnectError(.tooLarge, nil)) { try lengthOf(large.dropLast() + [3], limit: 65_536) }
    }

    @Test("The level offset points at the level, and the flags and keep alive behind it")
    func levelOffset() throws {
        let bytes = try #require(PacketNotation.bytes("10 ** \"MQIsdp\" 03 02 1234 \"a\""))
        let packet = try parseConnect(bytes).get()
        #expect(packet.levelOffset == 10)
        #expect(Array(bytes[10...13]) == [0x03, 0x02, 0x12, 0x34])
    }

    @Test("The property ranges of 5.0 follow their length, also when empty")
    func propertyRanges() throws {
        let bytes = try #require(PacketNotation.bytes("10 ** \"MQTT\" 05 06 003C { 21 0001 } \"a\" {} \"t\" \"m\""))
        let packet = try parseConnect(bytes).get()
        #expect(packet.properties == 13..<16)
        #expect(packet.will?.properties == 20..<20)
    }

    @Test("parse() wants exactly one packet")
    func exactlyOnePacket() throws {
        let bytes = try #require(PacketNotation.bytes("10 ** \"MQTT\" 04 02 003C \"a\""))
        #expect(parseConnect(bytes + [0xC0]) == .failure(ConnectError(.trailingBytes)))
        #expect(parseConnect(Array(bytes.dropLast())) == .failure(ConnectError(.truncatedField)))
        #expect(parseConnect([]) == .failure(ConnectError(.truncatedField)))
    }

    private func lengthOf(_ bytes: [UInt8], limit: Int) throws(ConnectError) -> Int? {
        try ConnectPacket.length(bytes.span, limit: limit)
    }
}

import Testing

@testable import Wire

@Suite("CONNECT, changed on its way")
struct ConnectRewriteTests {
    @Test("Fixtures", arguments: ConnectRewriteFixture.all)
    func fixture(_ fixture: ConnectRewriteFixture) throws {
        let bytes = try #require(PacketNotation.bytes(fixture.notation), "the notation has a mistake")
        switch fixture.expectation {
        case .packet(let notation):
            let expected = try #require(PacketNotation.bytes(notation), "the notation has a mistake")
            #expect(try rewritten(bytes, fixture.changes) == expected)
            #expect(throws: Never.self) { try parseConnect(expected).get() }
        case .fails(let error):
            #expect(throws: error) { try rewritten(bytes, fixture.changes) }
        }
    }

    @Test("Without a change, every accepted fixture stays as it is, except for what 3.x may say in two ways")
    func unchanged() throws {
        var count = 0
        for bytes in ConnectFixtures.all.compactMap(\.bytes) {
            guard case .accepted(let packet, let length) = readConnect(bytes) else { continue }
            count += 1
            let whole = Array(bytes.prefix(length))
            let result = try packet.rewritten(whole.span, ConnectChanges())
            let again = try parseConnect(result).get()
            #expect(again.summary(result) == packet.summary(whole))
            if packet.version == .v5_0 { #expect(result == whole) }
        }
        #expect(count > 40)
    }

    @Test("`isEmpty` tells whether something changes")
    func emptiness() {
        #expect(ConnectChanges().isEmpty)
        let changes: [(inout ConnectChanges) -> Void] = [
            { $0.clientID = .remove }, { $0.username = .set([]) }, { $0.password = .remove }, { $0.add("", "") },
        ]
        for change in changes {
            var changed = ConnectChanges()
            change(&changed)
            #expect(!changed.isEmpty)
        }
    }

    @Test("Every error has words of its own, without a value, and a code that the client can be told")
    func words() {
        let texts = Set(ConnectRewriteError.allCases.map(\.description))
        #expect(texts.count == ConnectRewriteError.allCases.count)
        for error in ConnectRewriteError.allCases {
            #expect(Connack.refusal(error.reason, version: .v5_0).count == 5, "\(error)")
            #expect(error.description.contains(error.field))
        }
    }

    // MARK: Lengths

    @Test(
        "§1.5.5: Remaining Length at the borders of its sizes",
        arguments: [126, 127, 128, 129, 16_382, 16_383, 16_384, 16_385, 65_545, 65_546])
    func remainingLength(_ length: Int) throws {
        let bytes = try #require(PacketNotation.bytes(#"10 ** "MQTT" 04 02 000A "a" "#))
        let changes = changes { $0.clientID = .set([UInt8](repeating: 0x62, count: length - 12)) }
        let result = try rewritten(bytes, changes)
        let field = PacketNotation.variableByteInteger(length)
        #expect(Array(result.prefix(1 + field.count)) == [0x10] + field)
        #expect(result.count == 1 + field.count + length)
        #expect(try parseConnect(result).get().clientID.count == length - 12)
    }

    @Test(
        "5.0 §2.2.2.1: Property Length at the borders of its sizes",
        arguments: [127, 128, 129, 16_383, 16_384, 16_385, 65_535, 65_536])
    func propertyLength(_ length: Int) throws {
        let bytes = try #require(PacketNotation.bytes(#"10 ** "MQTT" 05 02 000A { 26 "a" "b" } "id""#))
        let value = [UInt8](repeating: 0x76, count: length - 7 - 5)
        let result = try rewritten(bytes, changes { $0.userProperties = [.init(name: [], value: value)] })
        let packet = try parseConnect(result).get()
        let field = PacketNotation.variableByteInteger(length)
        #expect(packet.properties.count == length)
        #expect(packet.properties.lowerBound == packet.levelOffset + 4 + field.count)
        #expect(Array(result[(packet.levelOffset + 4)..<packet.properties.lowerBound]) == field)
        #expect(Array(result[packet.clientID]) == Array("id".utf8))
    }

    @Test("§1.5.4, §1.5.6: a field is at most 65,535 bytes", arguments: ProtocolVersion.allCases)
    func longestField(_ version: ProtocolVersion) throws {
        let head =
            [.v3_1: #""MQIsdp" 03 02 000A"#, .v3_1_1: #""MQTT" 04 02 000A"#][version] ?? #""MQTT" 05 02 000A {}"#
        let bytes = try #require(PacketNotation.bytes("10 ** \(head) \"a\""))
        let longest = [UInt8](repeating: 0x61, count: 65_535)
        let result = try rewritten(
            bytes,
            changes {
                ($0.clientID, $0.username, $0.password) = (.set(longest), .set(longest), .set(longest))
                $0.userProperties = [.init(name: longest, value: longest)]
            })
        let packet = try parseConnect(result).get()
        #expect(Array(result[packet.clientID]) == longest)
        #expect(packet.username.map { Array(result[$0]) } == longest)
        #expect(packet.password.map { Array(result[$0]) } == longest)
        #expect(packet.properties.count == (version == .v5_0 ? 131_075 : 0))

        let tooLong = longest + [0x61]
        #expect(throws: ConnectRewriteError.clientIDTooLong) {
            try rewritten(bytes, changes { $0.clientID = .set(tooLong) })
        }
        #expect(throws: ConnectRewriteError.usernameTooLong) {
            try rewritten(bytes, changes { $0.username = .set(tooLong) })
        }
        #expect(throws: ConnectRewriteError.passwordTooLong) {
            try rewritten(
                bytes,
                changes {
                    $0.username = .text("u")
                    $0.password = .set(tooLong)
                })
        }
        guard version == .v5_0 else { return }
        for property in [ConnectChanges.UserProperty(name: tooLong, value: []), .init(name: [], value: tooLong)] {
            #expect(throws: ConnectRewriteError.userPropertyTooLong) {
                try rewritten(bytes, changes { $0.userProperties = [property] })
            }
        }
    }

    @Test("§1.5.5: neither list nor packet is longer than 268,435,455 bytes", arguments: [2047, 2048])
    func longestPacket(_ count: Int) throws {
        let bytes = try #require(PacketNotation.bytes(#"10 ** "MQTT" 05 02 000A {} "a""#))
        let longest = [UInt8](repeating: 0x61, count: 65_535)
        let property = ConnectChanges.UserProperty(name: longest, value: longest)
        // 2048 · 131,075 bytes are too many for the list. 2047 and one that fills the list are too many for the packet.
        let fill = 268_435_455 - 2047 * 131_075 - 5
        let last = ConnectChanges.UserProperty(
            name: longest, value: [UInt8](repeating: 0x61, count: fill - longest.count))
        let changes = changes {
            $0.userProperties = Array(repeating: property, count: count) + (count == 2047 ? [last] : [])
        }
        #expect(throws: ConnectRewriteError.packetTooLong) { try rewritten(bytes, changes) }
    }

    @Test("Bytes that are not those of the packet are refused, and nothing outside is read")
    func otherBytes() throws {
        var count = 0
        for bytes in ConnectFixtures.all.compactMap(\.bytes) {
            guard case .accepted(let packet, let length) = readConnect(bytes) else { continue }
            for end in stride(from: 0, to: length, by: max(1, length / 64)) {
                count += 1
                let part = Array(bytes.prefix(end))
                #expect(throws: ConnectRewriteError.notValid) { try packet.rewritten(part.span, ConnectChanges()) }
            }
        }
        #expect(count > 1000)
    }

    private func changes(_ change: (inout ConnectChanges) -> Void) -> ConnectChanges {
        var changes = ConnectChanges()
        change(&changes)
        return changes
    }

    private func rewritten(_ bytes: [UInt8], _ changes: ConnectChanges) throws -> [UInt8] {
        try parseConnect(bytes).get().rewritten(bytes.span, changes)
    }
}

import Testing

@testable import Wire

@Suite("CONNACK")
struct ConnackTests {
    // MARK: Writer

    /// A situation of the gateway, and the codes that tell it.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let reason: ReasonCode
        let code: UInt8
        let returnCode: UInt8?
        var testDescription: String { "\(reason)" }
    }

    static let refusals: [Refusal] = [
        Refusal(reason: .unspecifiedError, code: 0x80, returnCode: nil),
        Refusal(reason: .malformedPacket, code: 0x81, returnCode: nil),
        Refusal(reason: .protocolError, code: 0x82, returnCode: nil),
        Refusal(reason: .implementationSpecificError, code: 0x83, returnCode: nil),
        Refusal(reason: .unsupportedProtocolVersion, code: 0x84, returnCode: 0x01),
        Refusal(reason: .clientIdentifierNotValid, code: 0x85, returnCode: 0x02),
        Refusal(reason: .badUserNameOrPassword, code: 0x86, returnCode: 0x04),
        Refusal(reason: .notAuthorized, code: 0x87, returnCode: 0x05),
        Refusal(reason: .serverUnavailable, code: 0x88, returnCode: 0x03),
        Refusal(reason: .serverBusy, code: 0x89, returnCode: 0x03),
        Refusal(reason: .banned, code: 0x8A, returnCode: 0x05),
        Refusal(reason: .badAuthenticationMethod, code: 0x8C, returnCode: 0x05),
        Refusal(reason: .topicNameInvalid, code: 0x90, returnCode: nil),
        Refusal(reason: .packetTooLarge, code: 0x95, returnCode: nil),
        Refusal(reason: .quotaExceeded, code: 0x97, returnCode: 0x03),
        Refusal(reason: .payloadFormatInvalid, code: 0x99, returnCode: nil),
        Refusal(reason: .retainNotSupported, code: 0x9A, returnCode: nil),
        Refusal(reason: .qosNotSupported, code: 0x9B, returnCode: nil),
        Refusal(reason: .useAnotherServer, code: 0x9C, returnCode: 0x03),
        Refusal(reason: .serverMoved, code: 0x9D, returnCode: 0x03),
        Refusal(reason: .connectionRateExceeded, code: 0x9F, returnCode: 0x03),
    ]

    @Test("§3.2.2: a refusal is 20 02 00 rc in 3.x, and 20 03 00 rc 00 in 5.0", arguments: refusals)
    func refusal(_ refusal: Refusal) {
        #expect(Connack.refusal(refusal.reason, version: .v5_0) == [0x20, 0x03, 0x00, refusal.code, 0x00])
        let expected: [UInt8] = refusal.returnCode.map { [0x20, 0x02, 0x00, $0] } ?? []
        #expect(Connack.refusal(refusal.reason, version: .v3_1_1) == expected)
        #expect(Connack.refusal(refusal.reason, version: .v3_1) == expected)
    }

    @Test("5.0 [MQTT-3.2.2-8]: no other reason is written, success neither")
    func otherReasons() {
        let others = Set(ReasonCode.allCases).subtracting(Self.refusals.map(\.reason))
        #expect(others.count == 14)
        for reason in others {
            for version in ProtocolVersion.allCases { #expect(Connack.refusal(reason, version: version) == []) }
        }
    }

    @Test("5.0 §3.2.2.3.9: a Reason String, where the client takes a packet so long; none in 3.x")
    func reasonString() {
        let packet: [UInt8] = [0x20, 0x09, 0x00, 0x97, 0x06, 0x1F, 0x00, 0x03, 0x62, 0x79, 0x65]
        #expect(Connack.refusal(.quotaExceeded, version: .v5_0, words: "bye", limit: 11) == packet)
        #expect(Connack.refusal(.quotaExceeded, version: .v5_0, words: "bye", limit: 10) == [0x20, 3, 0, 0x97, 0])
        #expect(Connack.refusal(.quotaExceeded, version: .v3_1_1, words: "bye") == [0x20, 2, 0, 3])
        let longest = Connack.refusal(.serverBusy, version: .v5_0, words: String(repeating: "a", count: 101))
        #expect(longest == [0x20, 3, 0, 0x89, 0])
    }

    @Test("What is written is read as a refusal", arguments: ProtocolVersion.allCases)
    func roundTrip(_ version: ProtocolVersion) throws {
        for refusal in Self.refusals {
            let bytes = Connack.refusal(refusal.reason, version: version)
            guard !bytes.isEmpty else { continue }
            let parsed = try #require(try parse(bytes, version))
            #expect(!parsed.isAccepted && parsed.length == bytes.count)
        }
    }

    // MARK: Reader

    struct Fixture: Sendable, CustomTestStringConvertible {
        let name: String
        let version: ProtocolVersion
        let notation: String
        let expectation: Expectation
        var testDescription: String { name }

        enum Expectation: Equatable, Sendable {
            case parsed(Connack.Parsed)
            case failed(ConnackError)
            case needsMore
        }

        init(_ name: String, _ version: ProtocolVersion, _ notation: String, _ expectation: Expectation) {
            self.name = name
            self.version = version
            self.notation = notation
            self.expectation = expectation
        }

        func outcome(_ bytes: [UInt8]) -> Expectation {
            do throws(ConnackError) {
                return try Connack.parse(bytes.span, version: version).map { .parsed($0) } ?? .needsMore
            } catch {
                return .failed(error)
            }
        }
    }

    @Test("Fixtures", arguments: ConnackFixtures.all)
    func fixture(_ fixture: Fixture) throws {
        let bytes = try #require(PacketNotation.bytes(fixture.notation), "the notation has a mistake")
        #expect(fixture.outcome(bytes) == fixture.expectation)
    }

    @Test("Every fixture cut at every length asks for more, or fails as the whole does")
    func truncation() throws {
        for fixture in ConnackFixtures.all {
            let bytes = try #require(PacketNotation.bytes(fixture.notation))
            guard case .parsed(let parsed) = fixture.expectation else { continue }
            for count in 0..<parsed.length {
                #expect(fixture.outcome(Array(bytes.prefix(count))) == .needsMore, "\(fixture.name), \(count) bytes")
            }
        }
    }

    @Test("Every byte changed to every value ends in an answer with its ranges inside")
    func mutation() throws {
        for fixture in ConnackFixtures.all {
            let bytes = try #require(PacketNotation.bytes(fixture.notation))
            for index in bytes.indices.prefix(64) {
                for value in UInt8.min...UInt8.max {
                    var changed = bytes
                    changed[index] = value
                    guard case .parsed(let parsed) = fixture.outcome(changed) else { continue }
                    let ranges = [parsed.properties, parsed.assignedClientID, parsed.serverReference]
                    let isInside = ranges.allSatisfy { ($0?.upperBound ?? 0) <= parsed.length }
                    #expect(isInside && parsed.length <= changed.count, "\(fixture.name): \(changed)")
                }
            }
        }
    }

    private func parse(_ bytes: [UInt8], _ version: ProtocolVersion) throws(ConnackError) -> Connack.Parsed? {
        try Connack.parse(bytes.span, version: version)
    }
}

import Testing

@testable import Wire

@Suite("DISCONNECT")
struct DisconnectTests {
    @Test(
        "5.0 §3.14.2.1: a server tells its reason as E0 02 rc 00",
        arguments: zip(
            [
                ReasonCode.success, .malformedPacket, .protocolError, .notAuthorized, .serverBusy, .serverShuttingDown,
                .keepAliveTimeout, .sessionTakenOver, .packetTooLarge, .messageRateTooHigh, .quotaExceeded,
                .administrativeAction, .useAnotherServer, .serverMoved, .connectionRateExceeded, .maximumConnectTime,
            ],
            [
                0x00, 0x81, 0x82, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x95, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0x9F, 0xA0,
            ] as [UInt8]))
    func reason(_ reason: ReasonCode, _ code: UInt8) {
        #expect(Disconnect.packet(reason) == [0xE0, 0x02, code, 0x00])
    }

    @Test(
        "5.0 [MQTT-3.14.2-1]: a reason of CONNACK, or of a client, is told as unspecified error",
        arguments: [
            ReasonCode.disconnectWithWillMessage, .unsupportedProtocolVersion, .clientIdentifierNotValid,
            .badUserNameOrPassword, .serverUnavailable, .banned, .badAuthenticationMethod,
        ])
    func otherReason(_ reason: ReasonCode) {
        #expect(Disconnect.packet(reason) == [0xE0, 0x02, 0x80, 0x00])
    }

    @Test("5.0 §3.14.2.2.3: with a Reason String, which paho-mqtt 2.1 needs to see the code at all")
    func reasonString() {
        #expect(
            Disconnect.packet(.serverShuttingDown, reason: "bye")
                == [0xE0, 0x08, 0x8B, 0x06, 0x1F, 0x00, 0x03, 0x62, 0x79, 0x65])
        let longest = Disconnect.packet(.serverBusy, reason: String(repeating: "a", count: 100))
        #expect(longest.count == 107 && longest[1] == 105 && longest[3] == 103)
    }

    @Test("5.0 [MQTT-3.14.2-3]: without it where the client's Maximum Packet Size is less", arguments: [1, 9, 10, 11])
    func limit(limit: Int) {
        let packet = Disconnect.packet(.serverShuttingDown, reason: "bye", limit: limit)
        #expect(
            packet == (limit < 10 ? [0xE0, 0x02, 0x8B, 0x00] : Disconnect.packet(.serverShuttingDown, reason: "bye")))
    }

    @Test("5.0 §3.14.2.2.5: with a Server Reference, which is worth more than the Reason String where room is short")
    func reference() {
        let reference: [UInt8] = [0x1C, 0x00, 0x01, 0x62]
        #expect(Disconnect.packet(.useAnotherServer, reference: "b") == [0xE0, 0x06, 0x9C, 0x04] + reference)
        let both = [0xE0, 0x0A, 0x9C, 0x08] + reference + [0x1F, 0x00, 0x01, 0x63]
        #expect(Disconnect.packet(.useAnotherServer, reason: "c", reference: "b") == both)
        #expect(
            Disconnect.packet(.useAnotherServer, reason: "c", reference: "b", limit: 11)
                == [0xE0, 0x06, 0x9C, 0x04] + reference)
        #expect(Disconnect.packet(.useAnotherServer, reference: "b", limit: 7) == [0xE0, 0x02, 0x9C, 0x00])
    }

    @Test("A Reason String that is too long for the packet's form is left out")
    func tooLong() {
        let text = String(repeating: "a", count: 123)
        #expect(Disconnect.packet(.serverBusy, reason: text) == [0xE0, 0x02, 0x89, 0x00])
    }
}

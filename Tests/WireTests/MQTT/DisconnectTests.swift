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
}

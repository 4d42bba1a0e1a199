import Testing

@testable import Tunnel
@testable import Wire

@Suite("EndCause")
struct EndCauseTests {
    @Test("Every name is snake_case, and there is none twice")
    func names() {
        for cause in EndCause.allCases {
            let words = cause.rawValue.split(separator: "_", omittingEmptySubsequences: false)
            let isSnakeCase = words.allSatisfy { word in
                !word.isEmpty && word.utf8.allSatisfy { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
            }
            #expect(isSnakeCase, "\(cause.rawValue)")
        }
        #expect(Set(EndCause.allCases.map(\.rawValue)).count == EndCause.allCases.count)
    }

    @Test("RFC 6455 §7.4: every Close code may go over the wire", arguments: EndCause.allCases)
    func closeCodes(cause: EndCause) {
        #expect(CloseCode.isValidOnWire(cause.closeCode.rawValue))
    }

    @Test("5.0 §3.14.2.1: every DISCONNECT may be sent by a server", arguments: EndCause.allCases)
    func reasons(cause: EndCause) {
        guard let reason = cause.disconnectReason else { return }
        #expect(reason.isAllowedInServerDisconnect && reason.rawValue >= 0x80)
    }

    @Test(
        "The causes that clients can tell apart",
        arguments: [
            (.clientDisconnect, .normal, nil), (.clientClosed, .normal, nil), (.brokerDisconnect, .normal, nil),
            (.served, .normal, nil), (.shutdown, .goingAway, .serverShuttingDown),
            (.drained, .goingAway, .serverShuttingDown), (.webSocketError, .protocolError, .protocolError),
            (.textFrame, .unsupportedData, .protocolError), (.malformedPacket, .protocolError, .malformedPacket),
            (.protocolError, .protocolError, .protocolError), (.connectMalformed, .protocolError, nil),
            (.connectTooLarge, .messageTooBig, nil), (.packetTooLarge, .messageTooBig, .packetTooLarge),
            (.noUpstream, .tryAgainLater, nil), (.brokerLost, .badGateway, nil),
            (.brokerProtocolError, .badGateway, .unspecifiedError), (.brokerStalled, .badGateway, .unspecifiedError),
            (.outOfResources, .internalError, .serverBusy), (.clientIDRefused, .policyViolation, nil),
            (.credentialsRefused, .policyViolation, nil), (.authBusy, .tryAgainLater, nil),
            (.tokenExpired, .policyViolation, .maximumConnectTime), (.refusedByBroker, .policyViolation, nil),
            (.clientIdle, .policyViolation, nil), (.rebalanced, .serviceRestart, .useAnotherServer),
            (.sourcePortsExhausted, .tryAgainLater, nil), (.proxyHeaderInvalid, .policyViolation, nil),
        ] as [(EndCause, CloseCode, ReasonCode?)])
    func told(cause: EndCause, code: CloseCode, reason: ReasonCode?) {
        #expect(cause.closeCode == code && cause.disconnectReason == reason)
    }

    @Test("Each cause is of one side")
    func sides() {
        let upstream: Set<EndCause> = [
            .noUpstream, .refusedByBroker, .brokerDisconnect, .brokerLost, .brokerProtocolError, .brokerStalled,
        ]
        let gateway: Set<EndCause> = [
            .shutdown, .drained, .rebalanced, .outOfResources, .sourcePortsExhausted, .served, .authUnavailable,
            .authBusy, .authTimeout,
        ]
        for cause in EndCause.allCases {
            let side: EndCause.Side =
                upstream.contains(cause) ? .upstream : gateway.contains(cause) ? .gateway : .client
            #expect(cause.side == side, "\(cause.rawValue)")
        }
    }
}

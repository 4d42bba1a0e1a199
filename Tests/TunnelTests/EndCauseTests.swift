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
                word.first?.isLetter == true && word.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
            }
            #expect(isSnakeCase, "\(cause.rawValue)")
        }
        #expect(Set(EndCause.allCases.map(\.rawValue)).count == EndCause.allCases.count)
    }

    @Test(
        "RFC 6455 §7.4: every Close code may go over the wire, and is one that every client takes",
        arguments: EndCause.allCases)
    func closeCodes(cause: EndCause) {
        let code = cause.goodbye.code.rawValue
        #expect(CloseCode.isValidOnWire(code) && code != 1014)
    }

    @Test(
        "RFC 6455 §5.5.1, 5.0 §3.14.2.2.3: the words fit into a Close and a Reason String", arguments: EndCause.allCases
    )
    func words(cause: EndCause) {
        let words = cause.goodbye.words
        #expect(words.utf8.count <= 100 && words.utf8.allSatisfy { 0x20...0x7E ~= $0 })
        #expect(!words.contains("_"))
        // What is said in a DISCONNECT is said in words.
        #expect(cause.goodbye.reason == nil || !words.isEmpty)
    }

    @Test("5.0 §3.14.2.1: every DISCONNECT may be sent by a server", arguments: EndCause.allCases)
    func reasons(cause: EndCause) {
        guard let reason = cause.goodbye.reason else { return }
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
            (.noUpstream, .tryAgainLater, nil), (.brokerLost, .serviceRestart, nil),
            (.brokerProtocolError, .internalError, .unspecifiedError),
            (.brokerStalled, .tryAgainLater, .unspecifiedError),
            (.outOfResources, .internalError, .serverBusy), (.clientIDRefused, .policyViolation, nil),
            (.credentialsRefused, .policyViolation, nil), (.authBusy, .tryAgainLater, nil),
            (.tokenExpired, .policyViolation, .maximumConnectTime), (.refusedByBroker, .policyViolation, nil),
            (.clientIdle, .policyViolation, nil), (.rebalanced, .serviceRestart, .useAnotherServer),
            (.kicked, .policyViolation, .administrativeAction),
            (.sourcePortsExhausted, .tryAgainLater, nil), (.proxyHeaderInvalid, .policyViolation, nil),
            (.keepaliveTimeout, .policyViolation, nil), (.sendTimeout, .policyViolation, nil),
        ] as [(EndCause, CloseCode, ReasonCode?)])
    func told(cause: EndCause, code: CloseCode, reason: ReasonCode?) {
        #expect(cause.goodbye.code == code && cause.goodbye.reason == reason)
    }

    @Test("One side has ended it: who breaks a rule is closed by the gateway")
    func sides() {
        let client: Set<EndCause> = [.clientDisconnect, .clientClosed, .clientLost]
        let upstream: Set<EndCause> = [.refusedByBroker, .brokerDisconnect, .brokerLost]
        for cause in EndCause.allCases {
            let side: EndCause.Side =
                upstream.contains(cause) ? .upstream : client.contains(cause) ? .client : .gateway
            #expect(cause.side == side, "\(cause.rawValue)")
        }
    }
}

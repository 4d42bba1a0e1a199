extension Connack.Parsed {
    /// What a CONNACK means to a gateway that could ask another broker.
    package enum Meaning: Sendable, Equatable, CaseIterable {
        /// The connection is accepted.
        case accepted
        /// This server cannot, for now: another one may.
        case notNow
        /// The client should use another server; `serverReference` may name it (MQTT 5.0 §4.11).
        case useAnotherServer
        /// A refusal that another server would repeat: it goes to the client unchanged.
        case aboutClient
    }

    /// What this answer to a CONNECT of `version` means. Codes that say nothing of the server are about the client;
    /// so is `20 02 00 01` to a CONNECT of 5.0, from a broker that does not know 5.0.
    package func meaning(_ version: ProtocolVersion) -> Meaning {
        switch version {
        case .v3_1, .v3_1_1:
            switch code {
            case 0x00: .accepted
            case 0x03: .notNow  // 3.1.1 §3.2.2.3: Server unavailable
            default: .aboutClient
            }
        case .v5_0:
            switch ReasonCode(rawValue: code) {
            case .success: .accepted
            case .serverUnavailable, .serverBusy, .quotaExceeded, .connectionRateExceeded: .notNow
            case .useAnotherServer, .serverMoved: .useAnotherServer
            default: .aboutClient
            }
        }
    }
}

import Telemetry
import Tunnel
import Wire

/// What is known of one session at one moment, copied for another thread.
struct SessionDescription: Sendable {
    let phase: SessionMachine.Phase
    /// nil: its CONNECT has not come yet.
    let mqttVersion: String?
    let clientID: String
    let username: String
    let keepAlive: UInt16
    let cleanStart: Bool
    let authMethod: String
    let upstreamName: String
    let upstreamAddress: String
    let tries: Int
    /// How long the admission took, where a method was asked, and the broker's CONNACK: microseconds.
    let admissionTime: Int64?
    let connackTime: Int64?
    let received: DirectionFacts
    let sent: DirectionFacts
    /// nil: the client's MQTT has no frames.
    let webSocket: WebSocketFacts?
    /// Milliseconds since the broker accepted the client; nil: not yet.
    let openFor: Int64?
}

extension Session {
    /// A copy of what is known of it.
    func describe() -> SessionDescription {
        SessionDescription(
            phase: phase, mqttVersion: record.version?.name, clientID: record.clientID, username: record.username,
            keepAlive: record.keepAlive, cleanStart: record.cleanStart, authMethod: record.authMethod,
            upstreamName: record.upstreamName, upstreamAddress: record.upstreamAddress, tries: record.tries,
            admissionTime: record.admissionTime, connackTime: record.connackTime,
            received: receivedFacts, sent: sentFacts, webSocket: webSocketFacts,
            openFor: record.openedAt.map { loop.pointee.now - $0 })
    }
}

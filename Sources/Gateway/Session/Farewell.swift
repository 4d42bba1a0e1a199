import Tunnel
import Wire

/// What was said last in a session, as its line in the access log shows it.
struct Farewell: Sendable {
    /// Of the WebSocket Close that came first, the client's or the gateway's; 1005 for one without a code (RFC 6455 §7.1.5). nil:
    /// there was none, as when a connection was lost.
    private(set) var webSocketCode: UInt16?
    /// Of the DISCONNECT or CONNACK that ended the session, whoever has sent it. nil: there was none, or its version has no code.
    private(set) var mqttReason: UInt8?

    /// A Close without a code.
    private static let noCode: UInt16 = 1005

    /// The client has sent a Close.
    mutating func clientClosed(_ code: UInt16?) { webSocketCode = webSocketCode ?? code ?? Self.noCode }

    /// The gateway has sent a Close.
    mutating func gatewayClosed(_ code: CloseCode) { webSocketCode = webSocketCode ?? code.rawValue }

    /// The gateway has sent a DISCONNECT.
    mutating func disconnected(_ reason: ReasonCode) { mqttReason = Disconnect.code(reason) }

    /// The client is refused with these bytes, which may be none.
    mutating func refused(connack: [UInt8]) { mqttReason = LoopFigures.code(of: connack) }

    /// All is over, for `cause`: a DISCONNECT of the client, or of the broker, may have passed by.
    mutating func complete(_ cause: EndCause, client: UInt8?, broker: UInt8?) {
        mqttReason = mqttReason ?? (cause.side == .upstream ? broker ?? client : client ?? broker)
    }
}

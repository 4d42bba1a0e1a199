import Reactor
import Wire

/// What the API says of one connection, at one moment. Times without a unit are milliseconds; moments are since 1970-01-01 UTC.
struct APIConnection: Sendable {
    var id: UInt64 = 0
    var state = ""
    var address = CompactAddress()
    /// As configured.
    var listener = ""
    var serverName = ""
    /// "http", "ws" after the upgrade, or "mqtt" where there is neither.
    var transport = "http"
    /// "http/1.1"; empty: no request has come.
    var httpProtocol = ""
    var uri = ""
    var connectedAt: Int64 = 0
    var age: Int64 = 0
    /// nil: a plain listener, or the handshake is not over.
    var tls: TLS?
    /// nil: there was no upgrade.
    var webSocket: WebSocket?
    /// nil: no CONNECT has come.
    var mqtt: MQTT?
    /// nil: no attempt was made.
    var upstream: Upstream?
    /// From the client, and to it.
    var received = Direction()
    var sent = Direction()
    /// nil: it has not ended.
    var end: End?

    struct TLS: Sendable {
        var version = ""
        var cipher = ""
        /// Of the key exchange; empty: none.
        var group = ""
        var isResumed = false
        /// The name that the client has asked for.
        var serverName = ""
        var clientCommonName = ""
    }

    struct WebSocket: Sendable {
        var subprotocol = ""
        var framesReceived: UInt64 = 0
        var framesSent: UInt64 = 0
        var pingsReceived: UInt64 = 0
        var pingsSent: UInt64 = 0
        var pongsReceived: UInt64 = 0
        /// Microseconds; nil: no ping was answered.
        var roundTrip: Int64?
    }

    struct MQTT: Sendable {
        var version = ""
        var clientID = ""
        var username = ""
        /// Seconds.
        var keepAlive: UInt16 = 0
        var cleanStart = false
        var authMethod = ""
        /// Microseconds; nil: no method was asked, or it has not answered.
        var admissionTime: Int64?
        var connackTime: Int64?
    }

    struct Upstream: Sendable {
        var name = ""
        /// Empty: no peer could be had.
        var peer = ""
        var tries = 0
    }

    struct Direction: Sendable {
        var bytes: UInt64 = 0
        /// By kind, with the payload of PUBLISH.
        var counts = PacketCounts()
        /// Since anything came from there last.
        var idle: Int64 = 0
        /// Bytes that have not been passed on.
        var waiting = 0
        /// How often the sender was not read because the other side did not take what it sent, and for how long together.
        var pauses: UInt32 = 0
        var paused: Int64 = 0

        var packets: UInt64 { counts.total.packets }
    }

    struct End: Sendable {
        var at: Int64 = 0
        var cause = ""
        var side = ""
        /// What the client was told; nil: nothing.
        var webSocketCode: UInt16?
        var mqttReason: UInt8?
    }
}

extension APIConnection {
    var clientID: String { mqtt?.clientID ?? "" }
    var username: String { mqtt?.username ?? "" }
    /// Bytes that wait, both ways.
    var backlog: Int { received.waiting + sent.waiting }
}

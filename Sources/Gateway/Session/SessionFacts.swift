import Tunnel
import Wire

/// What has gone one way through a session by now.
struct DirectionFacts: Sendable {
    /// MQTT bytes that have come, CONNECT and CONNACK included, whether their packets are whole or not.
    let bytes: UInt64
    /// Packets that have begun, by kind, and the payload of PUBLISH.
    let packets: PacketCounts
    /// Milliseconds since anything last came.
    let idle: Int64
    /// Bytes that wait because the other side has not taken them, or is not there yet.
    let waiting: Int
    /// How often the sender was not read because of that, and for how many milliseconds, those under way included.
    let backpressureCount: UInt32
    let backpressureMilliseconds: Int64
}

/// What WebSocket has done for a session by now.
struct WebSocketFacts: Sendable {
    /// The one that was granted; nil: the client has asked for none.
    let subprotocol: String?
    /// Data frames that have begun.
    let framesReceived: UInt64
    let framesSent: UInt64
    let pingsReceived: UInt32
    let pongsReceived: UInt32
    let pingsSent: UInt32
    /// How long the answer to the last answered ping took, in microseconds; nil: none was answered.
    let roundTrip: UInt32?
}

extension Session {
    /// From the client.
    var receivedFacts: DirectionFacts {
        let now = loop.pointee.now
        return DirectionFacts(
            bytes: pipe.bytes.received, packets: pipe.uplink.counts, idle: now - pipe.receivedAt,
            waiting: pipe.upstream.backlog.count + (opening?.held.count ?? 0),
            backpressureCount: pipe.receivedBackpressure.count,
            backpressureMilliseconds: pipe.receivedBackpressure.milliseconds(now: now))
    }

    /// To the client.
    var sentFacts: DirectionFacts {
        let now = loop.pointee.now
        return DirectionFacts(
            bytes: pipe.bytes.sent, packets: pipe.downlink.counts, idle: now - pipe.sentAt, waiting: channel.backlog,
            backpressureCount: pipe.sentBackpressure.count,
            backpressureMilliseconds: pipe.sentBackpressure.milliseconds(now: now))
    }

    /// nil: the client's MQTT has no frames.
    var webSocketFacts: WebSocketFacts? {
        guard pipe.framing.hasControlFrames else { return nil }
        return WebSocketFacts(
            subprotocol: record.subprotocol, framesReceived: pipe.uplink.frames, framesSent: pipe.downlink.frames,
            pingsReceived: pipe.uplink.pings, pongsReceived: pipe.uplink.pongs, pingsSent: pipe.pings.sent,
            roundTrip: pipe.pings.roundTrip)
    }
}

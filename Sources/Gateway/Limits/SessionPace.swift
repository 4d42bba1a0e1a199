import Limits

/// How far one session is ahead of `limit_rate` and `limit_packet_rate`. An object that only limited sessions have.
final class SessionPace {
    /// One direction.
    struct Side {
        private let bytes: RateLimit?
        private let packets: RateLimit?
        private var byteBucket = TokenBucket()
        private var packetBucket = TokenBucket()
        private var countedBytes: UInt64 = 0
        private var countedPackets: UInt64 = 0
        /// Milliseconds. Then one read, however far ahead the client is: its end, its pings and a lost connection are to be found.
        private static let longestHold: Int64 = 5000

        /// It is not read before this time, on the loop's clock; 0: it is read.
        private(set) var heldUntil: Int64 = 0

        init(bytes: RateLimit?, packets: RateLimit?) {
            self.bytes = bytes
            self.packets = packets
        }

        /// Charges what has passed by now, since the session began. Returns whether it is too much.
        mutating func charge(bytes: UInt64, packets: UInt64, now: Int64) -> Bool {
            // A side that was held is read once before it is held again.
            if let limit = self.bytes, bytes != countedBytes {
                byteBucket.charge(Int(truncatingIfNeeded: bytes &- countedBytes), limit, now: now)
                hold(byteBucket, limit, now)
            }
            if let limit = self.packets, packets != countedPackets {
                packetBucket.charge(Int(truncatingIfNeeded: packets &- countedPackets), limit, now: now)
                hold(packetBucket, limit, now)
            }
            (countedBytes, countedPackets) = (bytes, packets)
            return heldUntil > now
        }

        private mutating func hold(_ bucket: TokenBucket, _ limit: RateLimit, _ now: Int64) {
            guard bucket.isOverdrawn(limit, now: now) else { return }
            heldUntil = max(heldUntil, min(bucket.halfFullAt(limit), now + Self.longestHold))
        }
    }

    var received: Side
    var sent: Side
    /// Most bytes to read at a time.
    let readSize: Int
    /// When a side that is held is looked at again.
    var timer = Deadline()

    init(_ limits: TrafficLimits) {
        received = Side(bytes: limits.bytesReceived, packets: limits.packetsReceived)
        sent = Side(bytes: limits.bytesSent, packets: limits.packetsSent)
        readSize = limits.readSize
    }
}

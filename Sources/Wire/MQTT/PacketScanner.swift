/// Walks the fixed headers of a stream of MQTT packets (3.1.1 §2.2, 5.0 §2.1) in blocks cut anywhere: counts packets,
/// knows where each ends, and never holds a payload.
package struct PacketScanner: BitwiseCopyable, Sendable {
    package enum Failure: Error, Equatable, Sendable, CaseIterable, CustomStringConvertible {
        /// A Remaining Length of more than four bytes [MQTT-1.5.5].
        case remainingLength
        /// Longer than the limit.
        case tooLarge

        /// Words for the operator's log.
        package var description: String {
            switch self {
            case .remainingLength: "a packet's Remaining Length has more than four bytes (5.0 §1.5.5)"
            case .tooLarge: "a packet is larger than the limit (5.0 §3.14.2.1, Packet too large)"
            }
        }
    }

    /// Packet types as bits of a set.
    package struct Types: OptionSet, BitwiseCopyable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let reserved = Types(rawValue: 1 << 0)
        package static let connect = Types(rawValue: 1 << 1)
        package static let connack = Types(rawValue: 1 << 2)
        package static let subscribe = Types(rawValue: 1 << 8)
        package static let suback = Types(rawValue: 1 << 9)
        package static let unsubscribe = Types(rawValue: 1 << 10)
        package static let unsuback = Types(rawValue: 1 << 11)
        package static let pingreq = Types(rawValue: 1 << 12)
        package static let pingresp = Types(rawValue: 1 << 13)
        package static let disconnect = Types(rawValue: 1 << 14)
        package static let auth = Types(rawValue: 1 << 15)

        /// The type that a first byte names.
        @inline(__always)
        package init(firstByte: UInt8) { rawValue = 1 &<< UInt16(firstByte >> 4) }
    }

    /// The header of a packet that the caller asked to see.
    package struct Packet: BitwiseCopyable, Sendable {
        package let firstByte: UInt8
        /// Bytes of the whole packet.
        package let size: Int
    }

    /// The largest packet that a fixed header can announce: five bytes and 256 MiB - 1.
    package static let largest = 5 + 268_435_455

    /// Packets that began so far.
    package private(set) var packets: UInt64 = 0
    /// Bytes of the current packet still to come.
    package private(set) var remaining = 0
    private var partial: UInt32 = 0  // a fixed header that a block cut off, first byte lowest
    private var partialCount: UInt8 = 0

    package init() {}

    /// Whether the input so far ends between two packets.
    package var isBetweenPackets: Bool { remaining == 0 && partialCount == 0 }

    /// Scans `position..<end`: moves `position` to `end` and returns nil, or stops at a packet of one of the `stops`, with
    /// `position` at its first byte, or after its fixed header if an earlier block contained part of that. `remaining`
    /// is then what is left of it from `position` on; call again to continue after it. When it throws, `position` is at the
    /// first byte of the packet, or unmoved if an earlier block contained part of its fixed header.
    package mutating func next(
        _ position: inout UnsafeRawPointer, end: UnsafeRawPointer, stops: Types, limit: Int
    ) throws(Failure) -> Packet? {
        if remaining > 0 {
            let count = min(remaining, end - position)
            remaining &-= count
            position += count
            if remaining > 0 { return nil }
        }
        if partialCount > 0 {
            if let packet = try resume(&position, end, stops, limit) { return packet }
        }
        while end - position >= 2 {
            let first = position.load(as: UInt8.self)
            let second = (position + 1).load(as: UInt8.self)
            var size = 2 &+ Int(second)
            if second >= 0x80 {
                guard let long = try Self.size(at: position, end) else { break }
                size = long
            }
            guard size <= limit else { throw .tooLarge }
            packets &+= 1
            let left = end - position
            if stops.contains(Types(firstByte: first)) {
                remaining = size
                return Packet(firstByte: first, size: size)
            }
            guard size <= left else {
                remaining = size &- left
                position = end
                return nil
            }
            position += size
        }
        while position < end {  // a fixed header that is cut off: at most four bytes
            partial |= UInt32(position.load(as: UInt8.self)) &<< (UInt32(partialCount) &* 8)
            partialCount &+= 1
            position += 1
        }
        return nil
    }

    /// Goes on with a fixed header that the last block cut off.
    private mutating func resume(
        _ position: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ stops: Types, _ limit: Int
    ) throws(Failure) -> Packet? {
        let start = position
        while position < end {
            let byte = position.load(as: UInt8.self)
            guard partialCount < 4 || byte < 0x80 else {
                position = start
                throw .remainingLength
            }
            position += 1
            if byte >= 0x80 {
                partial |= UInt32(byte) &<< (UInt32(partialCount) &* 8)
                partialCount &+= 1
                continue
            }
            var length = 0
            for index in 1..<UInt32(max(partialCount, 1)) {
                length |= Int(partial &>> (index &* 8) & 0x7F) &<< (7 &* Int(index &- 1))
            }
            length |= Int(byte) &<< (7 &* (Int(partialCount) &- 1))
            let packet = Packet(
                firstByte: UInt8(truncatingIfNeeded: partial), size: length &+ Int(partialCount) &+ 1)
            guard packet.size <= limit else {
                position = start
                throw .tooLarge
            }
            (partial, partialCount) = (0, 0)
            packets &+= 1
            remaining = length
            if stops.contains(Types(firstByte: packet.firstByte)) { return packet }
            let count = min(remaining, end - position)
            remaining &-= count
            position += count
            return nil
        }
        return nil
    }

    /// Counts `count` packets that were found whole by `wholePackets`.
    @inline(__always)
    package mutating func note(packets count: UInt64) { packets &+= count }

    /// Begins a packet of which `remaining` bytes are still to come.
    @inline(__always)
    package mutating func begin(remaining: Int) {
        packets &+= 1
        self.remaining = remaining
    }

    /// Takes up to `count` bytes of the current packet.
    @inline(__always)
    package mutating func take(_ count: Int) { remaining = max(0, remaining &- count) }

    /// The size of the packet at `position`; nil when its fixed header is not all there.
    @inlinable
    package static func size(at position: UnsafeRawPointer, _ end: UnsafeRawPointer) throws(Failure) -> Int? {
        var length = 0
        var shift = 0
        var next = position + 1
        while next < end {
            let byte = next.load(as: UInt8.self)
            next += 1
            length |= Int(byte & 0x7F) &<< shift
            if byte < 0x80 { return length &+ (next - position) }
            shift &+= 7
            guard shift < 28 else { throw .remainingLength }
        }
        return nil
    }
}

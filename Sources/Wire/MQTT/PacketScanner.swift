/// Walks the fixed headers of a stream of MQTT packets (3.1.1 §2.2, 5.0 §2.1) in blocks cut anywhere: counts packets,
/// knows where each ends, and never holds a payload. What it counts it also adds to the `totals` of its loop.
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

    /// Bytes of the current packet still to come.
    package private(set) var remaining = 0
    private var partial: UInt32 = 0  // a fixed header that a block cut off, first byte lowest
    private var partialCount: UInt8 = 0
    /// Whether a PUBLISH has properties.
    package var isVersion5: Bool
    private var publish = PublishHeader()  // of the current packet, while its payload is not known
    /// Packets that began so far, without those at which it stopped and that were not counted.
    package private(set) var counts = PacketCounts()

    package init(isVersion5: Bool = false) { self.isVersion5 = isVersion5 }

    /// Whether the input so far ends between two packets.
    package var isBetweenPackets: Bool { remaining == 0 && partialCount == 0 }

    /// Scans `position..<end`: moves `position` to `end` and returns nil, or stops at a packet of one of the `stops`, with
    /// `position` at its first byte, or after its fixed header if an earlier block contained part of that. `remaining`
    /// is then what is left of it from `position` on; call again to continue after it. It is not counted: that is up to the
    /// caller, with `count`. When it throws, `position` is at the first byte of the packet, or unmoved if an earlier block
    /// contained part of its fixed header.
    package mutating func next(
        _ position: inout UnsafeRawPointer, end: UnsafeRawPointer, stops: Types, limit: Int, totals: PacketTotals
    ) throws(Failure) -> Packet? {
        if remaining > 0 {
            let count = min(remaining, end - position)
            take(count, at: position, totals: totals)
            position += count
            if remaining > 0 { return nil }
        }
        if partialCount > 0 {
            if let packet = try resume(&position, end, stops, limit, totals) { return packet }
        }
        var run = PacketRun()
        defer { add(run, totals: totals) }
        while end - position >= 2 {
            let first = position.load(as: UInt8.self)
            if !run.takes(first) {
                if stops.contains(Types(firstByte: first)) {
                    guard let size = try Self.size(at: position, end) else { break }
                    guard size <= limit else { throw .tooLarge }
                    remaining = size
                    return Packet(firstByte: first, size: size)
                }
                add(run, totals: totals)
                run = PacketRun(first, repeats: true, isVersion5: isVersion5)
            }
            run.takeWhole(&position, end: end, limit: limit)
            guard end - position >= 2, run.takes(position.load(as: UInt8.self)) else { continue }
            // One that is not simple, or the last.
            guard let size = try Self.size(at: position, end) else { break }
            guard size <= limit else { throw .tooLarge }
            if !run.take(position, size: size, end: end) { beginPublish(at: position, size: size, end, totals: totals) }
            let left = end - position
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
        _ position: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ stops: Types, _ limit: Int,
        _ totals: PacketTotals
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
            remaining = length
            if stops.contains(Types(firstByte: packet.firstByte)) { return packet }
            count(packet.firstByte, size: packet.size, totals: totals)
            if packet.firstByte &>> 4 == 3 {
                publish = PublishHeader(packet.firstByte, length: length, isVersion5: isVersion5)
            }
            let present = min(length, end - position)
            take(present, at: position, totals: totals)
            position += present
            return nil
        }
        return nil
    }

    // MARK: Counts

    /// Counts a packet at which it has stopped, or one that is no part of the stream. The payload of a PUBLISH is left out.
    package mutating func count(_ firstByte: UInt8, size: Int, totals: PacketTotals) {
        add(firstByte, 1, UInt64(truncatingIfNeeded: size), 0, totals)
    }

    /// Counts packets that the caller has walked.
    @inline(__always)
    private mutating func add(_ run: PacketRun, totals: PacketTotals) {
        if run.packets > 0 { add(run.firstByte, run.packets, run.bytes, run.payloadBytes, totals) }
    }

    /// Counts packets that the caller has walked: all have this first byte. Numbers, so that a run can stay in registers.
    @inline(never)
    package mutating func add(
        _ firstByte: UInt8, _ packets: UInt64, _ bytes: UInt64, _ payload: UInt64, _ totals: PacketTotals
    ) {
        let index = PacketKind.index(of: firstByte)
        counts.add(index, packets: packets, bytes: bytes)
        totals.add(index, packets: packets, bytes: bytes)
        guard payload > 0 else { return }
        counts.add(payload: payload)
        totals.add(payload: payload)
    }

    /// Finds out how much payload the PUBLISH of `size` bytes at `position` has: now, or when more of its header is `take`n.
    /// Its fixed header is there; no byte from `end` on is read.
    package mutating func beginPublish(
        at position: UnsafeRawPointer, size: Int, _ end: UnsafeRawPointer, totals: PacketTotals
    ) {
        var body = position + 1
        while body < end, body.load(as: UInt8.self) >= 0x80 { body += 1 }
        body = min(body + 1, end)
        let length = max(0, size &- (body - position))
        publish = PublishHeader(position.load(as: UInt8.self), length: length, isVersion5: isVersion5)
        readPublish(body, min(length, end - body), totals)
    }

    private mutating func readPublish(_ bytes: UnsafeRawPointer, _ count: Int, _ totals: PacketTotals) {
        guard let payload = publish.read(bytes, count: count) else { return }
        counts.add(payload: UInt64(truncatingIfNeeded: payload))
        totals.add(payload: UInt64(truncatingIfNeeded: payload))
    }

    /// `remaining` bytes of the packet that the caller has walked last are still to come.
    @inline(__always)
    package mutating func begin(remaining: Int) { self.remaining = remaining }

    /// Takes up to `count` bytes of the current packet, which are at `bytes`.
    package mutating func take(_ count: Int, at bytes: UnsafeRawPointer, totals: PacketTotals) {
        if !publish.isOver { readPublish(bytes, min(count, remaining), totals) }
        remaining = max(0, remaining &- count)
    }

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

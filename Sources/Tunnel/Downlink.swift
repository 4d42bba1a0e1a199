import Wire

/// From the broker to the client: MQTT in, the channel's frames out, in place where it can be. Pure.
///
/// The fixed header of a packet tells its length, so a packet that a block cuts off is one frame of the known length, whose
/// payload leaves as it comes: nothing of it is held, and no message is fragmented. Until it is whole no other frame can be
/// sent (RFC 6455 §5.2): a pong waits meanwhile. Where messages are a stream, or there are none, blocks leave as they come
/// and packets are only counted and checked.
package struct Downlink: ~Copyable {
    /// The most that is held: a fixed header that does not show its length yet.
    package static let carryCapacity = 4
    /// Room that a caller leaves in front of a block.
    package static let headroom = carryCapacity + FrameHeader.headroom
    /// Packets of up to this many bytes are gathered in `assembly`; larger ones stay in place.
    static let gatherLimit = 8 * 1024
    /// The same, or less: messages that may be compressed are not gathered.
    private let gatherLimit: Int
    private let compressibleSize: Int
    /// Packets of less than this many bytes have a Remaining Length of one byte, and a frame header of two.
    private static let small = 126

    /// Where a block stands: `position..<end` is not framed yet.
    package struct Cursor: BitwiseCopyable {
        /// The first byte that is not framed.
        package var position: UnsafeMutableRawPointer
        /// The end of the block.
        package let end: UnsafeMutableRawPointer

        /// A block of which nothing is framed yet; `start` is what `restoreCarry` has returned.
        @inline(__always)
        package init(start: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
            position = start
            self.end = end
        }
    }

    /// Bytes for the client. Send or copy them before the next call, which writes over them.
    package struct Output: BitwiseCopyable {
        /// The first of them.
        package let start: UnsafeMutableRawPointer
        /// How many there are.
        package let count: Int
        /// A whole message of some size without its header, for which there is room in front: it may be compressed.
        package var isCompressible = false
    }

    /// A stream, too, where there are no messages.
    private let messages: Framing.Messages
    private let isRaw: Bool
    private let isVersion5: Bool
    private let stops: PacketScanner.Types
    var stopBits: UInt16  // the same: calls into another module are not inlined
    var pingrespsBeforeOwn: Int64 = -1  // -1: none is withheld
    private var expectsConnack = true
    /// The broker has sent DISCONNECT (5.0 §3.14).
    package private(set) var hasDisconnected = false
    /// Its reason code (§3.14.2.1); nil: it has not come, or not in the same block as its header.
    package private(set) var disconnectReason: UInt8?
    /// The broker has broken a rule of MQTT: nothing after that point is framed.
    package private(set) var isBroken = false
    private var carryCount: UInt8 = 0
    private var carry: UInt32 = 0  // first byte lowest
    private var scanner: PacketScanner
    private var blockFrames: UInt64 = 0  // where a frame may hold several packets, or parts of them
    var postponedPong: UnsafeMutableRawPointer?

    /// The downlink to a client that frames MQTT so and speaks this version of it. Whole messages of at least `compressibleSize`
    /// bytes, and no less than 126, are handed out without a header.
    package init(framing: Framing, version: ProtocolVersion, compressibleSize: Int = .max) {
        self.compressibleSize = max(compressibleSize, Self.small)
        gatherLimit = min(Self.gatherLimit, self.compressibleSize - 1)
        switch framing {
        case .webSocket(let messages, _): (self.messages, isRaw) = (messages, false)
        case .raw: (messages, isRaw) = (.stream, true)
        }
        isVersion5 = version == .v5_0
        stops = isVersion5 ? PacketStops.broker5 : PacketStops.broker3
        stopBits = stops.rawValue
        scanner = PacketScanner(isVersion5: isVersion5)
    }

    deinit { postponedPong?.deallocate() }

    /// Bytes of the packet under way that are still to come; nil: its fixed header is not whole yet.
    package var remaining: Int? {
        scanner.remaining > 0 || scanner.isBetweenPackets && carryCount == 0 ? scanner.remaining : nil
    }

    /// Packets that the broker has begun to send and that were passed on, and the gateway's own.
    package var counts: PacketCounts { scanner.counts }

    /// Data frames that have begun.
    package var frames: UInt64 { isRaw ? 0 : messages == .packet ? counts.total.packets : blockFrames }

    /// Counts a packet of the gateway's own, `size` bytes in a frame of their own.
    package mutating func countOwn(_ firstByte: UInt8, size: Int, totals: PacketTotals) {
        scanner.count(firstByte, size: size, totals: totals)
        blockFrames &+= 1
    }

    /// Whether a frame of our own may be sent now: none is under way.
    @inline(__always)
    package var isBetweenFrames: Bool { messages == .stream || scanner.remaining == 0 }

    /// Whether an MQTT packet of our own may be sent now. A held part of a fixed header has not been sent.
    package var isBetweenPackets: Bool { scanner.isBetweenPackets }

    /// Puts what the last block left over in front of `block`; returns the new start.
    @inline(__always)
    package mutating func restoreCarry(before block: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        guard carryCount > 0 else { return block }
        let start = block - Int(carryCount)
        for index in 0..<Int(carryCount) {
            (start + index).storeBytes(
                of: UInt8(truncatingIfNeeded: carry &>> UInt32(truncatingIfNeeded: index &* 8)), as: UInt8.self)
        }
        (carry, carryCount) = (0, 0)
        return start
    }

    /// The next bytes for the client, or nil at the end of the block. `headroom` bytes are free in front of the block;
    /// `assembly` is room to gather packets in. Packets are counted here, and in the `totals` of the loop.
    @inline(__always)
    package mutating func next(
        _ cursor: inout Cursor, assembly: UnsafeMutableRawBufferPointer, totals: PacketTotals
    ) -> Output? {
        guard cursor.position < cursor.end, !isBroken else { return nil }
        if messages == .stream { return nextStream(&cursor, totals) }
        if scanner.remaining > 0 { return restOfFrame(&cursor, totals) }
        if pingrespsBeforeOwn == 0 {
            takeOwnPingresp(&cursor)
            guard cursor.position < cursor.end else { return nil }
        }
        return messages == .packet ? nextPacket(&cursor, assembly, totals) : nextPackets(&cursor, totals)
    }

    // MARK: Messages

    private mutating func nextPacket(
        _ cursor: inout Cursor, _ assembly: UnsafeMutableRawBufferPointer, _ totals: PacketTotals
    ) -> Output? {
        let left = cursor.end - cursor.position
        guard let size = announcedSize(at: cursor.position, cursor.end), isAllowed(at: cursor.position, cursor.end)
        else { return hold(&cursor) }
        if size >= left || size > gatherLimit || assembly.count < FrameHeader.headroom + size {
            return frame(&cursor, size, totals)
        }
        return gather(&cursor, size, assembly, totals)
    }

    /// Frames packets one after the other in `assembly`; the first has `first` bytes.
    private mutating func gather(
        _ cursor: inout Cursor, _ first: Int, _ assembly: UnsafeMutableRawBufferPointer, _ totals: PacketTotals
    ) -> Output? {
        guard let room = assembly.baseAddress else { return nil }
        let roomEnd = room + assembly.count - FrameHeader.headroom
        let end = cursor.end
        var position = cursor.position
        var output = room
        var run = beginRun(at: position)
        var size = first
        while true {
            if !run.take(position, size: size, end: end) {
                scanner.beginPublish(at: position, size: size, end, totals: totals)
            }
            let count = min(size, end - position)
            let payload = Self.writeHeader(size, to: output)
            payload.copyMemory(from: position, byteCount: count)
            output = payload + count
            position += count
            if count < size {  // the block ends inside it
                scanner.begin(remaining: size &- count)
                break
            }
            // Everyday packets: small ones like the one before, far from the ends of the block and of the room.
            while size < Self.small, end - position >= Self.small, roomEnd - output >= Self.small,
                run.takes(position.load(as: UInt8.self))
            {
                size = 2 &+ Int((position + 1).load(as: UInt8.self))
                guard size < Self.small else { break }
                if !run.take(position, size: size, end: end) {
                    scanner.beginPublish(at: position, size: size, end, totals: totals)
                }
                let payload = Self.writeHeader(size, to: output)
                payload.copyMemory(from: position, byteCount: size)
                output = payload + size
                position += size
            }
            // Looked at before it is taken: what does not fit is the next call's first.
            guard end - position >= 2, let next = announcedSize(at: position, end) else { break }
            let wanted = min(next, end - position)
            guard wanted <= gatherLimit, roomEnd - output >= wanted else { break }
            if !run.takes(position.load(as: UInt8.self)) {
                guard isAllowed(at: position, end) else { break }
                add(run, totals)
                run = beginRun(at: position)
            }
            size = next
        }
        add(run, totals)
        cursor.position = position
        return Output(start: room, count: output - room)
    }

    private mutating func nextPackets(_ cursor: inout Cursor, _ totals: PacketTotals) -> Output? {
        let start = cursor.position
        var position = start
        var cutOff: Int?
        var run = PacketRun()
        while position < cursor.end, let size = announcedSize(at: position, cursor.end) {
            // The packet that the block cuts off is a message of its own.
            if size > cursor.end - position {
                if position == start, isAllowed(at: position, cursor.end) { cutOff = size }
                break
            }
            if !run.takes(position.load(as: UInt8.self)) {
                guard isAllowed(at: position, cursor.end) else { break }
                add(run, totals)
                run = beginRun(at: position)
            }
            if !run.take(position, size: size, end: cursor.end) {
                scanner.beginPublish(at: position, size: size, cursor.end, totals: totals)
            }
            position += size
            var whole = UnsafeRawPointer(position)
            run.takeWhole(&whole, end: cursor.end, limit: .max)
            position += whole - UnsafeRawPointer(position)
        }
        add(run, totals)
        if let cutOff { return frame(&cursor, cutOff, totals) }
        guard position > start else { return hold(&cursor) }
        blockFrames &+= 1
        cursor.position = position
        return message(start, count: position - start)
    }

    private mutating func nextStream(_ cursor: inout Cursor, _ totals: PacketTotals) -> Output? {
        let start = cursor.position
        var position = UnsafeRawPointer(start)
        let end = UnsafeRawPointer(cursor.end)
        do throws(PacketScanner.Failure) {
            while let packet = try scanner.next(
                &position, end: end, stops: stops, limit: PacketScanner.largest, totals: totals)
            {
                guard isAllowed(packet.firstByte) else {
                    isBroken = true
                    // A cut header is the first that a block can hold; its end would make the packet whole.
                    if scanner.remaining < packet.size { position = UnsafeRawPointer(start) }
                    break
                }
                if packet.firstByte == 0xE0, scanner.remaining == packet.size {
                    disconnectReason = Disconnect.reason(at: position, end)
                }
                scanner.count(packet.firstByte, size: packet.size, totals: totals)
            }
        } catch {
            isBroken = true
        }
        let count = position - UnsafeRawPointer(start)
        cursor.position = cursor.end
        guard count > 0 else { return nil }
        blockFrames &+= 1
        return isRaw ? Output(start: start, count: count) : message(start, count: count)
    }

    // MARK: Parts

    /// More of the packet whose frame is under way.
    private mutating func restOfFrame(_ cursor: inout Cursor, _ totals: PacketTotals) -> Output? {
        let start = cursor.position
        let count = min(scanner.remaining, cursor.end - start)
        scanner.take(count, at: start, totals: totals)
        cursor.position += count
        return Output(start: start, count: count)
    }

    /// The packet of `size` bytes at the cursor, or as much of it as is there, as a frame in place.
    private mutating func frame(_ cursor: inout Cursor, _ size: Int, _ totals: PacketTotals) -> Output? {
        let start = cursor.position
        let count = min(size, cursor.end - start)
        var run = beginRun(at: start)
        if !run.take(start, size: size, end: cursor.end) {
            scanner.beginPublish(at: start, size: size, cursor.end, totals: totals)
        }
        add(run, totals)
        blockFrames &+= 1
        cursor.position += count
        scanner.begin(remaining: size &- count)
        return count == size ? message(start, count: size) : prepend(before: start, size: size, present: count)
    }

    /// A whole message, framed in place or to be compressed.
    @inline(__always)
    private func message(_ start: UnsafeMutableRawPointer, count: Int) -> Output {
        count >= compressibleSize
            ? Output(start: start, count: count, isCompressible: true)
            : prepend(before: start, size: count, present: count)
    }

    /// Keeps the part of a fixed header that does not show its length yet: at most four bytes. Of a broken packet nothing.
    private mutating func hold(_ cursor: inout Cursor) -> Output? {
        guard !isBroken else { return nil }
        while cursor.position < cursor.end, carryCount < UInt8(Self.carryCapacity) {
            carry |= UInt32(cursor.position.load(as: UInt8.self)) &<< (UInt32(carryCount) &* 8)
            carryCount &+= 1
            cursor.position += 1
        }
        return nil
    }

    @inline(__always)
    private mutating func announcedSize(
        at position: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer
    ) -> Int? {
        // The everyday packet: a Remaining Length of one byte.
        if end - position >= 2 {
            let length = (position + 1).load(as: UInt8.self)
            if length < 0x80 { return 2 &+ Int(length) }
        }
        do throws(PacketScanner.Failure) {
            return try PacketScanner.size(at: position, end)
        } catch {
            isBroken = true
            return nil
        }
    }

    /// Whether the broker may send the packet at `position`; when not, the stream is broken there.
    @inline(__always)
    private mutating func isAllowed(at position: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer) -> Bool {
        let first = position.load(as: UInt8.self)
        guard stopBits &>> UInt16(first >> 4) & 1 != 0 else { return true }
        if first == Self.pingresp { return isClientsPingresp(at: position, end) }
        guard isAllowed(first) else {
            isBroken = true
            return false
        }
        if first == 0xE0 { disconnectReason = Disconnect.reason(at: position, end) }
        return true
    }

    @inline(__always)
    private mutating func add(_ run: PacketRun, _ totals: PacketTotals) {
        if run.packets > 0 { scanner.add(run.firstByte, run.packets, run.bytes, run.payloadBytes, totals) }
    }

    /// A run of packets like the one at `position`. One that is looked at does not let the next pass unseen.
    @inline(__always)
    private func beginRun(at position: UnsafeMutableRawPointer) -> PacketRun {
        let first = position.load(as: UInt8.self)
        return PacketRun(
            first, repeats: stopBits &>> UInt16(first >> 4) & 1 == 0, isVersion5: isVersion5)
    }

    /// Packets that are looked at: allowed once, allowed and noted, or never allowed from a server.
    private mutating func isAllowed(_ first: UInt8) -> Bool {
        switch first {
        case 0x20:  // the CONNACK that opened the session; a second one breaks [MQTT-3.2.0-2]
            defer { expectsConnack = false }
            return expectsConnack
        case 0xE0:
            hasDisconnected = isVersion5  // before version 5 no server sends it
            return isVersion5
        default:
            return false
        }
    }

    /// Writes the header of a frame of `size` bytes at `start`; returns where its payload belongs.
    @inline(__always)
    private static func writeHeader(_ size: Int, to start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        // The everyday frame: FIN, binary, a length of less than 126.
        guard size < 126 else { return FrameHeader.write(.binary, count: size, to: start) }
        start.storeBytes(of: UInt16(truncatingIfNeeded: size &<< 8 | 0x82).littleEndian, as: UInt16.self)
        return start + 2
    }

    /// Writes the header of a frame of `size` bytes in front of the `present` ones that are there.
    @inline(__always)
    private func prepend(before payload: UnsafeMutableRawPointer, size: Int, present: Int) -> Output {
        let start = FrameHeader.prepend(.binary, before: payload, count: size)
        return Output(start: start, count: present + (payload - start))
    }
}

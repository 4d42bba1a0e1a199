import Wire

/// From the broker to the client: MQTT bytes in, WebSocket frames out, in place where it can be. Pure.
///
/// How packets meet messages (`websocket_frames`):
/// - `packets`: a message holds whole packets, as many as are there. The beginning of a small packet that a block cuts off
///   waits for its end (at most `carryCapacity` bytes); a large one goes out as one fragmented message, as it arrives,
///   so that pings and closes can pass between (RFC 6455 §5.4).
/// - `packet`: the same, with exactly one packet in each message.
/// - `stream`: a message a block, cut anywhere.
package struct Downlink: ~Copyable {
    package enum Mode: UInt8, Sendable { case packets, packet, stream }

    /// The largest packet that is held until it is whole.
    package static let carryCapacity = 4096
    /// Room that a caller leaves in front of a block.
    package static let headroom = carryCapacity + FrameHeader.headroom

    /// Where a block stands: `position..<end` is not framed yet.
    package struct Cursor: BitwiseCopyable {
        package var position: UnsafeMutableRawPointer
        package let end: UnsafeMutableRawPointer

        @inline(__always)
        package init(start: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
            position = start
            self.end = end
        }
    }

    /// Bytes for the client: whole frames. Send or copy them before the next call, which writes over them.
    package struct Output: BitwiseCopyable {
        package let start: UnsafeMutableRawPointer
        package let count: Int
    }

    private let mode: Mode
    private let isVersion5: Bool
    private let stops: PacketScanner.Types
    private var scanner = PacketScanner()
    private var carry: UnsafeMutableRawPointer?
    private var carryCount = 0
    private var expectsConnack = true
    /// The broker has sent DISCONNECT (5.0 §3.14).
    package private(set) var hasDisconnected = false
    /// The broker has broken a rule of MQTT: nothing behind that point is framed.
    package private(set) var isBroken = false

    package init(mode: Mode, version: ProtocolVersion) {
        self.mode = mode
        isVersion5 = version == .v5_0
        var stops: PacketScanner.Types = [.reserved, .connect, .connack, .disconnect]
        stops.formUnion([.subscribe, .unsubscribe, .pingreq])  // what only clients send
        if !isVersion5 { stops.insert(.auth) }
        self.stops = stops
    }

    deinit { carry?.deallocate() }

    /// Packets that the broker has begun to send.
    package var packets: UInt64 { scanner.packets }

    /// Whether a message of our own may be sent now: no fragmented one is under way, and no packet of a `stream`.
    package var isBetweenMessages: Bool { scanner.isBetweenPackets }

    /// Puts what the last block left over in front of `block`; returns the new start.
    @inline(__always)
    package mutating func restoreCarry(before block: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        guard let carry else { return block }
        let start = block - carryCount
        start.copyMemory(from: carry, byteCount: carryCount)
        carry.deallocate()
        self.carry = nil
        carryCount = 0
        return start
    }

    /// The next bytes for the client, or nil at the end of the block. `headroom` bytes are free in front of the block;
    /// `assembly` is room for the mode `packet`.
    @inline(__always)
    package mutating func next(_ cursor: inout Cursor, assembly: UnsafeMutableRawBufferPointer) -> Output? {
        guard cursor.position < cursor.end, !isBroken else { return nil }
        switch mode {
        case .packets: return nextPackets(&cursor)
        case .packet: return nextPacket(&cursor, assembly)
        case .stream: return nextStream(&cursor)
        }
    }

    // MARK: Modes

    private mutating func nextPackets(_ cursor: inout Cursor) -> Output? {
        if scanner.remaining > 0 { return continueMessage(&cursor) }
        let start = cursor.position
        var position = start
        while let size = wholePacket(at: position, cursor.end) { position += size }
        cursor.position = position
        if position > start {
            return frame(.binary, isFinal: true, start, position - start)
        }
        return cutOff(&cursor)
    }

    private mutating func nextPacket(_ cursor: inout Cursor, _ assembly: UnsafeMutableRawBufferPointer) -> Output? {
        if scanner.remaining > 0 { return continueMessage(&cursor) }
        guard let room = assembly.baseAddress else { return nil }
        var used = 0
        while true {
            // Asked before it is taken: a packet that does not fit is the next call's first.
            if used > 0, let size = sizeOfWhole(at: cursor.position, cursor.end),
                used + size + FrameHeader.headroom > assembly.count
            {
                break
            }
            let packet = cursor.position
            guard let size = wholePacket(at: packet, cursor.end) else { break }
            cursor.position += size
            if used == 0, size + FrameHeader.headroom > assembly.count {
                return frame(.binary, isFinal: true, packet, size)
            }
            let payload = FrameHeader.write(.binary, count: size, to: room + used)
            payload.copyMemory(from: packet, byteCount: size)
            used = payload + size - room
        }
        if used > 0 { return Output(start: room, count: used) }
        return isBroken ? nil : cutOff(&cursor)
    }

    private mutating func nextStream(_ cursor: inout Cursor) -> Output? {
        let start = cursor.position
        var position = UnsafeRawPointer(start)
        let end = UnsafeRawPointer(cursor.end)
        do throws(PacketScanner.Failure) {
            while let packet = try scanner.next(&position, end: end, stops: stops, limit: PacketScanner.largest) {
                guard isAllowed(packet.firstByte) else {
                    isBroken = true
                    // A cut header is the first that a block can hold; its end would make the packet whole.
                    if scanner.remaining < packet.size { position = UnsafeRawPointer(start) }
                    break
                }
            }
        } catch {
            isBroken = true
        }
        let count = position - UnsafeRawPointer(start)
        cursor.position = cursor.end
        return count > 0 ? frame(.binary, isFinal: true, start, count) : nil
    }

    // MARK: Parts

    /// The size of the packet at `position` if it is whole and allowed; counts it.
    @inline(__always)
    private mutating func wholePacket(
        at position: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer
    ) -> Int? {
        guard let size = sizeOfWhole(at: position, end) else { return nil }
        let first = position.load(as: UInt8.self)
        if stops.contains(PacketScanner.Types(firstByte: first)), !isAllowed(first) {
            isBroken = true
            return nil
        }
        scanner.note(packets: 1)
        return size
    }

    @inline(__always)
    private mutating func sizeOfWhole(
        at position: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer
    ) -> Int? {
        guard let size = announcedSize(at: position, end), size <= end - position else { return nil }
        return size
    }

    @inline(__always)
    private mutating func announcedSize(
        at position: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer
    ) -> Int? {
        do throws(PacketScanner.Failure) {
            return try PacketScanner.size(at: position, end)
        } catch {
            isBroken = true
            return nil
        }
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

    /// More of a packet that is larger than what is held.
    private mutating func continueMessage(_ cursor: inout Cursor) -> Output? {
        let count = min(scanner.remaining, cursor.end - cursor.position)
        scanner.take(count)
        let start = cursor.position
        cursor.position += count
        return frame(.continuation, isFinal: scanner.remaining == 0, start, count)
    }

    /// The block ends inside the packet at the cursor: holds a small one, begins a message with a large one.
    private mutating func cutOff(_ cursor: inout Cursor) -> Output? {
        let start = cursor.position
        let count = cursor.end - start
        guard count > 0, !isBroken else { return nil }
        cursor.position = cursor.end
        let size = announcedSize(at: start, cursor.end)
        if isBroken { return nil }
        guard let size, size > Self.carryCapacity else {
            let copy = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 8)
            copy.copyMemory(from: start, byteCount: count)
            carry = copy
            carryCount = count
            return nil
        }
        let first = start.load(as: UInt8.self)
        if stops.contains(PacketScanner.Types(firstByte: first)), !isAllowed(first) {
            isBroken = true
            return nil
        }
        scanner.begin(remaining: size - count)
        return frame(.binary, isFinal: false, start, count)
    }

    @inline(__always)
    private func frame(
        _ opcode: FrameHeader.Opcode, isFinal: Bool, _ payload: UnsafeMutableRawPointer, _ count: Int
    ) -> Output {
        let start = FrameHeader.prepend(opcode, isFinal: isFinal, before: payload, count: count)
        return Output(start: start, count: count + (payload - start))
    }
}

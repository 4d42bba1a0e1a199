import Wire

/// From the client to the broker: the channel's bytes in, MQTT out, in place. Pure.
///
/// `begin` and `next` take the frames off, `scan` looks at the MQTT in them. Until the session is open only the former are
/// used, and the CONNECT gate reads what they yield.
package struct Uplink: ~Copyable {
    private let isRaw: Bool
    private var decoder = FrameDecoder()
    private var scanner = PacketScanner()
    private var stops: PacketScanner.Types = []
    private var packetLimit = PacketScanner.largest
    /// DISCONNECT has begun: what follows it is not passed on [MQTT-3.14.4-2].
    package private(set) var hasDisconnected = false
    /// The reason code of the DISCONNECT (5.0 §3.14.2.1); nil: it has not come, or the version has none.
    package private(set) var disconnectReason: UInt8?

    /// WebSocket pings and pongs of the client.
    package private(set) var pings: UInt32 = 0
    package private(set) var pongs: UInt32 = 0

    /// The whole DISCONNECT was passed on: the client has nothing more to say [MQTT-3.14.4-2].
    package var isDone: Bool { hasDisconnected && scanner.remaining == 0 }

    /// Room that a caller leaves in front of a block.
    package static let headroom = FrameDecoder.carryCapacity
    /// Room for the payload of a control frame.
    package static let controlCapacity = Framing.controlLimit

    /// The uplink of a client that frames MQTT so; `isCompressible`: permessage-deflate is agreed on.
    package init(framing: Framing, isCompressible: Bool = false) {
        switch framing {
        case .webSocket(_, let isStrict):
            decoder.isStrict = isStrict
            decoder.allowsCompression = isCompressible
            isRaw = false
        case .raw: isRaw = true
        }
    }

    /// Bytes of the packet under way that are still to come; nil: its fixed header is not whole yet.
    package var remaining: Int? { scanner.remaining > 0 || scanner.isBetweenPackets ? scanner.remaining : nil }

    /// Whether a packet of another's may be sent in the place of the client: nothing of its own is under way.
    package var isBetweenPackets: Bool { scanner.isBetweenPackets && !hasDisconnected }

    /// Packets that the client has begun to send and that may be passed on, and its CONNECT.
    package var counts: PacketCounts { scanner.counts }

    /// Data frames that the client has begun to send.
    package var frames: UInt64 { decoder.frames }

    // MARK: Frames

    /// Where a block of input stands: `position..<end` is not decoded yet. It is what lets an inflater stand between frames
    /// and packets: there a block of input may give several blocks of MQTT.
    package struct Cursor: BitwiseCopyable {
        /// The first byte that is not decoded.
        package var position: UnsafeMutableRawPointer
        /// The end of the input.
        package let end: UnsafeMutableRawPointer
    }

    /// What a piece of input held.
    package struct Block: BitwiseCopyable {
        /// MQTT bytes, in place.
        package var payload: UnsafeMutableRawPointer
        /// How many there are.
        package var count: Int
        /// Size of the last ping's payload, which lies in the room that was given for it; nil: no ping. One pong answers
        /// all pings of a block (RFC 6455 §5.5.3).
        package var ping: Int?
        /// There was a pong without payload, as the answer to a ping of the gateway's.
        package var hasPong: Bool
        /// The end of the stream: nothing after it is decoded.
        package var end: End?

        /// Whether there is more to it than MQTT.
        package var hasControl: Bool
        /// It is a part of a compressed message, and of no other: not MQTT yet.
        package var isCompressed = false
        /// The compressed message ends with it.
        package var endsMessage = false

        /// MQTT alone.
        @inline(__always)
        package init(payload: UnsafeMutableRawPointer, count: Int) {
            self.payload = payload
            self.count = count
            ping = nil
            hasPong = false
            end = nil
            hasControl = false
        }
    }

    /// How a client's stream ends.
    package enum End: Equatable, BitwiseCopyable {
        /// A Close frame, and its code.
        case close(UInt16?)
        /// A frame that breaks a rule.
        case failure(WebSocketViolation)
    }

    /// Begins a block of input, `start..<end`, with `headroom` bytes free in front of `start`: what the last one left over
    /// goes there.
    @inline(__always)
    package mutating func begin(_ start: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) -> Cursor {
        Cursor(position: decoder.restoreCarry(before: start), end: end)
    }

    /// The next block of MQTT; nil: the input is used up. A block with an `end` is the last. `control` has room for
    /// `controlCapacity` bytes.
    @inline(__always)
    package mutating func next(_ cursor: inout Cursor, control: UnsafeMutableRawPointer) -> Block? {
        let start = cursor.position
        guard start < cursor.end else { return nil }
        cursor.position = cursor.end
        var block = Block(payload: start, count: cursor.end - start)
        if !isRaw { cursor.position = decode(&block, cursor.end, control) }
        return block
    }

    /// Decodes the frames of the whole block, or up to where a compressed message begins or ends; returns that place.
    @inline(__always)
    private mutating func decode(
        _ block: inout Block, _ end: UnsafeMutableRawPointer, _ control: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var cursor = FrameDecoder.Cursor(start: block.payload, end: end)
        do throws(WebSocketViolation) {
            while let frame = try decoder.next(&cursor) {
                switch frame.kind {
                case .compressedBegins, .compressedEnded:
                    block.count = cursor.payloadEnd - block.payload
                    block.endsMessage = frame.kind == .compressedEnded
                    block.isCompressed = block.endsMessage
                    return cursor.source
                case .pong, .ping, .close: block.hasControl = true
                }
                switch frame.kind {
                case .compressedBegins, .compressedEnded: break
                case .pong:  // unsolicited or not, §5.5.3
                    pongs &+= 1
                    if frame.count == 0 { block.hasPong = true }
                case .ping:
                    pings &+= 1
                    control.copyMemory(from: frame.payload, byteCount: frame.count)
                    block.ping = frame.count
                case .close:
                    block.end = Self.close(frame)
                }
                if block.end != nil { break }
            }
        } catch {
            block.end = .failure(error)
            block.hasControl = true
        }
        block.count = cursor.payloadEnd - block.payload
        block.isCompressed = decoder.isCompressed
        return end
    }

    private static func close(_ frame: FrameDecoder.ControlFrame) -> End {
        let bytes = UnsafeBufferPointer(
            start: UnsafePointer(frame.payload.assumingMemoryBound(to: UInt8.self)), count: frame.count)
        do throws(WebSocketViolation) {
            return .close(try ClosePayload.parse(bytes.span))
        } catch {
            return .failure(error)
        }
    }

    // MARK: MQTT

    /// What a block of MQTT bytes held.
    package struct Scan: Equatable, BitwiseCopyable {
        /// How many bytes from the front go to the broker.
        package var forward: Int
        /// The rule that the packet after them breaks.
        package var violation: EndCause?
    }

    /// Begins the stream after the CONNECT. `packetLimit` is in bytes; 0 is what MQTT allows.
    package mutating func open(version: ProtocolVersion, packetLimit: Int) {
        self.packetLimit = packetLimit > 0 ? packetLimit : PacketScanner.largest
        scanner.isVersion5 = version == .v5_0
        stops = version == .v5_0 ? PacketStops.client5 : PacketStops.client3
    }

    /// Counts the CONNECT, which the gate has taken: `size` bytes.
    package mutating func countConnect(size: Int, totals: PacketTotals) {
        scanner.count(0x10, size: size, totals: totals)
    }

    /// Scans MQTT bytes of an open session, and counts its packets here and in the `totals` of the loop.
    @inline(__always)
    package mutating func scan(_ payload: UnsafeRawPointer, count: Int, totals: PacketTotals) -> Scan {
        var position = payload
        let end = payload + count
        do throws(PacketScanner.Failure) {
            if !hasDisconnected {
                guard
                    let packet = try scanner.next(
                        &position, end: end, stops: stops, limit: packetLimit, totals: totals)
                else { return Scan(forward: count, violation: nil) }
                return stopped(at: packet, position, before: position - payload, end, totals)
            }
            // The rest of the DISCONNECT, and no more.
            let forward = min(scanner.remaining, count)
            if forward > 0, disconnectReason == nil, scanner.isVersion5 {
                disconnectReason = payload.load(as: UInt8.self)  // the header alone had come
            }
            scanner.take(forward, at: payload, totals: totals)
            return Scan(forward: forward, violation: nil)
        } catch {
            return Scan(
                forward: position - payload, violation: error == .tooLarge ? .packetTooLarge : .malformedPacket)
        }
    }

    private mutating func stopped(
        at packet: PacketScanner.Packet, _ position: UnsafeRawPointer, before: Int, _ end: UnsafeRawPointer,
        _ totals: PacketTotals
    ) -> Scan {
        // Of a packet that breaks a rule, nothing of this block: the end of a cut header, which is the first that a block
        // can hold, would make it whole.
        let sound = scanner.remaining == packet.size ? before : 0
        switch packet.firstByte >> 4 {
        case 14:
            guard packet.firstByte == 0xE0 else {  // reserved flags [MQTT-3.14.1-1]
                return Scan(forward: sound, violation: .malformedPacket)
            }
            hasDisconnected = true
            if scanner.isVersion5 { disconnectReason = reason(of: packet, position, end) }
            let forward = min(scanner.remaining, end - position)
            scanner.count(packet.firstByte, size: packet.size, totals: totals)
            scanner.take(forward, at: position, totals: totals)
            return Scan(forward: before + forward, violation: nil)
        case 1, 2, 9, 11, 13:  // a second CONNECT [MQTT-3.1.0-2], or what only servers send
            return Scan(forward: sound, violation: .protocolError)
        default:  // 0, and 15 before version 5
            return Scan(forward: sound, violation: .malformedPacket)
        }
    }

    /// The reason code of the DISCONNECT at which the scanner has stopped, as far as it is there.
    private func reason(
        of packet: PacketScanner.Packet, _ position: UnsafeRawPointer, _ end: UnsafeRawPointer
    ) -> UInt8? {
        if scanner.remaining == packet.size { return Disconnect.reason(at: position, end) }
        // An earlier block has contained a part of the fixed header.
        return scanner.remaining == 0 ? 0 : position < end ? position.load(as: UInt8.self) : nil
    }
}

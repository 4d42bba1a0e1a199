import Wire

/// From the client to the broker: WebSocket frames in, MQTT bytes out, in place. Pure.
///
/// `decode` is the WebSocket layer, `scan` the MQTT layer over it. Until the session is open only the first is used, and
/// the CONNECT gate reads what it yields.
package struct Uplink: ~Copyable {
    private var decoder = FrameDecoder()
    private var scanner = PacketScanner()
    private var stops: PacketScanner.Types = []
    private var packetLimit = PacketScanner.largest
    /// DISCONNECT has begun: what follows it is not passed on [MQTT-3.14.4-2].
    package private(set) var hasDisconnected = false

    /// The whole DISCONNECT was passed on: the client has nothing more to say [MQTT-3.14.4-2].
    package var isDone: Bool { hasDisconnected && scanner.remaining == 0 }

    /// Room that a caller leaves in front of a block.
    package static let headroom = FrameDecoder.carryCapacity
    /// Room for the payload of a control frame.
    package static let controlCapacity = 125

    package init() {}

    /// `websocket_strict`: whether a Pong or Close without a mask breaks a rule.
    package mutating func setStrict(_ isStrict: Bool) { decoder.isStrict = isStrict }

    /// Packets that the client has begun to send behind its CONNECT.
    package var packets: UInt64 { scanner.packets }

    // MARK: WebSocket

    /// What a block of input held.
    package struct Block: BitwiseCopyable {
        /// MQTT bytes, in place.
        package var payload: UnsafeMutableRawPointer
        package var count: Int
        /// Size of the last ping's payload, which lies in the room that was given for it; nil: no ping. One pong answers
        /// all pings of a block (RFC 6455 §5.5.3).
        package var ping: Int?
        /// The end of the stream: nothing behind it is decoded.
        package var end: End?
    }

    package enum End: Equatable, BitwiseCopyable {
        /// A Close frame, and its code.
        case close(UInt16?)
        /// A frame that breaks a rule.
        case failure(WebSocketViolation)
    }

    /// Decodes `start..<end`, with `headroom` bytes free in front of `start` and `controlCapacity` bytes at `control`.
    @inline(__always)
    package mutating func decode(
        _ start: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer, control: UnsafeMutableRawPointer
    ) -> Block {
        let first = decoder.restoreCarry(before: start)
        var cursor = FrameDecoder.Cursor(start: first, end: end)
        var block = Block(payload: first, count: 0, ping: nil, end: nil)
        do throws(WebSocketViolation) {
            while let frame = try decoder.next(&cursor) {
                switch frame.kind {
                case .pong: break  // unsolicited or not, §5.5.3
                case .ping:
                    control.copyMemory(from: frame.payload, byteCount: frame.count)
                    block.ping = frame.count
                case .close:
                    block.end = Self.close(frame)
                }
                if block.end != nil { break }
            }
        } catch {
            block.end = .failure(error)
        }
        block.count = cursor.payloadEnd - first
        return block
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
        /// The rule that the packet behind them breaks.
        package var violation: EndCause?
    }

    /// Begins the stream behind the CONNECT. `packetLimit` is in bytes; 0 is what MQTT allows.
    package mutating func open(version: ProtocolVersion, packetLimit: Int) {
        self.packetLimit = packetLimit > 0 ? packetLimit : PacketScanner.largest
        stops = [.reserved, .connect, .connack, .suback, .unsuback, .pingresp, .disconnect]
        if version != .v5_0 { stops.insert(.auth) }
    }

    /// Scans MQTT bytes of an open session.
    @inline(__always)
    package mutating func scan(_ payload: UnsafeRawPointer, count: Int) -> Scan {
        var position = payload
        let end = payload + count
        do throws(PacketScanner.Failure) {
            if !hasDisconnected {
                guard let packet = try scanner.next(&position, end: end, stops: stops, limit: packetLimit) else {
                    return Scan(forward: count, violation: nil)
                }
                return stopped(at: packet, before: position - payload, left: end - position)
            }
            // The rest of the DISCONNECT, and no more.
            let forward = min(scanner.remaining, count)
            scanner.take(forward)
            return Scan(forward: forward, violation: nil)
        } catch {
            return Scan(
                forward: position - payload, violation: error == .tooLarge ? .packetTooLarge : .malformedPacket)
        }
    }

    private mutating func stopped(at packet: PacketScanner.Packet, before: Int, left: Int) -> Scan {
        // Of a packet that breaks a rule, nothing of this block: the end of a cut header, which is the first that a block
        // can hold, would make it whole.
        let sound = scanner.remaining == packet.size ? before : 0
        switch packet.firstByte >> 4 {
        case 14:
            guard packet.firstByte == 0xE0 else {  // reserved flags [MQTT-3.14.1-1]
                return Scan(forward: sound, violation: .malformedPacket)
            }
            hasDisconnected = true
            let forward = min(scanner.remaining, left)
            scanner.take(forward)
            return Scan(forward: before + forward, violation: nil)
        case 1, 2, 9, 11, 13:  // a second CONNECT [MQTT-3.1.0-2], or what only servers send
            return Scan(forward: sound, violation: .protocolError)
        default:  // 0, and 15 before version 5
            return Scan(forward: sound, violation: .malformedPacket)
        }
    }
}

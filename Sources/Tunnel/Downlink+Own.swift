import Wire

// What the gateway has to say itself, and to hear, beside the packets of the broker.

// MARK: - A PINGRESP that the gateway has asked for

extension Downlink {
    static let pingresp: UInt8 = 0xD0
    private static let pingrespStop: UInt16 = 1 << 13

    /// Whether the answer to a PINGREQ of the gateway's own is to come.
    package var withholdsPingresp: Bool { pingrespsBeforeOwn >= 0 }

    /// The gateway sends a PINGREQ in the place of the client: its answer, which comes after `count` others that the client
    /// waits for, is not passed on. Not where messages are a stream, which leaves as it comes.
    package mutating func withholdPingresp(after count: UInt64) {
        pingrespsBeforeOwn = Int64(clamping: count)
        stopBits |= Self.pingrespStop
    }

    /// Whether this PINGRESP is one that the client waits for.
    mutating func isClientsPingresp(
        at position: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer
    ) -> Bool {
        guard pingrespsBeforeOwn > 0 else { return !Self.isPingresp(at: position, end) }
        pingrespsBeforeOwn &-= 1
        return true
    }

    /// Takes the gateway's own PINGRESP out, if it is what comes next.
    mutating func takeOwnPingresp(_ cursor: inout Cursor) {
        guard Self.isPingresp(at: cursor.position, cursor.end) else { return }
        cursor.position += 2
        pingrespsBeforeOwn = -1
        stopBits &= ~Self.pingrespStop
    }

    /// 3.1.1 §3.13
    private static func isPingresp(at position: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer) -> Bool {
        end - position >= 2 && position.load(as: UInt8.self) == pingresp && (position + 1).load(as: UInt8.self) == 0
    }
}

// MARK: - A pong that waits

extension Downlink {
    /// Whether a pong waits and may be sent now.
    @inline(__always)
    package var hasDuePong: Bool { postponedPong != nil && isBetweenFrames }

    /// Keeps a pong of at most 125 bytes until the frame under way is whole: the latest one (RFC 6455 §5.5.3).
    package mutating func postpone(pong payload: UnsafeRawPointer, count: Int) {
        let room = postponedPong ?? .allocate(byteCount: 1 + Uplink.controlCapacity, alignment: 8)
        let count = min(count, Uplink.controlCapacity)
        room.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
        (room + 1).copyMemory(from: payload, byteCount: count)
        postponedPong = room
    }

    /// Hands out the pong that waits: its payload goes to `room`, which has `Uplink.controlCapacity` bytes. Returns its size.
    package mutating func takePong(into room: UnsafeMutableRawPointer) -> Int? {
        guard let waiting = postponedPong else { return nil }
        postponedPong = nil
        let count = Int(waiting.load(as: UInt8.self))
        room.copyMemory(from: waiting + 1, byteCount: count)
        waiting.deallocate()
        return count
    }
}

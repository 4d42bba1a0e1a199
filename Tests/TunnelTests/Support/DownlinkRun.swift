import TestSupport

@testable import Tunnel
@testable import Wire

/// What a `Downlink` made of a stream of MQTT bytes.
struct DownlinkRun {
    /// The frames of each block.
    var blocks: [[ServerFrame]] = []
    var isBroken = false
    var hasDisconnected = false
    var isBetweenMessages = true
    var packets: UInt64 = 0
    /// The most bytes that were held between two blocks.
    var mostHeld = 0
    /// What must never happen.
    var fault: String?

    var frames: [ServerFrame] { blocks.flatMap { $0 } }
    var payload: [UInt8] { frames.flatMap(\.payload) }
    var messages: [ServerMessage] { ServerMessage.messages(frames) ?? [] }

    /// Feeds `stream` in blocks that end at the `cuts`, each in guarded memory with just the headroom asked for, up to the
    /// block in which the broker breaks a rule. `room` is the size of the memory for the mode `packet`.
    init(
        of stream: [UInt8], cuts: [Int] = [], mode: Downlink.Mode = .packets, version: ProtocolVersion = .v5_0,
        room: Int = 65_536, offset: Int = 0
    ) {
        var downlink = Downlink(mode: mode, version: version)
        var fed = 0
        var passed = 0
        for block in split(stream, at: cuts) {
            let frames = feed(block, &downlink, room: room, offset: offset)
            blocks.append(frames)
            fed += block.count
            passed += frames.reduce(0) { $0 + $1.payload.count }
            if downlink.isBroken || fault != nil { break }
            mostHeld = max(mostHeld, fed - passed)
        }
        if fault == nil, ServerMessage.messages(frames) == nil { fault = "the frames break RFC 6455 §5.4" }
        isBroken = downlink.isBroken
        hasDisconnected = downlink.hasDisconnected
        isBetweenMessages = downlink.isBetweenMessages
        packets = downlink.packets
    }

    private mutating func feed(
        _ block: ArraySlice<UInt8>, _ downlink: inout Downlink, room: Int, offset: Int
    ) -> [ServerFrame] {
        let buffer = GuardedBuffer(count: Downlink.headroom + block.count, offset: offset)
        buffer.fill(block, at: Downlink.headroom)
        let assembly = GuardedBuffer(count: room)
        let start = buffer.start + Downlink.headroom
        let first = downlink.restoreCarry(before: start)
        if start - first > Downlink.carryCapacity { fault = "more than carryCapacity was held" }
        var cursor = Downlink.Cursor(start: first, end: start + block.count)
        var frames: [ServerFrame] = []
        let view = UnsafeMutableRawBufferPointer(start: assembly.start, count: room)
        while let output = downlink.next(&cursor, assembly: view) {
            let isInside = [buffer, assembly].contains {
                output.start >= $0.start && output.start + output.count <= $0.start + $0.count
            }
            guard isInside, let parsed = ServerFrame.parse(bytes(at: output.start, count: output.count)),
                !parsed.isEmpty
            else {
                fault = "the output is not whole frames inside the memory given"
                break
            }
            frames += parsed
        }
        if !downlink.isBroken, cursor.position != cursor.end { fault = "the block was left before its end" }
        if !buffer.isIntact || !assembly.isIntact { fault = "a byte outside the memory given was written" }
        return frames
    }
}

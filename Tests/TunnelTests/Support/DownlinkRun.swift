import TestSupport

@testable import Tunnel
@testable import Wire

/// What a `Downlink` made of a stream of MQTT bytes. Without frames all of it is `raw`.
struct DownlinkRun {
    /// What went out, where there are no frames.
    var raw: [UInt8] = []
    /// The whole frames.
    var frames: [ServerFrame] = []
    /// What is there of a frame that is still to be filled, and the length that it has announced.
    var unfinished: (payload: [UInt8], length: Int)?
    /// MQTT bytes that had gone out at the end of each block.
    var passed: [Int] = []
    /// Outputs of each block: what is sent at once.
    var outputs: [Int] = []
    var isBroken = false
    var hasDisconnected = false
    var disconnectReason: UInt8?
    var isBetweenFrames = true
    var isBetweenPackets = true
    var packets: UInt64 = 0
    var counts = PacketCounts()
    /// What the loop has counted.
    var totals = PacketCounts()
    /// Frames that were counted.
    var frameCount: UInt64 = 0
    /// The most bytes that were held between two blocks.
    var mostHeld = 0
    /// What must never happen.
    var fault: String?

    /// What is sent and not taken apart yet, and how many bytes of payload were.
    private var wire: [UInt8] = []
    private var taken = 0
    private let words = TotalWords()

    var payload: [UInt8] { raw + frames.flatMap(\.payload) + (unfinished?.payload ?? []) }
    var messages: [ServerMessage] { ServerMessage.messages(frames) ?? [] }

    /// Feeds `stream` in blocks that end at the `cuts`, each in guarded memory with just the headroom asked for, up to the
    /// block in which the broker breaks a rule. `room` is the size of the memory to gather packets in.
    init(
        of stream: [UInt8], cuts: [Int] = [], framing: Framing = .packet, version: ProtocolVersion = .v5_0,
        room: Int = 65_536, offset: Int = 0, withholdingAfter count: UInt64? = nil
    ) {
        var downlink = Downlink(framing: framing, version: version)
        if let count { downlink.withholdPingresp(after: count) }
        var fed = 0
        for block in split(stream, at: cuts) {
            feed(block, &downlink, room: room, offset: offset)
            fed += block.count
            if framing == .raw { takeBytes() } else { takeFrames() }
            guard fault == nil else { break }
            passed.append(taken + (unfinished?.payload.count ?? 0))
            if downlink.isBroken { break }
            mostHeld = max(mostHeld, fed - passed[passed.count - 1])
            if downlink.isBetweenFrames != (unfinished == nil) { fault = "isBetweenFrames is wrong" }
        }
        if fault == nil, frames.contains(where: { !$0.isFinal || $0.opcode != 2 }) { fault = "a message in fragments" }
        isBroken = downlink.isBroken
        hasDisconnected = downlink.hasDisconnected
        disconnectReason = downlink.disconnectReason
        isBetweenFrames = downlink.isBetweenFrames
        isBetweenPackets = downlink.isBetweenPackets
        packets = downlink.counts.total.packets
        counts = downlink.counts
        totals = words.totals.counts
        frameCount = downlink.frames
    }

    private mutating func takeBytes() {
        raw += wire
        taken += wire.count
        wire.removeAll()
    }

    private mutating func takeFrames() {
        guard fault == nil, let parsed = ServerFrame.parse(wire) else {
            fault = fault ?? "the output is not frames that a server may send"
            return
        }
        frames += parsed.whole
        unfinished = parsed.rest
        wire.removeFirst(parsed.consumed)
        taken += parsed.whole.reduce(0) { $0 + $1.payload.count }
    }

    private mutating func feed(_ block: ArraySlice<UInt8>, _ downlink: inout Downlink, room: Int, offset: Int) {
        let buffer = GuardedBuffer(count: Downlink.headroom + block.count, offset: offset)
        buffer.fill(block, at: Downlink.headroom)
        let assembly = GuardedBuffer(count: room)
        let start = buffer.start + Downlink.headroom
        let first = downlink.restoreCarry(before: start)
        if start - first > Downlink.carryCapacity { fault = "more than carryCapacity was held" }
        var cursor = Downlink.Cursor(start: first, end: start + block.count)
        let view = UnsafeMutableRawBufferPointer(start: assembly.start, count: room)
        outputs.append(0)
        while let output = downlink.next(&cursor, assembly: view, totals: words.totals) {
            let isInside = [buffer, assembly].contains {
                output.start >= $0.start && output.start + output.count <= $0.start + $0.count
            }
            guard isInside, output.count > 0 else {
                fault = "the output is not inside the memory given"
                break
            }
            outputs[outputs.count - 1] += 1
            wire += bytes(at: output.start, count: output.count)
        }
        if !downlink.isBroken, cursor.position != cursor.end { fault = "the block was left before its end" }
        if !buffer.isIntact || !assembly.isIntact { fault = "a byte outside the memory given was written" }
    }
}

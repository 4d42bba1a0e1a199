import TestSupport

@testable import Tunnel
@testable import Wire

/// What an `Uplink` made of a stream of client frames.
struct UplinkRun: Equatable {
    /// MQTT bytes, up to the end of the stream or the violation.
    var payload: [UInt8] = []
    /// What was passed on; the payload, where the session is not open.
    var forwarded: [UInt8] = []
    /// The ping to answer of each block that had one.
    var pings: [[UInt8]] = []
    var end: Uplink.End?
    var violation: EndCause?
    var hasDisconnected = false
    var packets: UInt64 = 0
    var counts = PacketCounts()
    /// What the loop has counted.
    var totals = PacketCounts()
    var (frames, pingCount, pongCount): (UInt64, UInt32, UInt32) = (0, 0, 0)
    /// What must never happen.
    var fault: String?

    struct Opening {
        var version = ProtocolVersion.v5_0
        var packetLimit = 0
    }

    /// Feeds `stream` in blocks that end at the `cuts`, each in guarded memory with just the headroom asked for, as a
    /// session does: an end or a violation is the last of it. `opening` nil: the session is not open.
    init(
        of stream: [UInt8], cuts: [Int] = [], framing: Framing = .packets, offset: Int = 0,
        opening: Opening? = Opening()
    ) {
        var uplink = Uplink(framing: framing)
        if let opening { uplink.open(version: opening.version, packetLimit: opening.packetLimit) }
        let words = TotalWords()
        for block in split(stream, at: cuts) {
            feed(block, &uplink, words.totals, offset: offset, isOpen: opening != nil)
            if end != nil || violation != nil || fault != nil { break }
        }
        hasDisconnected = uplink.hasDisconnected
        packets = uplink.counts.total.packets
        counts = uplink.counts
        totals = words.totals.counts
        (frames, pingCount, pongCount) = (uplink.frames, uplink.pings, uplink.pongs)
    }

    private mutating func feed(
        _ input: ArraySlice<UInt8>, _ uplink: inout Uplink, _ totals: PacketTotals, offset: Int, isOpen: Bool
    ) {
        let buffer = GuardedBuffer(count: Uplink.headroom + input.count, offset: offset)
        let control = GuardedBuffer(count: Uplink.controlCapacity)
        buffer.fill(input, at: Uplink.headroom)
        let start = buffer.start + Uplink.headroom
        var cursor = uplink.begin(start, end: start + input.count)
        if start - cursor.position > Uplink.headroom { fault = "more than the headroom was held" }
        while let block = uplink.next(&cursor, control: control.start) {
            take(block, &uplink, totals, inside: buffer, control, isOpen: isOpen)
            if fault != nil || end != nil || violation != nil { break }
        }
        if end != nil, uplink.next(&cursor, control: control.start) != nil { fault = "a block after the last" }
        if !buffer.isIntact || !control.isIntact { fault = "a byte outside the block was written" }
    }

    private mutating func take(
        _ block: Uplink.Block, _ uplink: inout Uplink, _ totals: PacketTotals, inside buffer: GuardedBuffer,
        _ control: GuardedBuffer, isOpen: Bool
    ) {
        guard block.payload >= buffer.start, block.count >= 0,
            block.payload + block.count <= buffer.start + buffer.count
        else {
            fault = "the payload is not inside the block"
            return
        }
        payload += bytes(at: block.payload, count: block.count)
        if let ping = block.ping { pings.append(bytes(at: control.start, count: ping)) }
        end = block.end
        var forward = block.count
        if isOpen, block.count > 0 {
            let scan = uplink.scan(block.payload, count: block.count, totals: totals)
            forward = scan.forward
            violation = scan.violation
            guard 0...block.count ~= forward else {
                fault = "more is passed on than there is"
                return
            }
        }
        forwarded += bytes(at: block.payload, count: forward)
    }
}

/// What `Uplink.scan` made of a stream of MQTT bytes after a CONNECT.
struct ScanRun: Equatable {
    var forward = 0
    var violation: EndCause?
    var hasDisconnected = false
    var isDone = false
    var disconnectReason: UInt8?
    var packets: UInt64 = 0

    init(of stream: [UInt8], cuts: [Int] = [], version: ProtocolVersion = .v5_0, packetLimit: Int = 0) {
        var uplink = Uplink(framing: .packets)
        uplink.open(version: version, packetLimit: packetLimit)
        let words = TotalWords()
        for block in split(stream, at: cuts) {
            let buffer = GuardedBuffer(count: block.count)
            buffer.fill(block)
            let scan = uplink.scan(buffer.start, count: block.count, totals: words.totals)
            forward += scan.forward
            violation = scan.violation
            if violation != nil { break }
        }
        disconnectReason = uplink.disconnectReason
        hasDisconnected = uplink.hasDisconnected
        isDone = uplink.isDone
        packets = uplink.counts.total.packets
    }
}

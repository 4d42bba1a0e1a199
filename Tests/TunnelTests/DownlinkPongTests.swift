import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Downlink: a pong waits for the frame under way")
struct DownlinkPongTests {
    private static let packet = MQTTPacket.make(0x30, 300)

    /// Feeds one block and drops what it makes.
    private func feed(_ bytes: [UInt8], _ downlink: inout Downlink) {
        let buffer = GuardedBuffer(count: Downlink.headroom + bytes.count)
        buffer.fill(bytes[...], at: Downlink.headroom)
        let start = buffer.start + Downlink.headroom
        let assembly = GuardedBuffer(count: 512)
        var cursor = Downlink.Cursor(start: downlink.restoreCarry(before: start), end: start + bytes.count)
        let words = TotalWords()
        let view = UnsafeMutableRawBufferPointer(start: assembly.start, count: 512)
        while downlink.next(&cursor, assembly: view, totals: words.totals) != nil {}
    }

    private func take(_ downlink: inout Downlink) -> [UInt8]? {
        let room = GuardedBuffer(count: Uplink.controlCapacity)
        guard let count = downlink.takePong(into: room.start) else { return nil }
        #expect(room.isIntact)
        return bytes(at: room.start, count: count)
    }

    private func postpone(_ payload: [UInt8], _ downlink: inout Downlink) {
        let buffer = GuardedBuffer(count: payload.count)
        buffer.fill(payload[...])
        downlink.postpone(pong: buffer.start, count: payload.count)
    }

    private func expectDue(_ isDue: Bool, _ expected: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(isDue == expected, sourceLocation: sourceLocation)
    }

    @Test("RFC 6455 §5.2: due when the frame is whole, not before", arguments: [0, 3, 125])
    func due(count: Int) {
        let payload = (0..<count).map { UInt8($0) }
        var downlink = Downlink(framing: .packet, version: .v5_0)
        feed(Array(Self.packet.prefix(100)), &downlink)
        let isInside = !downlink.isBetweenFrames
        #expect(isInside)
        postpone(payload, &downlink)
        expectDue(downlink.hasDuePong, false)
        feed(Array(Self.packet[100..<200]), &downlink)
        expectDue(downlink.hasDuePong, false)
        feed(Array(Self.packet[200...]), &downlink)
        expectDue(downlink.hasDuePong, true)
        #expect(take(&downlink) == payload)
        expectDue(downlink.hasDuePong, false)
        #expect(take(&downlink) == nil)
    }

    @Test("RFC 6455 §5.5.3: one waits, the latest")
    func one() {
        var downlink = Downlink(framing: .packet, version: .v5_0)
        feed(Array(Self.packet.prefix(100)), &downlink)
        for size in [1, 125, 7] { postpone([UInt8](repeating: UInt8(size), count: size), &downlink) }
        feed(Array(Self.packet[100...]), &downlink)
        #expect(take(&downlink) == [UInt8](repeating: 7, count: 7) && take(&downlink) == nil)
    }

    @Test("What waits is freed with the session")
    func freed() {
        var downlink = Downlink(framing: .packet, version: .v5_0)
        feed(Array(Self.packet.prefix(100)), &downlink)
        postpone([1], &downlink)
    }
}

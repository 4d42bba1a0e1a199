import TestSupport
import Testing

@testable import Wire

@Suite("3.1.1 §2.2, 5.0 §2.1: fixed headers of a stream of packets")
struct PacketScannerTests {
    /// Packets of every kind of header, with lengths of one to four bytes, shortest form and longer.
    private static let packets: [[UInt8]] = [
        [0xC0, 0x00],
        [0x30, 0x03, 0x00, 0x01, 0x61],
        [0x82, 0x80, 0x00],
        [0x32, 0x81, 0x80, 0x00, 0xE0],
        [0xE0, 0x02, 0x00, 0x00],
        [0x3B, 0x82, 0x80, 0x80, 0x00, 0xC0, 0x00],
        [0x30, 0x80, 0x01] + [UInt8](repeating: 0x10, count: 128),
        [0xF0, 0x80, 0x80, 0x00],
        [0x10, 0x00],
        [0xD0, 0x00],
        [0x40, 0x02, 0x12, 0x34],
    ]
    private static let stops: PacketScanner.Types = [.connect, .disconnect, .auth, .subscribe]

    @Test("Every cut and pair of cuts of a fixed stream finds the same packets")
    func cuts() {
        let stream = Self.packets.flatMap { $0 }
        let whole = Scan(of: stream, stops: Self.stops)
        #expect(whole.stops == Self.expectedStops)
        #expect(whole.packets == UInt64(Self.packets.count) && whole.isBetweenPackets && whole.failure == nil)
        for first in 0...stream.count {
            for second in first...stream.count {
                let result = Scan(of: stream, cuts: [first, second], stops: Self.stops)
                if result != whole { Issue.record("cut at \(first), \(second): \(result)") }
            }
        }
        #expect(Scan(of: stream, cuts: Array(1..<stream.count), stops: Self.stops) == whole)
    }

    private static var expectedStops: [Scan.Stop] {
        var stops: [Scan.Stop] = []
        var end = 0
        for packet in packets {
            end += packet.count
            guard [1, 8, 14, 15].contains(packet[0] >> 4) else { continue }
            stops.append(Scan.Stop(firstByte: packet[0], size: packet.count, end: end))
        }
        return stops
    }

    @Test("At every prefix it knows how many packets began and what is left of the last")
    func prefixes() {
        let stream = Self.packets.flatMap { $0 }
        let ends = Self.packets.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        for count in 0...stream.count {
            let result = Scan(of: Array(stream.prefix(count)), stops: [])
            #expect(result.isBetweenPackets == ends.contains(count), "\(count) bytes")
            let begun = zip(ends, Self.packets).count { start, packet in start + Self.headerSize(packet) <= count }
            #expect(result.packets == UInt64(begun), "\(count) bytes")
            let last = zip(ends, Self.packets).first { start, packet in
                count >= start + Self.headerSize(packet) && count < start + packet.count
            }
            #expect(result.remaining == (last.map { $0 + $1.count - count } ?? 0), "\(count) bytes")
        }
    }

    private static func headerSize(_ packet: [UInt8]) -> Int { 2 + packet.dropFirst().prefix { $0 >= 0x80 }.count }

    @Test(
        "5.0 §1.5.5: the borders of each size",
        arguments: [
            ([0x00], 2), ([0x7F], 129), ([0x80, 0x01], 131), ([0xFF, 0x7F], 16_386), ([0x80, 0x80, 0x01], 16_388),
            ([0xFF, 0xFF, 0x7F], 2_097_155), ([0x80, 0x80, 0x80, 0x01], 2_097_157),
            ([0xFF, 0xFF, 0xFF, 0x7F], 268_435_460),
        ] as [([UInt8], Int)])
    func sizes(length: [UInt8], size: Int) throws {
        let header = [0x30] + length
        let found = try header.withUnsafeBytes { view in
            try view.baseAddress.flatMap { try PacketScanner.size(at: $0, $0 + view.count) }
        }
        #expect(found == size)
        // Also through the header that a block cut off.
        for cut in 0..<header.count {
            let result = Scan(of: header, cuts: [cut], stops: .all)
            #expect(result.stops == [Scan.Stop(firstByte: 0x30, size: size, end: size)], "cut at \(cut)")
            #expect(result.remaining == size - header.count)
            let partial = try Array(header.prefix(cut)).withUnsafeBytes { view in
                try view.baseAddress.flatMap { try PacketScanner.size(at: $0, $0 + view.count) }
            }
            #expect(partial == nil)
        }
        #expect(size <= PacketScanner.largest)
    }

    @Test("5.0 §1.5.5: a length of five bytes fails at its fourth byte, at every cut")
    func fiveBytes() {
        for tail in [0x00, 0x01, 0x7F, 0x80, 0xFF] as [UInt8] {
            let stream: [UInt8] = [0xC0, 0x00, 0x30, 0x80, 0x80, 0x80, 0x80, tail]
            for cut in 0...stream.count {
                for second in cut...stream.count {
                    let result = Scan(of: stream, cuts: [cut, second], stops: [])
                    #expect(result.failure == .remainingLength && result.packets == 1, "cut at \(cut), \(second)")
                }
            }
            for count in 0...6 { #expect(Scan(of: Array(stream.prefix(count)), stops: []).failure == nil) }
            #expect(Scan(of: Array(stream.prefix(7)), stops: []).failure == .remainingLength)
        }
    }

    @Test("A packet is too large as soon as its header is there, and not counted")
    func limit() {
        let front: [UInt8] = [0xC0, 0x00]
        for (size, header) in [(102, [0x30, 0x64]), (203, [0x30, 0xC8, 0x01])] as [(Int, [UInt8])] {
            let stream = front + header
            for cut in 0...stream.count {
                let below = Scan(of: stream, cuts: [cut], stops: [], limit: size - 1)
                #expect(below.failure == .tooLarge && below.packets == 1, "cut at \(cut)")
                let exact = Scan(of: stream, cuts: [cut], stops: [], limit: size)
                #expect(exact.failure == nil && exact.packets == 2, "cut at \(cut)")
            }
        }
    }

    @Test("The limit also holds for packets that are stops, and for those that are whole")
    func limitOfStops() {
        let stream: [UInt8] = [0xE0, 0x02, 0x00, 0x00]
        for cut in 0...stream.count {
            let result = Scan(of: stream, cuts: [cut], stops: .all, limit: 3)
            #expect(result.failure == .tooLarge && result.stops.isEmpty, "cut at \(cut)")
        }
    }

    @Test("After a failure the position is at the packet, or where the block began inside its header")
    func positionOfFailure() {
        let cases: [(block: [UInt8], before: [UInt8], position: Int)] = [
            ([0xC0, 0x00, 0x30, 0x70], [], 2), ([0x70], [0x30], 0), ([0x90, 0x01], [0x30], 0),
            ([0xC0, 0x00, 0x30, 0x80, 0x80, 0x80, 0x80], [], 2), ([0x80, 0x80, 0x80], [0x30, 0x80], 0),
            ([0x11, 0x30, 0x70], [0xC0, 0x01], 1),
        ]
        for (block, before, position) in cases {
            var scanner = PacketScanner()
            #expect(throws: Never.self) { _ = try Self.next(&scanner, before, limit: 50) }
            var moved = 0
            #expect(throws: PacketScanner.Failure.self) {
                _ = try Self.next(&scanner, block, limit: 50, moved: &moved)
            }
            #expect(moved == position, "\(before) \(block)")
        }
    }

    private static func next(_ scanner: inout PacketScanner, _ block: [UInt8], limit: Int) throws {
        var moved = 0
        try next(&scanner, block, limit: limit, moved: &moved)
    }

    private static func next(
        _ scanner: inout PacketScanner, _ block: [UInt8], limit: Int, moved: inout Int
    ) throws {
        let buffer = GuardedBuffer(count: block.count)
        buffer.fill(block)
        var position = UnsafeRawPointer(buffer.start)
        defer { moved = position - UnsafeRawPointer(buffer.start) }
        _ = try scanner.next(
            &position, end: position + block.count, stops: [], limit: limit, totals: TotalWords().totals)
    }

    @Test("The type of a packet is the upper half of its first byte")
    func types() {
        let named: [PacketScanner.Types] = [
            .reserved, .connect, .connack, [], [], [], [], [], .subscribe, .suback, .unsubscribe, .unsuback, .pingreq,
            .pingresp, .disconnect, .auth,
        ]
        for byte in 0...255 as ClosedRange<UInt8> {
            let type = PacketScanner.Types(firstByte: byte)
            #expect(type.rawValue.nonzeroBitCount == 1)
            if !named[Int(byte / 16)].isEmpty { #expect(type == named[Int(byte / 16)]) }
            // A stop of one type stops at it and at no other.
            for other in 0..<16 {
                let stops = PacketScanner.Types(firstByte: UInt8(other * 16))
                #expect(Scan(of: [byte, 0], stops: stops).stops.isEmpty == (other != Int(byte / 16)))
            }
        }
    }

    @Test("begin, take and add: packets that the caller walks itself")
    func walkedByCaller() {
        let words = TotalWords()
        let bytes = GuardedBuffer(count: 20)
        bytes.fill([0xC0, 0x00, 0xC0, 0x00, 0x40, 0x0A])
        var scanner = PacketScanner()
        var run = PacketRun(0xC0, repeats: true, isVersion5: false)
        for start in [0, 2] {
            #expect(run.takes(0xC0) && run.take(bytes.start + start, size: 2, end: bytes.start + 20))
        }
        #expect(!run.takes(0x40) && !PacketRun().takes(0x00))
        scanner.add(run.firstByte, run.packets, run.bytes, run.payloadBytes, words.totals)
        #expect(scanner.counts.total == PacketCounts.Count(packets: 2, bytes: 4) && scanner.isBetweenPackets)
        run = PacketRun(0x40, repeats: false, isVersion5: false)
        #expect(!run.takes(0x40) && run.take(bytes.start + 4, size: 12, end: bytes.start + 6))
        scanner.add(run.firstByte, run.packets, run.bytes, run.payloadBytes, words.totals)
        scanner.begin(remaining: 10)
        #expect(scanner.remaining == 10 && !scanner.isBetweenPackets)
        scanner.take(4, at: bytes.start, totals: words.totals)
        #expect(scanner.remaining == 6)
        scanner.take(6, at: bytes.start, totals: words.totals)
        #expect(scanner.isBetweenPackets)
        scanner.begin(remaining: 2)
        scanner.take(Int.max, at: bytes.start, totals: words.totals)
        #expect(scanner.remaining == 0 && scanner.counts.total == PacketCounts.Count(packets: 3, bytes: 16))
        #expect(scanner.counts == words.totals.counts && scanner.counts[.puback].bytes == 12)
    }

    @Test("Random packets in random blocks", arguments: 0..<64 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stream: [UInt8] = []
        var ends: [Int] = []
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            let largest = [0, 3, 127, 128, 300, 17_000].randomElement(using: &random) ?? 0
            let body = random.bytes(Int.random(in: 0...largest, using: &random))
            stream += [UInt8.random(in: 0...255, using: &random)] + Self.length(body.count) + body
            ends.append(stream.count)
        }
        for largest in [1, 3, 50, 5_000] {
            let cuts = random.cuts(stream.count, largest: largest)
            let result = Scan(of: stream, cuts: cuts, stops: .all)
            #expect(result.stops.map(\.end) == ends && result.failure == nil, "seed \(seed), largest \(largest)")
            #expect(result.packets == UInt64(ends.count) && result.isBetweenPackets, "seed \(seed)")
            let passing = Scan(of: stream, cuts: cuts, stops: [])
            #expect(passing.stops.isEmpty && passing.packets == UInt64(ends.count), "seed \(seed)")
        }
    }

    private static func length(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value % 128) | 0x80] + length(value / 128)
    }
}

/// What a `PacketScanner` found in a stream.
private struct Scan: Equatable {
    struct Stop: Equatable {
        let firstByte: UInt8
        let size: Int
        /// Where in the stream it ends.
        let end: Int
    }

    var stops: [Stop] = []
    var failure: PacketScanner.Failure?
    var packets: UInt64 = 0
    var remaining = 0
    var isBetweenPackets = true

    init(
        of stream: [UInt8], cuts: [Int] = [], stops: PacketScanner.Types, limit: Int = PacketScanner.largest
    ) {
        var scanner = PacketScanner()
        let words = TotalWords()
        var front = 0
        for block in split(stream, at: cuts) {
            let buffer = GuardedBuffer(count: block.count, offset: front % 8)
            buffer.fill(block)
            var position = UnsafeRawPointer(buffer.start)
            let end = position + block.count
            do throws(PacketScanner.Failure) {
                while let packet = try scanner.next(
                    &position, end: end, stops: stops, limit: limit, totals: words.totals)
                {
                    scanner.count(packet.firstByte, size: packet.size, totals: words.totals)
                    let offset = front + (position - UnsafeRawPointer(buffer.start))
                    self.stops.append(
                        Stop(firstByte: packet.firstByte, size: packet.size, end: offset + scanner.remaining))
                }
                if position != end { Issue.record("the block was left before its end") }
            } catch {
                failure = error
                break
            }
            if !buffer.isIntact { Issue.record("a byte outside the block was written") }
            front += block.count
        }
        packets = scanner.counts.total.packets
        remaining = scanner.remaining
        isBetweenPackets = scanner.isBetweenPackets
    }
}

extension PacketScanner.Types {
    fileprivate static let all = PacketScanner.Types(rawValue: .max)
}

import TestSupport
import Testing

@testable import Wire

@Suite("RFC 6455 §5: the rules of client frames")
struct FrameDecoderRuleTests {
    /// One broken rule.
    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let frames: [ClientFrame]
        let failure: WebSocketViolation
        /// Bytes of the last frame that show it.
        let shownBy: Int

        init(_ name: String, _ frames: [ClientFrame], _ failure: WebSocketViolation, shownBy: Int) {
            self.name = name
            self.frames = frames
            self.failure = failure
            self.shownBy = shownBy
        }

        var testDescription: String { name }
        var bytes: [UInt8] { frames.bytes }
        /// Bytes in front of the frame that breaks the rule.
        var front: Int { frames.dropLast().reduce(0) { $0 + $1.bytes.count } }
    }

    private static let fragment = ClientFrame.binary([1, 2, 3], isFinal: false)

    static let broken: [Broken] =
        (1...7).map { Broken("§5.2: RSV \($0) on data", [ClientFrame(reserved: $0)], .reservedBits, shownBy: 1) }
        + (1...7).map {
            Broken(
                "§5.2: RSV \($0) on a control frame", [ClientFrame(reserved: $0, opcode: 9)], .reservedBits, shownBy: 1)
        }
        + [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map {
            Broken("§5.2: reserved opcode \($0)", [ClientFrame(opcode: $0, payload: [1])], .opcode, shownBy: 1)
        }
        + [0, 2, 9].map { opcode in
            Broken(
                "§5.1: opcode \(opcode) without a mask",
                (opcode == 0 ? [fragment] : []) + [ClientFrame(opcode: opcode, payload: [1, 2, 3, 4], key: nil)],
                .unmasked, shownBy: 2)
        }
        + [8, 9, 10].flatMap { opcode in
            [
                Broken(
                    "§5.5: control frame \(opcode) without FIN",
                    [ClientFrame(isFinal: false, opcode: opcode)], .controlFragmented, shownBy: 1),
                Broken(
                    "§5.5: control frame \(opcode) of 126 bytes",
                    [ClientFrame(opcode: opcode, payload: [UInt8](repeating: 0, count: 126))], .controlLength,
                    shownBy: 2),
                Broken(
                    "§5.5: control frame \(opcode) of 65536 bytes",
                    [ClientFrame(opcode: opcode, announced: 65_536)], .controlLength, shownBy: 2),
                Broken(
                    "§5.5: control frame \(opcode) inside a message without FIN",
                    [fragment, ClientFrame(isFinal: false, opcode: opcode)], .controlFragmented, shownBy: 1),
            ]
        }
        + [
            Broken("§5.4: continuation of nothing", [.continuation([1], isFinal: true)], .continuation, shownBy: 1),
            Broken(
                "§5.4: continuation of nothing, not final", [.continuation([1], isFinal: false)], .continuation,
                shownBy: 1),
            Broken(
                "§5.4: continuation behind a whole message", [.binary([1]), .continuation([2], isFinal: true)],
                .continuation, shownBy: 1),
            Broken(
                "§5.4: continuation behind the last fragment",
                [fragment, .continuation([2], isFinal: true), .continuation([3], isFinal: true)], .continuation,
                shownBy: 1),
            Broken(
                "§5.4: a whole message inside a fragmented one", [fragment, .binary([9])], .interleaved, shownBy: 1),
            Broken(
                "§5.4: a second fragmented message inside the first", [fragment, fragment], .interleaved, shownBy: 1),
            Broken(
                "§5.4: a ping does not end the fragmented message", [fragment, .control(9), .binary([9])],
                .interleaved, shownBy: 1),
            Broken("§5.6 [MQTT-6.0.0-1]: text", [ClientFrame(opcode: 1, payload: [0x41])], .text, shownBy: 1),
            Broken(
                "§5.6 [MQTT-6.0.0-1]: text, fragmented", [ClientFrame(isFinal: false, opcode: 1, payload: [0x41])],
                .text, shownBy: 1),
            Broken(
                "§5.6 [MQTT-6.0.0-1]: text inside a fragmented message", [fragment, ClientFrame(opcode: 1)], .text,
                shownBy: 1),
        ]

    @Test("Each broken rule has its failure, and what came before it is kept", arguments: broken)
    func failure(_ rule: Broken) {
        let front = rule.frames.dropLast()
        let result = FrameDecoding(of: rule.bytes)
        #expect(result.failure == rule.failure)
        #expect(result.payload == front.filter { $0.opcode < 8 }.flatMap(\.payload))
        #expect(result.controls.count == front.count { $0.opcode >= 8 })
        #expect(result.fault == nil)
    }

    @Test("It fails on the first byte that shows it, and not before", arguments: broken)
    func earliest(_ rule: Broken) {
        for count in 0...rule.bytes.count {
            let result = FrameDecoding(of: Array(rule.bytes.prefix(count)))
            #expect((result.failure == rule.failure) == (count >= rule.front + rule.shownBy), "\(count) bytes")
        }
    }

    @Test("Cut anywhere, it fails the same", arguments: broken)
    func cut(_ rule: Broken) {
        let whole = FrameDecoding(of: rule.bytes)
        for cut in 1..<rule.bytes.count {
            let result = FrameDecoding(of: rule.bytes, cuts: [cut])
            #expect(result.failure == rule.failure && result.payload == whole.payload, "cut at \(cut)")
            #expect(result.controls == whole.controls && result.fault == nil, "cut at \(cut)")
        }
    }

    @Test("§5.2: every pair of first bytes, against the rules written one by one", arguments: [false, true])
    func everyStart(isFragmented: Bool) {
        let front = isFragmented ? Self.fragment.bytes : []
        for first in 0...255 as ClosedRange<UInt8> {
            for second in 0...255 as ClosedRange<UInt8> {
                let stream = front + [first, second]
                let result = FrameDecoding(of: stream)
                let allowed = Self.failures(first, second, isFragmented: isFragmented)
                let isRight = result.failure.map(allowed.contains) ?? allowed.isEmpty
                guard !isRight || result.fault != nil else { continue }
                Issue.record("\(stream): \(String(describing: result.failure)), allowed \(allowed)")
            }
        }
    }

    /// All rules that these two bytes break, each on its own.
    private static func failures(_ first: UInt8, _ second: UInt8, isFragmented: Bool) -> [WebSocketViolation] {
        let opcode = first % 16
        var failures: [WebSocketViolation] = []
        if (first / 16) % 8 != 0 { failures.append(.reservedBits) }
        if ![0, 1, 2, 8, 9, 10].contains(opcode) { failures.append(.opcode) }
        if second < 128, opcode != 8, opcode != 10 { failures.append(.unmasked) }
        if [8, 9, 10].contains(opcode), first < 128 { failures.append(.controlFragmented) }
        if [8, 9, 10].contains(opcode), second % 128 > 125 { failures.append(.controlLength) }
        if opcode == 1 { failures.append(.text) }
        if opcode == 0, !isFragmented { failures.append(.continuation) }
        if opcode == 2, isFragmented { failures.append(.interleaved) }
        return failures
    }

    @Test(
        "§7.4.1: 1003 for text, 1007 for what is not UTF-8 or not DEFLATE, 1009 for too much, 1002 for the other rules")
    func closeCodes() {
        for violation in WebSocketViolation.allCases {
            let code: CloseCode =
                switch violation {
                case .text: .unsupportedData
                case .closeReason, .deflate: .invalidPayload
                case .deflateSize: .messageTooBig
                default: .protocolError
                }
            #expect(violation.code == code)
        }
    }

    @Test(
        "§5.5.1: the words of every rule fit into a Close, and name the clause", arguments: WebSocketViolation.allCases)
    func words(violation: WebSocketViolation) {
        let words = violation.words
        #expect(words.utf8.count <= 123 && words.utf8.allSatisfy { 0x20...0x7E ~= $0 })
        #expect(words.contains("section") && words.contains(" "))
        #expect(WebSocketViolation.allCases.count { $0.words == words } == 1)
    }

    @Test("A decoder that has failed fails again, and stays where it is")
    func staysFailed() {
        var decoder = FrameDecoder()
        let stream = [ClientFrame.binary([1, 2, 3]), ClientFrame(reserved: 4)].bytes
        let buffer = GuardedBuffer(count: stream.count)
        buffer.fill(stream)
        var cursor = FrameDecoder.Cursor(start: buffer.start, end: buffer.start + stream.count)
        for _ in 0..<3 {
            do throws(WebSocketViolation) {
                _ = try decoder.next(&cursor)
                Issue.record("no failure")
            } catch {
                #expect(error == .reservedBits)
            }
            #expect(cursor.source == buffer.start + 9)
            #expect(bytes(at: buffer.start, count: cursor.payloadEnd - buffer.start) == [1, 2, 3])
        }
    }
}

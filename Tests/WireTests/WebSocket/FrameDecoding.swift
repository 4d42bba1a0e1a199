import TestSupport
import Testing

@testable import Wire

/// What a `FrameDecoder` made of a stream.
struct FrameDecoding: Equatable {
    struct ControlFrame: Equatable {
        let kind: FrameDecoder.Control
        let payload: [UInt8]
        /// Bytes of data in front of it.
        let position: Int
    }

    var payload: [UInt8] = []
    var controls: [ControlFrame] = []
    var failure: WebSocketViolation?
    var isBetweenMessages = true

    // How it went; not a part of what is compared.
    var mostCarried = 0
    var carried: [Int] = []
    var fault: String?

    static func == (a: FrameDecoding, b: FrameDecoding) -> Bool {
        a.payload == b.payload && a.controls == b.controls && a.failure == b.failure
            && a.isBetweenMessages == b.isBetweenMessages && a.fault == b.fault
    }
}

extension FrameDecoding {
    /// Decodes `stream` in blocks that end at the `cuts`, each in guarded memory of its own with just the headroom that
    /// the decoder asks for. `offset` moves the blocks away from aligned addresses.
    init(of stream: [UInt8], cuts: [Int] = [], offset: Int = 0, isStrict: Bool = false, allowsCompression: Bool = false)
    {
        var decoder = FrameDecoder()
        decoder.allowsCompression = allowsCompression
        decoder.isStrict = isStrict
        for block in split(stream, at: cuts) {
            decode(block, &decoder, offset: offset)
            if failure != nil || fault != nil { break }
        }
        isBetweenMessages = decoder.isBetweenMessages
    }

    private mutating func decode(_ block: ArraySlice<UInt8>, _ decoder: inout FrameDecoder, offset: Int) {
        let room = FrameDecoder.carryCapacity
        let buffer = GuardedBuffer(count: room + block.count, offset: offset)
        buffer.fill(block, at: room)
        let start = buffer.start + room
        let first = decoder.restoreCarry(before: start)
        carried.append(start - first)
        mostCarried = max(mostCarried, start - first)
        var cursor = FrameDecoder.Cursor(start: first, end: start + block.count)
        do throws(WebSocketViolation) {
            while let frame = try decoder.next(&cursor) {
                controls.append(
                    ControlFrame(
                        kind: frame.kind, payload: bytes(at: frame.payload, count: frame.count),
                        position: payload.count + (cursor.payloadEnd - first)))
            }
            if cursor.source != cursor.end { fault = "the block was left before its end" }
        } catch {
            failure = error
        }
        if cursor.payloadEnd < first || cursor.payloadEnd > cursor.source || cursor.source > cursor.end {
            fault = "the cursor left the block"
            return
        }
        payload += bytes(at: first, count: cursor.payloadEnd - first)
        if !buffer.isIntact { fault = "a byte outside the block was written" }
    }
}

/// Records a mismatch with the cuts that led to it.
func expectSame(
    _ result: FrameDecoding, _ expected: FrameDecoding, _ context: @autoclosure () -> String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard result != expected else { return }
    Issue.record(
        "\(context()): \(result.fault ?? "\(result) instead of \(expected)")", sourceLocation: sourceLocation)
}

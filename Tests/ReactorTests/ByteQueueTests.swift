import TestSupport
import Testing

@testable import Reactor

@Suite("Byte queue")
struct ByteQueueTests {
    private func append(_ bytes: [UInt8], to queue: inout ByteQueue) {
        bytes.withUnsafeBytes { queue.append($0) }
    }

    @Test("Empty at first, and after nothing was appended")
    func empty() {
        var queue = ByteQueue()
        append([], to: &queue)
        let (isEmpty, count, bytes) = (queue.isEmpty, queue.count, Array(queue.bytes))
        #expect(isEmpty)
        #expect(count == 0)
        #expect(bytes == [])
    }

    @Test("Gives its memory back when the last byte is consumed, and can be filled again")
    func refill() {
        var queue = ByteQueue()
        append([1, 2, 3], to: &queue)
        queue.consume(3)
        let (isEmpty, base) = (queue.isEmpty, queue.base)
        #expect(isEmpty)
        #expect(base == nil)
        append([4], to: &queue)
        let bytes = Array(queue.bytes)
        #expect(bytes == [4])
    }

    @Test("Consuming more than there is leaves nothing")
    func consumeTooMuch() {
        var queue = ByteQueue()
        append([1, 2, 3], to: &queue)
        queue.consume(.max)
        let isEmpty = queue.isEmpty
        #expect(isEmpty)
        queue.consume(1)
        let count = queue.count
        #expect(count == 0)
    }

    @Test("Like an array: append, consume, clear", arguments: 1...30 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = ByteQueue()
        var model: [UInt8] = []
        for round in 0..<400 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                queue.clear()
                model = []
            case 1..<12:
                let most = [3, 600, 5_000].randomElement(using: &random) ?? 1
                let bytes = (0..<Int.random(in: 0...most, using: &random)).map { UInt8(truncatingIfNeeded: $0 + round) }
                append(bytes, to: &queue)
                model += bytes
            default:
                let count = Int.random(in: 0...(model.count + 2), using: &random)
                queue.consume(count)
                model = Array(model.dropFirst(count))
            }
            let (isEmpty, count, bytes) = (queue.isEmpty, queue.count, Array(queue.bytes))
            #expect(isEmpty == model.isEmpty, "seed \(seed) round \(round)")
            #expect(count == model.count, "seed \(seed) round \(round)")
            #expect(bytes == model, "seed \(seed) round \(round)")
        }
    }
}

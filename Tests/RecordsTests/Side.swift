import Testing

@testable import Records

/// A record layer with the ciphers of its loop, for tests: bytes in, bytes out.
final class Side {
    let ciphers: RecordCiphers
    private var layer = RecordLayer()
    private let secrets: [[UInt8]]

    init(
        _ suite: CipherSuite, reads: [UInt8], writes: [UInt8], read: UInt64 = 0, written: UInt64 = 0,
        changingKeysAfter limit: UInt64 = RecordLayer.mostRecords, ciphers: RecordCiphers? = nil
    ) throws {
        self.ciphers = try ciphers ?? #require(RecordCiphers())
        secrets = [reads, writes]
        let shared = self.ciphers
        let hasBegun = reads.withUnsafeBytes { reads in
            writes.withUnsafeBytes { writes in
                layer.begin(
                    suite, reads: reads, read: read, writes: writes, written: written, changingKeysAfter: limit, shared)
            }
        }
        try #require(hasBegun)
    }

    deinit { layer.wipe(ciphers) }

    /// Opens one record, which has to be all of the input.
    func open(_ record: [UInt8]) -> (RecordLayer.Outcome, [UInt8]) {
        var record = record
        let opened = record.withUnsafeMutableBytes { bytes -> RecordLayer.Opened in
            guard let start = bytes.baseAddress else { return RecordLayer.Opened(outcome: .incomplete) }
            return layer.open(start, count: bytes.count, ciphers)
        }
        guard case .data(let count) = opened.outcome else { return (opened.outcome, []) }
        return (opened.outcome, Array(record[5..<5 + count]))
    }

    /// Opens all whole records; what is left stays in `input`. Stops at the first that ends the connection.
    func openAll(_ input: inout [UInt8]) -> (content: [UInt8], outcomes: [RecordLayer.Outcome]) {
        var (content, outcomes): ([UInt8], [RecordLayer.Outcome]) = ([], [])
        while !input.isEmpty {
            let opened = input.withUnsafeMutableBytes { bytes -> RecordLayer.Opened in
                guard let start = bytes.baseAddress else { return RecordLayer.Opened(outcome: .incomplete) }
                return layer.open(start, count: bytes.count, ciphers)
            }
            guard opened.outcome != .incomplete else { break }
            outcomes.append(opened.outcome)
            if case .data(let count) = opened.outcome { content += input[5..<5 + count] }
            guard opened.used > 0 else { break }
            input.removeFirst(opened.used)
        }
        return (content, outcomes)
    }

    /// A record, and a KeyUpdate before it where one is due; nil: the layer has ended.
    func seal(_ type: RecordLayer.ContentType, _ content: [UInt8]) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: content.count + RecordLayer.room)
        let count = output.withUnsafeMutableBytes { output in
            output.baseAddress.flatMap { output in
                content.withUnsafeBytes {
                    layer.seal(type, $0.baseAddress, count: content.count, into: output, ciphers)
                }
            }
        }
        return count.map { Array(output[..<$0]) }
    }

    func wipe() { layer.wipe(ciphers) }

    /// The memory of the layer.
    var memory: [UInt8] { withUnsafeBytes(of: &layer) { Array($0) } }
}

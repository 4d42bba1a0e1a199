/// Fields as they are on the wire (§1.5), appended to what is written already.
extension [UInt8] {
    /// The bytes of `source` in `range`, which the caller knows to lie inside.
    mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
        source.extracting(range).withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    /// Binary Data or a string after its two byte length (§1.5.4, §1.5.6); `contents` are at most 65,535 bytes.
    mutating func append(field contents: [UInt8]) {
        append(fieldLength: contents.count)
        append(contentsOf: contents)
    }

    /// As `append(field:)`, with the bytes of `source` in `range`, which the caller knows to lie inside.
    mutating func append(field source: Span<UInt8>, _ range: Range<Int>) {
        append(fieldLength: range.count)
        append(source, range)
    }

    private mutating func append(fieldLength length: Int) {
        append(UInt8(truncatingIfNeeded: length >> 8))
        append(UInt8(truncatingIfNeeded: length))
    }
}

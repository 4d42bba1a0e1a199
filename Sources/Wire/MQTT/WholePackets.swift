/// Packets at the front of a stream that are whole.
package enum WholePackets {
    /// Bytes of the whole packets at the start of `bytes` of which the first byte is `firstByte`; 0: there is none.
    package static func length(of firstByte: UInt8, in bytes: Span<UInt8>) -> Int {
        var length = 0
        while length < bytes.count, bytes[length] == firstByte {
            guard let remaining = try? VariableByteInteger.read(bytes, at: length + 1, end: bytes.count),
                remaining.value <= bytes.count - length - 1 - remaining.size
            else { break }
            length += 1 + remaining.size + remaining.value
        }
        return length
    }
}

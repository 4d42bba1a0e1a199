import CNghttp2

/// The field block of a response (RFC 9113 §8.3.2), built up and handed to nghttp2, which copies it.
package struct FieldBlock: ~Copyable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []  // of each name, and of each value

    /// A block that begins with `:status`.
    package init(status: Int) {
        bytes.reserveCapacity(512)
        ends.reserveCapacity(32)
        append(":status", String(status).utf8)
    }

    private mutating func append(_ name: StaticString, _ value: some Sequence<UInt8>) {
        name.withUTF8Buffer { appendName($0) }
        appendValue(value)
    }

    /// In lower case, as RFC 9113 §8.2 demands.
    package mutating func appendName(_ name: some Sequence<UInt8>) {
        for byte in name { bytes.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) }
        ends.append(bytes.count)
    }

    /// Control characters are dropped.
    package mutating func appendValue(_ value: some Sequence<UInt8>) {
        for byte in value where byte >= 0x20 && byte != 0x7F || byte == 0x09 { bytes.append(byte) }
        ends.append(bytes.count)
    }

    /// Calls `body` with what nghttp2 takes.
    func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        let count = ends.count / 2
        let ends = ends
        return bytes.withUnsafeBufferPointer { bytes in
            let start = UnsafeMutablePointer(mutating: bytes.baseAddress)
            return withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count) { fields in
                var from = 0
                for index in 0..<count {
                    let (name, value) = (ends[2 * index], ends[2 * index + 1])
                    fields[index] = nghttp2_nv(
                        name: start.map { $0 + from }, value: start.map { $0 + name }, namelen: name - from,
                        valuelen: value - name, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
                    from = value
                }
                return body(UnsafePointer(fields.baseAddress), count)
            }
        }
    }
}

import CZlib

/// Inflates messages, each with a fresh window (RFC 7692 §7.2.2 without context takeover). One serves any number of
/// connections, one message after the other; a thread at a time.
package final class Inflater {
    private var stream = z_stream()
    /// The bytes that a sender leaves out at the end of each message, §7.2.1.
    private static let tail: [UInt8] = [0, 0, 0xFF, 0xFF]
    private static let windowSize = 32 * 1024
    /// Blocks with BFINAL in one message. Each costs a copy of the window and may be two bytes, and no sender makes more than one.
    private static let restartLimit = 16
    private var restarts = 0

    /// nil: there is no memory.
    package init?() {
        guard CZlib_inflateInit(&stream, -15) == Z_OK else { return nil }
    }

    deinit { inflateEnd(&stream) }

    /// How a message has ended.
    package enum Result: Sendable, Equatable {
        /// It is inflated whole.
        case whole
        /// It is no DEFLATE, or its end is missing.
        case malformed
        /// It would give more than `limit` bytes.
        case tooLarge
        /// `take` has returned false.
        case stopped
    }

    /// Inflates a message in `room`, part by part, and hands each part to `take`; false stops. No more than `limit` bytes are
    /// inflated.
    package func inflate(
        _ message: UnsafeRawBufferPointer, limit: Int, into room: UnsafeMutableRawBufferPointer,
        take: (UnsafeMutableRawPointer, Int) -> Bool
    ) -> Result {
        inflateReset(&stream)
        restarts = 0
        var left = limit
        for part in 0..<2 {
            let result =
                part == 0
                ? feed(message, &left, room, take) : Self.tail.withUnsafeBytes { feed($0, &left, room, take) }
            guard result == .whole else { return result }
        }
        // Inflating ends between two blocks, or the message was cut off inside one.
        return stream.data_type & Self.isBetweenBlocks != 0 ? .whole : .malformed
    }

    /// The bit of `data_type` that says so, see inflate in zlib.h.
    private static let isBetweenBlocks: Int32 = 128

    private func feed(
        _ bytes: UnsafeRawBufferPointer, _ left: inout Int, _ room: UnsafeMutableRawBufferPointer,
        _ take: (UnsafeMutableRawPointer, Int) -> Bool
    ) -> Result {
        guard let input = bytes.baseAddress, let output = room.baseAddress, bytes.count > 0 else { return .whole }
        guard let size = UInt32(exactly: bytes.count) else { return .tooLarge }
        stream.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = size
        while true {
            // One byte more than is allowed shows that there is too much.
            let capacity = min(room.count, left + 1)
            stream.next_out = output.assumingMemoryBound(to: UInt8.self)
            stream.avail_out = UInt32(truncatingIfNeeded: capacity)
            let status = CZlib.inflate(&stream, Z_SYNC_FLUSH)
            let count = capacity - Int(stream.avail_out)
            guard count <= left else { return left > 0 && !take(output, left) ? .stopped : .tooLarge }
            left -= count
            if count > 0, !take(output, count) { return .stopped }
            switch status {
            case Z_STREAM_END:
                restarts += 1
                guard restarts <= Self.restartLimit, beginNextBlocks() else { return .malformed }
            case Z_OK: break
            case Z_BUF_ERROR: return .whole  // nothing more can be done with what there is
            default: return .malformed
            }
            if stream.avail_in == 0, stream.avail_out > 0 { return .whole }
        }
    }

    /// After a block with BFINAL others may follow (§7.2.3.4), which refer to what was before.
    private func beginNextBlocks() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: Self.windowSize, alignment: 16) { window in
            guard let start = window.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
            var count: UInt32 = 0
            guard inflateGetDictionary(&stream, start, &count) == Z_OK, inflateReset(&stream) == Z_OK else {
                return false
            }
            return count == 0 || inflateSetDictionary(&stream, start, count) == Z_OK
        }
    }
}

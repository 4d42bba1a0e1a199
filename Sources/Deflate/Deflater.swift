import CZlib

/// Deflates messages, each with a fresh window (RFC 7692 §7.2.1 without context takeover). One serves any number of connections
/// with the same window, one message after the other; a thread at a time.
package final class Deflater {
    private var stream = z_stream()
    /// What a message ends with and its sender leaves out, §7.2.1.
    private static let tailSize = 4
    /// Fast: what passes here is small, and a loop does nothing else meanwhile.
    private static let level: Int32 = 1

    /// `windowBits`: 9 to 15. nil: there is no memory.
    package init?(windowBits: Int) {
        let bits = Int32(truncatingIfNeeded: min(max(windowBits, 9), 15))
        guard CZlib_deflateInit(&stream, Self.level, -bits, 8) == Z_OK else { return nil }
    }

    deinit { deflateEnd(&stream) }

    /// Deflates a message into `room`; returns its size. nil: it does not become shorter, or does not fit.
    package func deflate(_ message: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Int? {
        guard let input = message.baseAddress, let output = room.baseAddress, let size = UInt32(exactly: message.count)
        else { return nil }
        deflateReset(&stream)
        let capacity = min(room.count, message.count + Self.tailSize)
        stream.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = size
        stream.next_out = output.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(truncatingIfNeeded: capacity)
        guard CZlib.deflate(&stream, Z_SYNC_FLUSH) == Z_OK, stream.avail_in == 0, stream.avail_out > 0 else {
            return nil
        }
        let count = capacity - Int(stream.avail_out) - Self.tailSize
        return count < message.count ? count : nil
    }
}

/// Writes headers of server-to-client frames (RFC 6455 §5.2): never masked.
///
/// Public, as the compiler inlines nothing into another module that is not.
public enum FrameHeader {
    /// Room in front of a payload that the longest header needs.
    @inlinable public static var headroom: Int { 16 }

    @frozen public enum Opcode: UInt8, Sendable, BitwiseCopyable {
        case continuation = 0, binary = 2, close = 8, ping = 9, pong = 10
    }

    /// Writes the header of a frame right before its `count` bytes of payload; returns where the frame begins.
    @inlinable @inline(__always)
    public static func prepend(
        _ opcode: Opcode, isFinal: Bool = true, before payload: UnsafeMutableRawPointer, count: Int
    ) -> UnsafeMutableRawPointer {
        let start = payload - size(count)
        _ = write(opcode, isFinal: isFinal, count: count, to: start)
        return start
    }

    /// Writes the header of a frame of `count` bytes at `start`; returns where its payload belongs.
    @inlinable @inline(__always)
    public static func write(
        _ opcode: Opcode, isFinal: Bool = true, count: Int, to start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        start.storeBytes(of: opcode.rawValue | (isFinal ? 0x80 : 0), as: UInt8.self)
        if count < 126 {
            (start + 1).storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
            return start + 2
        }
        if count < 65536 {
            (start + 1).storeBytes(of: 126, as: UInt8.self)
            (start + 2).storeBytes(of: UInt16(truncatingIfNeeded: count).bigEndian, as: UInt16.self)
            return start + 4
        }
        (start + 1).storeBytes(of: 127, as: UInt8.self)
        (start + 2).storeBytes(of: UInt64(truncatingIfNeeded: count).bigEndian, as: UInt64.self)
        return start + 10
    }

    /// Bytes of the header of a frame with `count` bytes of payload.
    @inlinable @inline(__always)
    public static func size(_ count: Int) -> Int { count < 126 ? 2 : count < 65536 ? 4 : 10 }
}

/// Frames on their way to one connection's TLS: memory of the loop, empty between two events.
package struct GatheredFrames: BitwiseCopyable {
    package let start: UnsafeMutableRawPointer
    package let capacity: Int
    package var count = 0

    /// Room for one frame of any kind that nghttp2 makes (RFC 9113 §4.2: 16 KiB unless more was offered).
    static let frameRoom = 9 + 16_384 + 256

    /// `capacity` bytes at `start`, which outlive it.
    package init(start: UnsafeMutableRawPointer, capacity: Int) {
        self.start = start
        self.capacity = capacity
    }

    var room: Int { capacity &- count }

    mutating func append(_ bytes: UnsafeRawPointer, count: Int) {
        (start + self.count).copyMemory(from: bytes, byteCount: count)
        self.count &+= count
    }
}
package typealias GatheredFramesPointer = UnsafeMutablePointer<GatheredFrames>

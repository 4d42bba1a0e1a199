import Tunnel
import Wire

/// Scratch memory of a loop: all of it is empty between two events. Connections own memory only for bytes that wait.
struct LoopBuffers: BitwiseCopyable {
    /// Ciphertext of one read.
    let cipher: UnsafeMutableRawPointer
    /// Plain bytes of the client, with `Uplink.headroom` in front.
    let plain: UnsafeMutableRawPointer
    let plainCapacity: Int
    /// Bytes of the broker, with `Downlink.headroom` in front.
    let down: UnsafeMutableRawPointer
    let downCapacity: Int
    /// Frames of the mode `packet`.
    let assembly: UnsafeMutableRawBufferPointer
    /// The payload of a control frame.
    let control: UnsafeMutableRawPointer
    /// A frame of the gateway's own.
    let frame: UnsafeMutableRawBufferPointer
    /// Bytes of an HTTP/2 stream that have waited, with `Uplink.headroom` in front.
    let inflow: UnsafeMutableRawPointer
    static let inflowCapacity = 64 * 1024
    /// Frames of HTTP/2 on their way to the client.
    let frames: UnsafeMutableRawPointer
    static let framesCapacity = 128 * 1024
    /// Ciphertext for the client.
    let output: UnsafeMutableRawPointer
    let outputCapacity: Int

    /// Bytes of one read, at most.
    static let readSize = 256 * 1024

    /// All of it, in one block.
    private let block: UnsafeMutableRawPointer

    /// Allocates; `deallocate` gives it back.
    init() {
        let read = Self.readSize
        plainCapacity = read + 40 * 1024  // one read, and what OpenSSL held of a record before it
        downCapacity = read
        outputCapacity = read + read / 8 + 64 * 1024  // one read encrypted at once; more is sent in between
        // Headroom and room of each buffer, in this order.
        let layout = [
            (0, read), (Uplink.headroom, plainCapacity), (Downlink.headroom, downCapacity), (0, read),
            (0, Uplink.controlCapacity), (0, Framing.ownFrameCapacity), (0, outputCapacity),
            (Uplink.headroom, Self.inflowCapacity), (0, Self.framesCapacity),
        ].map { (Self.rounded($0), Self.rounded($1)) }
        block = .allocate(byteCount: layout.reduce(0) { $0 + $1.0 + $1.1 }, alignment: 64)
        var next = block
        let starts = layout.map { headroom, count in
            defer { next += headroom + count }
            return next + headroom
        }
        cipher = starts[0]
        plain = starts[1]
        down = starts[2]
        assembly = UnsafeMutableRawBufferPointer(start: starts[3], count: read)
        control = starts[4]
        frame = UnsafeMutableRawBufferPointer(start: starts[5], count: Framing.ownFrameCapacity)
        output = starts[6]
        inflow = starts[7]
        frames = starts[8]
    }

    func deallocate() { block.deallocate() }

    /// Whole cache lines.
    private static func rounded(_ count: Int) -> Int { (count + 63) / 64 * 64 }
}

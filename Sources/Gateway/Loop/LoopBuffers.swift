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
    /// A frame of our own.
    let frame: UnsafeMutableRawPointer
    /// Ciphertext for the client.
    let output: UnsafeMutableRawPointer
    let outputCapacity: Int

    static let frameCapacity = 4096
    /// Bytes of one read, at most.
    static let readSize = 256 * 1024

    /// Allocates for the life of the process, as loops do not end before it.
    init() {
        func room(_ headroom: Int, _ count: Int) -> UnsafeMutableRawPointer {
            let front = (headroom + 63) / 64 * 64
            return UnsafeMutableRawPointer.allocate(byteCount: front + count, alignment: 64) + front
        }
        let read = Self.readSize
        cipher = room(0, read)
        // One read, and what OpenSSL held of a record before it.
        plainCapacity = read + 40 * 1024
        plain = room(Uplink.headroom, plainCapacity)
        downCapacity = read
        down = room(Downlink.headroom, downCapacity)
        assembly = UnsafeMutableRawBufferPointer(start: room(0, read), count: read)
        control = room(0, Uplink.controlCapacity)
        frame = room(0, Self.frameCapacity)
        // One read encrypted at once; more is sent in between.
        outputCapacity = read + read / 8 + 64 * 1024
        output = room(0, outputCapacity)
    }
}

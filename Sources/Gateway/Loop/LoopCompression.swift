import Deflate
import Wire

/// What a loop compresses with, for all of its sessions in turn. Made when the first message needs it.
final class LoopCompression {
    let inflater: Inflater
    /// What a message becomes, with room for a frame's header in front.
    let room: UnsafeMutableRawBufferPointer
    private let block: UnsafeMutableRawPointer
    private var deflaters: [Deflater?] = Array(repeating: nil, count: 16)  // by the bits of the window

    /// nil: there is no memory.
    init?() {
        guard let inflater = Inflater() else { return nil }
        self.inflater = inflater
        let headroom = 64
        block = .allocate(byteCount: headroom + LoopBuffers.readSize, alignment: 64)
        room = UnsafeMutableRawBufferPointer(start: block + headroom, count: LoopBuffers.readSize)
    }

    deinit { block.deallocate() }

    /// nil: there is no memory.
    func deflater(windowBits: Int) -> Deflater? {
        guard deflaters.indices.contains(windowBits) else { return nil }
        if deflaters[windowBits] == nil { deflaters[windowBits] = Deflater(windowBits: windowBits) }
        return deflaters[windowBits]
    }
}

extension LoopContext {
    /// nil: there is no memory.
    mutating func compressionInUse() -> LoopCompression? {
        if compression == nil { compression = LoopCompression() }
        return compression
    }
}

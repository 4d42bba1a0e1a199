/// Reads the variable header of one PUBLISH (3.1.1 §3.3.2, 5.0 §3.3.2), which may come in pieces, as far as it tells how much
/// payload follows. Nothing of it is kept.
struct PublishHeader: BitwiseCopyable {
    private enum Stage: UInt8, BitwiseCopyable { case topicHigh, topicLow, topic, properties, over }

    /// Bytes of the packet that were not read yet.
    private var left: UInt32 = 0
    /// The topic's length, then what is left of the topic and the packet identifier, then the length of the properties.
    private var value: UInt32 = 0
    private var stage = Stage.over
    private var shift: UInt8 = 0
    private var hasID = false
    private var isVersion5 = false

    /// One that is over.
    init() {}

    /// That of a packet with this first byte, and `length` bytes after its fixed header.
    init(_ firstByte: UInt8, length: Int, isVersion5: Bool) {
        left = UInt32(clamping: length)
        stage = .topicHigh
        hasID = firstByte & 0x06 != 0
        self.isVersion5 = isVersion5
    }

    /// Whether the payload is known.
    var isOver: Bool { @inline(__always) get { stage == .over } }

    /// Reads the next `count` bytes of the packet, at `bytes`. Returns the size of the payload, once: 0 where the header claims
    /// more than the packet has, or a length of properties that has more than four bytes. Nil: it is not known yet, or was before.
    mutating func read(_ bytes: UnsafeRawPointer, count: Int) -> Int? {
        var position = bytes
        let end = bytes + min(count, Int(left))
        while stage != .over {
            if stage == .topic {
                let step = min(Int(value), end - position)
                position += step
                left &-= UInt32(truncatingIfNeeded: step)
                value &-= UInt32(truncatingIfNeeded: step)
                if value == 0 { stage = .properties }
            }
            guard left > 0 else { return finish(0) }
            guard position < end else { return nil }
            let byte = UInt32(position.load(as: UInt8.self))
            position += 1
            left &-= 1
            if let payload = read(byte) { return payload }
        }
        return nil
    }

    /// Reads a byte of a length.
    private mutating func read(_ byte: UInt32) -> Int? {
        switch stage {
        case .topicHigh:
            value = byte &<< 8
            stage = .topicLow
        case .topicLow:
            value = (value | byte) &+ (hasID ? 2 : 0)
            guard isVersion5 else { return finish(Int(left) - Int(value)) }
            stage = .topic
        case .properties:
            value |= (byte & 0x7F) &<< UInt32(shift)
            if byte < 0x80 { return finish(Int(left) - Int(value)) }
            shift &+= 7
            if shift == 28 { return finish(0) }
        case .topic, .over: break
        }
        return nil
    }

    private mutating func finish(_ payload: Int) -> Int {
        stage = .over
        return max(0, payload)
    }
}

/// Packets that follow each other and have the same first byte: a loop over packets gathers them in registers, and adds them to
/// the counts when another first byte comes, and at the end of the block.
///
/// Public, as the compiler inlines nothing into another module that is not.
public struct PacketRun: BitwiseCopyable {
    @usableFromInline let next: UInt16  // the first byte that goes on with the run, or one that no byte is equal to
    @usableFromInline let idSize: Int  // of a PUBLISH's packet identifier; -1: it is no PUBLISH
    @usableFromInline let isVersion5: Bool
    /// How many packets, and what all of them have: bytes, and payload as far as it is known.
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0
    public var payloadBytes: UInt64 = 0

    /// A run without packets, which none goes on with.
    @inlinable @inline(__always)
    public init() {
        next = 0x100
        idSize = -1
        isVersion5 = false
    }

    /// A run of packets with this first byte. Where it does not `repeat`, the run is over with its first packet.
    @inlinable @inline(__always)
    public init(_ firstByte: UInt8, repeats: Bool, isVersion5: Bool) {
        next = UInt16(firstByte) | (repeats ? 0 : 0x100)
        idSize = firstByte &>> 4 != 3 ? -1 : firstByte & 0x06 == 0 ? 0 : 2
        self.isVersion5 = isVersion5
    }

    /// The first byte of its packets.
    @inlinable @inline(__always)
    public var firstByte: UInt8 { UInt8(truncatingIfNeeded: next) }

    /// Whether a packet with this first byte goes on with the run.
    @inlinable @inline(__always)
    public func takes(_ firstByte: UInt8) -> Bool { UInt16(firstByte) == next }

    /// Takes the packets at `position` that go on with the run, are whole before `end`, have at most `limit` bytes and a header
    /// that is simple; moves `position` to the first that is not like that.
    @inlinable @inline(__always)
    public mutating func takeWhole(_ position: inout UnsafeRawPointer, end: UnsafeRawPointer, limit: Int) {
        if idSize < 0 {
            walk(&position, end: end, limit: limit, isPublish: false)
        } else {
            walk(&position, end: end, limit: limit, isPublish: true)
        }
    }

    /// A loop for each kind of packet, as `isPublish` is a constant.
    @inlinable @inline(__always)
    mutating func walk(_ position: inout UnsafeRawPointer, end: UnsafeRawPointer, limit: Int, isPublish: Bool) {
        let start = position
        let end = start + min(limit, end - start)
        var place = start
        var (count, headers) = (0, 0)
        while true {
            let left = end - place
            guard left >= Self.shortest, takes(place.load(as: UInt8.self)) else { break }
            let second = Int((place + 1).load(as: UInt8.self))
            var (size, header) = (second &+ 2, 4)
            if second >= 0x80 {
                let third = Int((place + 2).load(as: UInt8.self))
                guard third < 0x80 else { break }
                (size, header) = (third &<< 7 &+ second &- 0x80 &+ 3, 5)
            }
            guard size <= left else { break }
            if isPublish {
                header = self.header(place, header, size: size)
                guard header <= size else { break }
                headers &+= header
            }
            count &+= 1
            place += size
        }
        position = place
        let bytes = UInt64(truncatingIfNeeded: place - start)
        packets &+= UInt64(truncatingIfNeeded: count)
        self.bytes &+= bytes
        if isPublish { payloadBytes &+= bytes &- UInt64(truncatingIfNeeded: headers) }
    }

    /// Takes the packet of `size` bytes at `position`, whose fixed header is there; no byte from `end` on is read. False: it is a
    /// PUBLISH, and a `PublishHeader` has to find out how much payload it has, as its header is cut off, long or malformed.
    @inlinable @inline(__always)
    public mutating func take(_ position: UnsafeRawPointer, size: Int, end: UnsafeRawPointer) -> Bool {
        packets &+= 1
        bytes &+= UInt64(truncatingIfNeeded: size)
        guard idSize >= 0 else { return true }
        guard end - position >= max(size, Self.shortest) else { return false }
        var header = 4
        if (position + 1).load(as: UInt8.self) >= 0x80 {
            guard (position + 2).load(as: UInt8.self) < 0x80 else { return false }
            header = 5
        }
        header = self.header(position, header, size: size)
        guard header <= size else { return false }
        payloadBytes &+= UInt64(truncatingIfNeeded: size &- header)
        return true
    }

    /// So many bytes have to be there of a packet whose header is simple: up to the topic's length.
    @inlinable static var shortest: Int { 5 }

    /// The header of a whole PUBLISH of `size` bytes at `position`; more than that where it is not simple. `topic` is where its
    /// topic begins, after the fixed header and the topic's length.
    @inlinable @inline(__always)
    func header(_ position: UnsafeRawPointer, _ topic: Int, size: Int) -> Int {
        let header = topic &+ idSize &+ Int(UInt16(bigEndian: (position + topic - 2).loadUnaligned(as: UInt16.self)))
        guard isVersion5 else { return header }
        guard header < size else { return .max }
        let properties = Int((position + header).load(as: UInt8.self))
        return properties < 0x80 ? header &+ 1 &+ properties : .max
    }
}

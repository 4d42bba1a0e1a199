import CShims

/// Bytes that wait, first in, first out. Uses memory only while there are some.
///
/// Bytes may hold a password. Whoever knows that one is over wipes it (`wipe`, `replace`); copies that the queue itself leaves
/// while it grows or moves its bytes to the front are wiped here.
package struct ByteQueue: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer?
    @usableFromInline var start = 0
    @usableFromInline var end = 0
    private var capacity = 0
    private static let smallest = 512

    package init() {}

    deinit { base?.deallocate() }

    package var isEmpty: Bool { @inlinable get { base == nil } }

    package var count: Int { @inlinable get { end &- start } }

    /// The bytes, in place: valid until the next change.
    package var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base.map { $0 + start }, count: count)
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        let room = reserve(bytes.count)
        room.copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
    }

    /// Drops `count` bytes from the front.
    package mutating func consume(_ count: Int) {
        start += min(count, self.count)
        if start == end { clear() }
    }

    /// Replaces the first `count` bytes with `bytes`. The old bytes, and every copy that is dropped, are wiped.
    package mutating func replace(first count: Int, with bytes: [UInt8]) {
        let old = self.bytes
        let rest = UnsafeRawBufferPointer(rebasing: old[min(count, old.count)...])
        var fresh = ByteQueue()
        bytes.withUnsafeBytes { fresh.append($0) }
        fresh.append(rest)
        wipe(first: old.count)
        self = fresh
    }

    /// Overwrites the first `count` bytes, so that no secret among them outlives its use.
    package mutating func wipe(first count: Int) {
        guard let start = bytes.baseAddress else { return }
        CShims_wipe(start, min(count, self.count))
    }

    package mutating func clear() {
        base?.deallocate()
        (base, start, end, capacity) = (nil, 0, 0, 0)
    }

    /// Room for `count` more bytes after the last one.
    private mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        if let base, end + count <= capacity { return base + end }
        let used = self.count
        if let base, start >= used, used + count <= capacity {  // the front is free: no copy goes over itself
            base.copyMemory(from: base + start, byteCount: used)
            CShims_wipe(base + start, used)
            (start, end) = (0, used)
            return base + used
        }
        let wanted = max(Self.smallest, used + count, used > 0 ? capacity + capacity / 2 : 0)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        if let base {
            fresh.copyMemory(from: base + start, byteCount: used)
            CShims_wipe(base, start + used)
            base.deallocate()
        }
        (base, start, end, capacity) = (fresh, 0, used, wanted)
        return fresh + used
    }
}

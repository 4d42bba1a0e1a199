import Glibc

/// Heap memory with guard bytes on both sides, so that a test sees every byte written outside of it. Under the address
/// sanitizer the guards are poisoned as well, and reading them stops the test.
package final class GuardedBuffer {
    package static let guardCount = 64
    private static let pattern: Int32 = 0xA5

    /// The first byte of the room; `count` bytes follow.
    package let start: UnsafeMutableRawPointer
    package let count: Int
    private let memory: UnsafeMutableRawPointer
    private let guards: [UnsafeRawBufferPointer]

    /// `offset` moves the room away from an aligned address.
    package init(count: Int, offset: Int = 0) {
        let front = Self.guardCount + offset
        let size = front + count + Self.guardCount
        memory = .allocate(byteCount: size, alignment: 64)
        memset(memory, Self.pattern, size)
        start = memory + front
        self.count = count
        guards = [
            UnsafeRawBufferPointer(start: memory, count: front),
            UnsafeRawBufferPointer(start: start + count, count: Self.guardCount),
        ]
        for part in guards { Poison.set(part) }
    }

    deinit {
        for part in guards { Poison.clear(part) }
        memory.deallocate()
    }

    /// Whether no guard byte was written.
    package var isIntact: Bool {
        for part in guards { Poison.clear(part) }
        defer { for part in guards { Poison.set(part) } }
        return guards.allSatisfy { part in
            // All bytes are equal to the one before, and the first is the pattern.
            guard let first = part.baseAddress, part.first == UInt8(Self.pattern) else { return false }
            return memcmp(first, first + 1, part.count - 1) == 0
        }
    }

    /// Writes `bytes` at `offset`; what does not fit is left out.
    package func fill(_ bytes: ArraySlice<UInt8>, at offset: Int = 0) {
        bytes.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress, offset < count else { return }
            (start + offset).copyMemory(from: source, byteCount: min(bytes.count, count - offset))
        }
    }

    package func fill(_ bytes: [UInt8], at offset: Int = 0) { fill(bytes[...], at: offset) }
}

/// The bytes from `start` on.
package func bytes(at start: UnsafeRawPointer, count: Int) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: start, count: count))
}

/// The address sanitizer's own poisoning, where the test runs with it.
private enum Poison {
    private typealias Call = @convention(c) (UnsafeRawPointer?, Int) -> Void

    private static let poison = symbol("__asan_poison_memory_region")
    private static let unpoison = symbol("__asan_unpoison_memory_region")

    package static func set(_ part: UnsafeRawBufferPointer) { poison?(part.baseAddress, part.count) }
    package static func clear(_ part: UnsafeRawBufferPointer) { unpoison?(part.baseAddress, part.count) }

    private static func symbol(_ name: String) -> Call? {
        dlsym(nil, name).map { unsafeBitCast($0, to: Call.self) }
    }
}

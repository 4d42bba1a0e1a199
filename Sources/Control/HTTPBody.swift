import CShims

/// Bytes that are sent once, and wiped when the last reference goes.
package final class HTTPBody: Sendable {
    // Written by init and deinit alone.
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer
    package let count: Int

    /// `fill` writes the bytes: they need not be anywhere else before.
    package init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        bytes = .allocate(byteCount: max(1, count), alignment: 1)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        self.count = max(0, count)
        fill(UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(self.count)))
    }

    /// Copies `text`.
    package convenience init(_ text: String) {
        self.init(count: text.utf8.count) { $0.copyBytes(from: text.utf8) }
    }

    deinit {
        if let start = bytes.baseAddress { CShims_wipe(start, bytes.count) }
        bytes.deallocate()
    }

    /// Lends the bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
    }
}

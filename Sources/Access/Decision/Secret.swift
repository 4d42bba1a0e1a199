import COpenSSL

/// Bytes that no log may show: a password or a token. Wiped when the last reference goes.
package final class Secret: Sendable {
    // Written by init and deinit alone.
    private nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    /// Copies `source`.
    package init(_ source: UnsafeRawBufferPointer) {
        bytes = .allocate(byteCount: source.count, alignment: 1)
        bytes.copyMemory(from: source)
    }

    package init(_ source: [UInt8]) {
        bytes = .allocate(byteCount: source.count, alignment: 1)
        bytes.copyBytes(from: source)
    }

    package convenience init(_ text: String) { self.init(Array(text.utf8)) }

    deinit {
        OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    package var count: Int { bytes.count }
    package var isEmpty: Bool { bytes.isEmpty }

    /// Lends the bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(bytes))
    }

    /// In a time that does not tell where the two differ.
    package func equals(_ other: Secret) -> Bool {
        count == other.count && CRYPTO_memcmp(bytes.baseAddress, other.bytes.baseAddress, count) == 0
    }
}

/// Where configuration text comes from: the file system in the gateway, a dictionary in tests.
package struct ConfigurationSource: Sendable {
    /// A file that could not be read; `reason` reads on after `cannot be read: `.
    package struct ReadFailure: Error, Sendable, Equatable {
        package var reason: String
        package init(reason: String) { self.reason = reason }
    }

    /// The bytes of the file at a path. It reads no more than the limit in its second argument plus one byte, so that
    /// an endless file cannot hold the loader; the loader refuses what is over the limit.
    package var read: @Sendable (_ path: String, _ limit: Int) throws(ReadFailure) -> [UInt8]
    /// The paths that match a pattern of `*`, `?` and `[…]`, in any order; none is no error.
    package var glob: @Sendable (_ pattern: String) -> [String]
    /// Whether there is a file at a path.
    package var exists: @Sendable (_ path: String) -> Bool

    package init(
        read: @escaping @Sendable (_ path: String, _ limit: Int) throws(ReadFailure) -> [UInt8],
        glob: @escaping @Sendable (_ pattern: String) -> [String],
        exists: @escaping @Sendable (_ path: String) -> Bool
    ) {
        self.read = read
        self.glob = glob
        self.exists = exists
    }
}

/// Limits of the text; each is far above what an operator writes and keeps a wrong file from filling the memory.
enum Limits {
    /// One file, in bytes.
    static let fileSize = 16 * 1024 * 1024
    /// All files together, in bytes.
    static let totalSize = 64 * 1024 * 1024
    /// Files read, an included file counting each time.
    static let files = 4096
    /// Includes inside includes.
    static let includeDepth = 16
    /// Blocks inside blocks.
    static let nesting = 32
}

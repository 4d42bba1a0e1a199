import CCrypt
import CShims

/// crypt(3) of libxcrypt.
enum Crypt {
    /// The longest password that it takes, in bytes.
    static let longestPassword = Int(CRYPT_MAX_PASSPHRASE_SIZE) - 1

    /// Hashes `password` as `setting` says, which is a hash or what `makeSetting` made, and lends the result.
    ///
    /// nil when crypt(3) cannot: a NUL in the password, one that is too long, or a setting that is wrong. The 32 KiB
    /// that it works in are wiped.
    static func withHash<Result>(
        of password: Secret, setting: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result? {
        guard password.count <= longestPassword, setting.count < Int(CRYPT_OUTPUT_SIZE),
            password.withBytes({ !$0.contains(0) })
        else { return nil }
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        data.initialize(to: crypt_data())
        defer {
            CShims_wipe(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        guard let input = field(\.input, of: data), let text = field(\.setting, of: data) else { return nil }
        // The memory is all zeros: what is copied ends with a NUL.
        password.withBytes { input.copyMemory(from: $0) }
        text.copyBytes(from: setting)
        guard
            let made = crypt_rn(
                input.baseAddress?.assumingMemoryBound(to: CChar.self),
                text.baseAddress?.assumingMemoryBound(to: CChar.self), data, Int32(MemoryLayout<crypt_data>.size)),
            made[0] != CChar(UInt8(ascii: "*"))
        else { return nil }
        return body(UnsafeRawBufferPointer(start: made, count: strnlen(made, Int(CRYPT_OUTPUT_SIZE))))
    }

    /// A setting with a fresh salt: crypt_gensalt(3). nil: the prefix or the cost is wrong, or there is no randomness.
    static func makeSetting(prefix: String, cost: UInt) -> [UInt8]? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CRYPT_GENSALT_OUTPUT_SIZE)) { output in
            guard
                let made = crypt_gensalt_rn(prefix, cost, nil, 0, output.baseAddress, Int32(clamping: output.count))
            else { return nil }
            return Array(UnsafeRawBufferPointer(start: made, count: strnlen(made, output.count)))
        }
    }

    /// Where a field of the structure lies.
    private static func field<Field>(
        _ path: KeyPath<crypt_data, Field>, of data: UnsafeMutablePointer<crypt_data>
    ) -> UnsafeMutableRawBufferPointer? {
        guard let offset = MemoryLayout<crypt_data>.offset(of: path) else { return nil }
        return UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(data) + offset, count: MemoryLayout<Field>.size)
    }
}

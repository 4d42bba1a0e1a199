import COpenSSL

/// The keys of one direction of a connection (RFC 8446 §7.3), and how many records they have sealed or opened. Inline, and never
/// copied: two copies would use a nonce twice. Whoever holds it wipes it.
struct TrafficKeys: ~Copyable {
    /// Of the next record (§5.3).
    private(set) var sequence: UInt64 = 0
    /// Which keys these are: no others of the same `RecordCiphers` have the number. 0: there are none.
    private(set) var number: UInt64 = 0
    private var vector = InlineArray<12, UInt8>(repeating: 0)
    private var key = InlineArray<32, UInt8>(repeating: 0)
    private var secret = InlineArray<48, UInt8>(repeating: 0)

    /// Room for a block of any hash.
    private typealias Block = InlineArray<64, UInt8>

    /// No keys.
    init() {}

    /// Takes over a traffic secret of `suite.secretLength` bytes, with which `sequence` records have passed. Returns whether keys
    /// could be derived.
    mutating func begin(
        _ suite: CipherSuite, secret: UnsafeRawBufferPointer, sequence: UInt64, number: UInt64
    ) -> Bool {
        guard secret.count == suite.secretLength else { return false }
        withUnsafeMutableBytes(of: &self.secret) { $0.copyMemory(from: secret) }
        return derive(suite, sequence: sequence, number: number)
    }

    /// The next secret, and its keys (§7.2).
    mutating func update(_ suite: CipherSuite, number: UInt64) -> Bool {
        var block = Block(repeating: 0)
        defer { wipeBytes(of: &block) }
        guard expand(suite, "traffic upd", count: suite.secretLength, into: &block) else { return false }
        for index in 0..<suite.secretLength { secret[index] = block[index] }
        return derive(suite, sequence: 0, number: number)
    }

    /// A record has been sealed or opened. The last number is never used (§5.3): the caller asks `isExhausted` first.
    mutating func advance() { sequence &+= 1 }

    var isExhausted: Bool { sequence == .max }

    /// Calls `body` with the nonce of the next record (§5.3), and the key. Returns what it does.
    @inline(__always)
    mutating func withNonce(_ body: (_ nonce: UnsafePointer<UInt8>, _ key: UnsafePointer<UInt8>) -> Bool) -> Bool {
        var nonce = vector
        return withUnsafeMutableBytes(of: &nonce) { nonce in
            let tail = nonce.loadUnaligned(fromByteOffset: 4, as: UInt64.self) ^ sequence.bigEndian
            nonce.storeBytes(of: tail, toByteOffset: 4, as: UInt64.self)
            return withUnsafeMutableBytes(of: &key) { key in
                guard let nonce = nonce.baseAddress, let key = key.baseAddress else { return false }
                return body(
                    UnsafePointer(nonce.assumingMemoryBound(to: UInt8.self)),
                    UnsafePointer(key.assumingMemoryBound(to: UInt8.self)))
            }
        }
    }

    /// Overwrites everything.
    mutating func wipe() {
        wipeBytes(of: &vector)
        wipeBytes(of: &key)
        wipeBytes(of: &secret)
        (sequence, number) = (0, 0)
    }

    private mutating func derive(_ suite: CipherSuite, sequence: UInt64, number: UInt64) -> Bool {
        (self.sequence, self.number) = (sequence, number)
        var block = Block(repeating: 0)
        defer { wipeBytes(of: &block) }
        guard expand(suite, "key", count: suite.keyLength, into: &block) else { return false }
        for index in 0..<suite.keyLength { key[index] = block[index] }
        guard expand(suite, "iv", count: 12, into: &block) else { return false }
        for index in 0..<12 { vector[index] = block[index] }
        return true
    }

    /// HKDF-Expand-Label of the secret with an empty context (§7.1), for results that one block of the hash is enough for: the
    /// first is the HMAC of HkdfLabel and the number 1 (RFC 5869 §2.3).
    private mutating func expand(
        _ suite: CipherSuite, _ label: String, count: Int, into block: inout Block
    ) -> Bool {
        let name = Array("tls13 \(label)".utf8)
        let info = [0, UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: name.count)] + name + [0, 1]
        var length: UInt32 = 0
        let isDone = withUnsafeMutableBytes(of: &block) { block in
            withUnsafeBytes(of: &secret) { secret in
                HMAC(
                    suite.hash, secret.baseAddress, Int32(suite.secretLength), info, info.count,
                    block.baseAddress?.assumingMemoryBound(to: UInt8.self), &length) != nil
            }
        }
        return isDone && Int(length) >= count
    }
}

/// Overwrites a value that held a secret.
func wipeBytes<Value>(of value: inout Value) {
    withUnsafeMutableBytes(of: &value) { OPENSSL_cleanse($0.baseAddress, $0.count) }
}

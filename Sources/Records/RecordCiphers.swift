import COpenSSL

/// The cipher contexts of a loop, which its connections share: a context is keyed for the connection that seals or opens, and stays
/// so until another needs its place. Used by one thread.
///
/// Contexts are found by the number of the keys, which no two keys have: never by an address, where another connection's
/// keys may lie by now.
package final class RecordCiphers {
    /// A context, and the keys that it has now; 0: none.
    private struct Place {
        var context: OpaquePointer?
        var number: UInt64
    }

    /// Contexts for each suite and direction: as many of the busiest connections keep theirs.
    private static let width = 8

    private let places: UnsafeMutablePointer<Place>
    private let count: Int
    private var ciphers: [OpaquePointer?]
    private var lastNumber: UInt64 = 0

    /// nil: OpenSSL has not all ciphers (a FIPS provider alone, for instance, which has no ChaCha20).
    package init?() {
        ciphers = CipherSuite.allCases.map { EVP_CIPHER_fetch(nil, $0.cipherName, nil) }
        count = ciphers.count * 2 * Self.width
        places = .allocate(capacity: count)
        places.initialize(repeating: Place(context: nil, number: 0), count: count)
        if ciphers.contains(where: { $0 == nil }) { return nil }
    }

    deinit {
        for place in 0..<count { EVP_CIPHER_CTX_free(places[place].context) }  // and wipes the keys
        places.deallocate()
        for cipher in ciphers { EVP_CIPHER_free(cipher) }
    }

    /// For new keys.
    func makeNumber() -> UInt64 {
        lastNumber &+= 1
        return lastNumber
    }

    /// A context for keys of a suite, and whether it has them already. nil: there is no memory.
    @inline(__always)
    func context(_ suite: CipherSuite, seals: Bool, number: UInt64) -> (OpaquePointer, isKeyed: Bool)? {
        let place = places + (suite.index * 2 + (seals ? 1 : 0)) * Self.width + Int(number % UInt64(Self.width))
        guard let context = place.pointee.context ?? make(suite, seals: seals) else { return nil }
        place.pointee.context = context
        if place.pointee.number == number { return (context, true) }
        place.pointee.number = number
        return (context, false)
    }

    /// What a context is keyed for is not to be relied on: an operation has failed, or the keys are gone. Wipes them.
    func forget(_ suite: CipherSuite, number: UInt64) {
        for seals in [false, true] {
            let place = places + (suite.index * 2 + (seals ? 1 : 0)) * Self.width + Int(number % UInt64(Self.width))
            guard place.pointee.number == number else { continue }
            EVP_CIPHER_CTX_free(place.pointee.context)
            place.pointee = Place(context: nil, number: 0)
        }
    }

    private func make(_ suite: CipherSuite, seals: Bool) -> OpaquePointer? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        let cipher = ciphers[suite.index]
        let result =
            seals
            ? EVP_EncryptInit_ex(context, cipher, nil, nil, nil) : EVP_DecryptInit_ex(context, cipher, nil, nil, nil)
        if result == 1 { return context }
        EVP_CIPHER_CTX_free(context)
        return nil
    }
}

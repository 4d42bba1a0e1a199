import COpenSSL
import CShims
import Reactor

/// The keys that seal session tickets: one for all loops of the process, so that a ticket is good on every loop and after a
/// reload. Any thread uses it.
///
/// Keys of its own are changed when they have sealed tickets for as long as a ticket is good: who learns the key of today
/// cannot open what was sealed before. The key before stays to open its tickets, for as long again. Keys from files are the
/// operator's to change.
package final class TicketKeys: Sendable {
    /// Seconds on OpenSSL's clock for sessions.
    typealias Seconds = Int64

    private struct State {
        /// The first one seals; all of them open.
        var keys: [(key: TicketKey, born: Seconds)] = []
        /// Seconds for which a key seals; nil: for good.
        var period: Seconds?
    }

    private let state: Lock<State>

    /// Fresh keys, which are changed as long as there are handshakes. `period`: the seconds for which the longest-lived
    /// ticket is good.
    package init(period: Int) { state = Lock(State(period: Seconds(max(period, 1)))) }

    /// The keys of these files, as nginx has them: 80 bytes each, or 48. The first one seals.
    package init(files: [String]) throws(TLSError) {
        var keys: [(key: TicketKey, born: Seconds)] = []
        for (index, path) in files.enumerated() { keys.append((try TicketKey(path: path, index), 0)) }
        state = Lock(State(keys: keys))
    }

    /// Another period, from now on; nothing changes for keys from files.
    package func change(period: Int) {
        state.withLock { state in if state.period != nil { state.period = Seconds(max(period, 1)) } }
    }

    /// The key for a new ticket. nil: there is no randomness, and no ticket.
    func sealing(now: Seconds = Seconds(time(nil))) -> TicketKey? {
        state.withLock { state in
            Self.rotate(&state, now)
            return state.keys.first?.key
        }
    }

    /// The key that a ticket names, and whether it is the one that seals.
    func opening(_ name: UnsafePointer<UInt8>, now: Seconds = Seconds(time(nil))) -> (key: TicketKey, isCurrent: Bool)?
    {
        state.withLock { state in
            Self.rotate(&state, now)
            guard let index = state.keys.firstIndex(where: { $0.key.isNamed(name) }) else { return nil }
            return (state.keys[index].key, index == 0)
        }
    }

    /// Makes a key when there is none that may seal, and forgets the one whose last ticket has run out.
    private static func rotate(_ state: inout State, _ now: Seconds) {
        guard let period = state.period else { return }
        // A clock that was set back makes no key live longer.
        if let current = state.keys.first, (0..<period).contains(now &- current.born) { return }
        guard let key = TicketKey() else { return }
        let before = state.keys.first.flatMap { now &- $0.born < 2 * period ? [$0] : nil } ?? []
        state.keys = [(key, now)] + before
    }
}

/// What seals a ticket: a name, an AES key and an HMAC key. Wiped when it is no longer used.
final class TicketKey: Sendable {
    static let nameSize = 16
    /// A block of AES.
    static let vectorSize: Int32 = 16

    /// Name, HMAC key and AES key, or with short keys name, AES key and HMAC key: nginx's two layouts.
    private nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    /// A fresh one; nil: there is no randomness.
    init?() {
        bytes = .allocate(byteCount: 80, alignment: 8)
        guard RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count)) == 1 else {
            ERR_clear_error()
            return nil
        }
    }

    /// The one in the file at `path`, which is `ssl_session_ticket_key` number `index`.
    init(path: String, _ index: Int) throws(TLSError) {
        var content: [UInt8]
        do throws(TLSError) { content = try CredentialFile.read(path) } catch {
            throw error.about(.ticketKey(index))
        }
        defer { OPENSSL_cleanse(&content, content.count) }
        guard content.count == 80 || content.count == 48 else {
            throw TLSError(
                "\(path) must have 80 bytes, or 48, not \(content.count)",
                hint: "make one: openssl rand 80 > \(Shell.quoted(path))"
            ).about(.ticketKey(index))
        }
        bytes = .allocate(byteCount: content.count, alignment: 8)
        bytes.copyBytes(from: content)
    }

    deinit {
        OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    func isNamed(_ name: UnsafePointer<UInt8>) -> Bool {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<Self.nameSize])
            .elementsEqual(UnsafeBufferPointer(start: name, count: Self.nameSize))
    }

    func copyName(to name: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawBufferPointer(start: name, count: Self.nameSize).copyBytes(from: bytes[..<Self.nameSize])
    }

    private var isLong: Bool { bytes.count == 80 }

    /// Sets up to encrypt, or to decrypt, with this initialisation vector. False: OpenSSL cannot.
    func set(
        _ cipher: OpaquePointer, _ mac: OpaquePointer, _ vector: UnsafeMutablePointer<UInt8>, sealing: Bool
    ) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        let size = isLong ? 32 : 16
        let (first, second) = (base + Self.nameSize, base + Self.nameSize + size)
        let (macKey, cipherKey) = isLong ? (first, second) : (second, first)
        let method = isLong ? Self.aes256 : Self.aes128
        guard
            EVP_CipherInit_ex(
                cipher, method, nil, cipherKey.assumingMemoryBound(to: UInt8.self), vector, sealing ? 1 : 0) == 1
        else { return false }
        return COpenSSLShims_set_hmac_key(mac, macKey, size) == 1
    }

    /// Looked up once; they live as long as the process.
    nonisolated(unsafe) private static let aes256 = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)
    nonisolated(unsafe) private static let aes128 = EVP_CIPHER_fetch(nil, "AES-128-CBC", nil)
}

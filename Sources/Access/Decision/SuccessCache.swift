import COpenSSL
import DequeModule
import Reactor

/// What was right a short while ago, so that it need not be verified again: by a keyed hash of what the client presented, so
/// that no secret is kept. Failures are never remembered. Bounded; for any thread.
package final class SuccessCache<Value: Sendable>: Sendable {
    /// An HMAC-SHA256.
    package struct Key: Hashable, Sendable {
        fileprivate let words: (UInt64, UInt64, UInt64, UInt64)

        package static func == (a: Key, b: Key) -> Bool { a.words == b.words }

        package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
    }

    private struct Entry {
        var value: Value
        var until: Int64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// The keys of `entries`, the oldest first.
        var order: Deque<Key> = []
    }

    private let secret: [UInt8]
    private let life: Int64
    private let capacity: Int
    private let state = Lock(State())

    /// `life` in milliseconds; 0 or less: nothing is remembered.
    package init(life: Int64, capacity: Int = 16_384) {
        self.life = life
        self.capacity = capacity
        var secret = [UInt8](repeating: 0, count: 32)
        // Without randomness keys could be guessed: then nothing may be remembered, and no key is made.
        self.secret = RAND_bytes(&secret, 32) == 1 ? secret : []
    }

    package var isOn: Bool { life > 0 && !secret.isEmpty }

    /// The key of several texts, whose lengths tell them apart.
    package func key(_ parts: [String]) -> Key {
        key(parts.map { Array($0.utf8) })
    }

    package func key(_ parts: [[UInt8]]) -> Key {
        var message: [UInt8] = []
        // In one step: growing would leave copies of a secret in freed memory.
        message.reserveCapacity(parts.reduce(0) { $0 + $1.count + 8 })
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count)) { message.append(contentsOf: $0) }
            message.append(contentsOf: part)
        }
        defer { message.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { digest in
            _ = HMAC(
                EVP_sha256(), secret, Int32(secret.count), message, message.count,
                digest.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
        return Key(words: words)
    }

    /// `now`: milliseconds of the monotonic clock.
    package func value(_ key: Key, now: Int64) -> Value? {
        state.withLock { state in
            guard let entry = state.entries[key], entry.until > now else { return nil }
            return entry.value
        }
    }

    package func insert(_ value: Value, for key: Key, now: Int64) {
        guard isOn else { return }
        state.withLock { state in
            let (until, isForever) = now.addingReportingOverflow(life)
            let entry = Entry(value: value, until: isForever ? .max : until)
            if state.entries.updateValue(entry, forKey: key) == nil {
                state.order.append(key)
            }
            if state.entries.count > capacity, let oldest = state.order.popFirst() { state.entries[oldest] = nil }
        }
    }

    package func removeAll() {
        state.withLock { $0 = State() }
    }
}

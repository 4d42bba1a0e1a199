import COpenSSL

/// The record layer of TLS 1.3 (RFC 8446 §5) for a server whose handshake is over: seals and opens records, follows KeyUpdate
/// (§4.6.3) and alerts (§6). Knows no socket and no clock. Lives in place and is never copied, so that no record is sealed twice
/// with one nonce; whoever holds it calls `wipe` before it goes.
package struct RecordLayer: ~Copyable {
    /// The types of content (§5.1) that are left after a handshake.
    package enum ContentType: UInt8, Sendable { case alert = 21, handshake, applicationData }

    /// What became of a record.
    package enum Outcome: Equatable, Sendable {
        /// It has not come whole.
        case incomplete
        /// So many bytes of plaintext, after the record's header, where ciphertext was.
        case data(Int)
        /// It was for the layer itself, or empty.
        case nothing
        /// close_notify: nothing more comes (§6.1).
        case closed
        /// The other side has given up, for the reason of this alert.
        case alerted(UInt8)
        /// The connection must end, with this alert.
        case failed(Alert)
    }

    /// Alerts that a record can deserve (§6.2).
    package enum Alert: UInt8, Sendable {
        case unexpectedMessage = 10
        case badRecordMAC = 20
        case recordOverflow = 22
        case illegalParameter = 47
        case decodeError = 50
        case internalError = 80
    }

    /// What has been opened.
    package struct Opened: Equatable, Sendable {
        package var outcome: Outcome
        /// Bytes of input that are done with.
        package var used = 0
    }

    /// Bytes of a record's header (§5.1).
    package static let headerLength = 5
    /// Bytes of plaintext that a record holds at most (§5.1).
    package static let largestContent = 16_384
    /// Bytes that a record has beside its content: header, type and tag.
    package static let overhead = headerLength + 1 + tagLength
    /// Bytes of room that `seal` may need beyond its content: a KeyUpdate may go before.
    package static let room = overhead + 5 + overhead
    /// Records under one key: AES-GCM may protect 2^24.5 of full size (§5.5).
    package static let mostRecords: UInt64 = 1 << 24

    private static let tagLength = 16
    /// Records in a row that carry nothing, and KeyUpdates in a row without data between, that are borne.
    private static let patience: UInt8 = 32

    private var suite = CipherSuite.aes128GCM
    private var reading = TrafficKeys()
    private var writing = TrafficKeys()
    /// Records that keys of this side seal, before they are changed.
    private var limit = RecordLayer.mostRecords
    /// Bytes of a KeyUpdate that have come; it is all that a client sends.
    private var messageCount: UInt8 = 0
    private var updates: UInt8 = 0
    private var empties: UInt8 = 0
    /// The other side wants new keys from this one, before anything else is sent.
    private var owesUpdate = false
    /// Nothing is opened any longer.
    private var hasReadingEnded = true
    /// Nothing is sealed any longer.
    private var hasWritingEnded = true

    /// Without keys: nothing can be opened or sealed.
    package init() {}

    /// Takes over a connection. The secrets are those of the application traffic (§7.1): what the other side seals with, and this
    /// one; `read` and `written` are the records that have passed under each. Returns whether it can go on.
    package mutating func begin(
        _ suite: CipherSuite, reads: UnsafeRawBufferPointer, read: UInt64, writes: UnsafeRawBufferPointer,
        written: UInt64,
        changingKeysAfter limit: UInt64 = RecordLayer.mostRecords, _ ciphers: RecordCiphers
    ) -> Bool {
        self.suite = suite
        self.limit = max(1, min(limit, Self.mostRecords))
        guard reading.begin(suite, secret: reads, sequence: read, number: ciphers.makeNumber()),
            writing.begin(suite, secret: writes, sequence: written, number: ciphers.makeNumber())
        else {
            wipe(ciphers)
            return false
        }
        (hasReadingEnded, hasWritingEnded) = (false, false)
        return true
    }

    /// Overwrites all secrets, also those in the contexts of the loop. Nothing is opened or sealed afterwards.
    package mutating func wipe(_ ciphers: RecordCiphers) {
        (hasReadingEnded, hasWritingEnded) = (true, true)
        ciphers.forget(suite, number: reading.number)
        ciphers.forget(suite, number: writing.number)
        reading.wipe()
        writing.wipe()
    }

    // MARK: Opening

    /// Opens the record that begins at `input`, in place. Call it again with what follows, unless it is incomplete or over.
    package mutating func open(
        _ input: UnsafeMutableRawPointer, count: Int, _ ciphers: RecordCiphers
    ) -> Opened {
        guard !hasReadingEnded else { return Opened(outcome: .failed(.internalError)) }
        guard count >= Self.headerLength else { return Opened(outcome: .incomplete) }
        let type = input.load(as: UInt8.self)
        let length =
            Int(input.load(fromByteOffset: 3, as: UInt8.self)) << 8 | Int(input.load(fromByteOffset: 4, as: UInt8.self))
        guard type == ContentType.applicationData.rawValue else { return failed(.unexpectedMessage) }  // §5.2
        guard length <= Self.largestContent + 256 else { return failed(.recordOverflow) }  // §5.2
        guard count >= Self.headerLength + length else { return Opened(outcome: .incomplete) }
        guard length >= Self.tagLength, unseal(input, length - Self.tagLength, ciphers) else {
            return failed(.badRecordMAC)
        }
        let content = input + Self.headerLength
        var end = length - Self.tagLength
        guard end <= Self.largestContent + 1 else { return failed(.recordOverflow) }  // §5.4
        while end > 0, content.load(fromByteOffset: end - 1, as: UInt8.self) == 0 { end -= 1 }  // §5.4, padding
        guard end > 0 else { return failed(.unexpectedMessage) }
        end -= 1
        let bytes = UnsafeRawBufferPointer(start: content, count: end)
        let outcome = take(ContentType(rawValue: content.load(fromByteOffset: end, as: UInt8.self)), bytes, ciphers)
        if case .failed(let alert) = outcome { return failed(alert) }
        return Opened(outcome: outcome, used: Self.headerLength + length)
    }

    private mutating func failed(_ alert: Alert) -> Opened {
        hasReadingEnded = true
        return Opened(outcome: .failed(alert))
    }

    private mutating func take(
        _ type: ContentType?, _ content: UnsafeRawBufferPointer, _ ciphers: RecordCiphers
    ) -> Outcome {
        // §5.1: no record of another type between parts of a message.
        guard messageCount == 0 || type == .handshake else { return .failed(.unexpectedMessage) }
        switch type {
        case .applicationData:
            guard !content.isEmpty else { return bear() }
            (empties, updates) = (0, 0)
            return .data(content.count)
        case .handshake: return takeMessage(content, ciphers)
        case .alert: return takeAlert(content)
        case nil: return .failed(.unexpectedMessage)
        }
    }

    /// Something that carries nothing.
    private mutating func bear() -> Outcome {
        empties += 1
        return empties > Self.patience ? .failed(.unexpectedMessage) : .nothing
    }

    /// §4.6.3: KeyUpdate is all that comes after a handshake; it may come in parts.
    private mutating func takeMessage(_ content: UnsafeRawBufferPointer, _ ciphers: RecordCiphers) -> Outcome {
        guard !content.isEmpty else { return .failed(.unexpectedMessage) }  // §5.1
        for (index, byte) in content.enumerated() {
            switch messageCount {
            case 0: guard byte == 24 else { return .failed(.unexpectedMessage) }
            case 1, 2: guard byte == 0 else { return .failed(.decodeError) }
            case 3: guard byte == 1 else { return .failed(.decodeError) }
            default:
                // §5.1: no message spans a change of keys.
                guard index == content.count - 1 else { return .failed(.unexpectedMessage) }
                guard byte <= 1 else { return .failed(.illegalParameter) }
                messageCount = 0
                return changeReadingKeys(isAsked: byte == 1, ciphers)
            }
            messageCount += 1
        }
        return .nothing
    }

    private mutating func changeReadingKeys(isAsked: Bool, _ ciphers: RecordCiphers) -> Outcome {
        updates += 1
        guard updates <= Self.patience else { return .failed(.unexpectedMessage) }
        if isAsked { owesUpdate = true }
        ciphers.forget(suite, number: reading.number)
        return reading.update(suite, number: ciphers.makeNumber()) ? .nothing : .failed(.internalError)
    }

    /// §6: the level means nothing.
    private mutating func takeAlert(_ content: UnsafeRawBufferPointer) -> Outcome {
        guard content.count == 2 else { return .failed(content.isEmpty ? .unexpectedMessage : .decodeError) }
        switch content[1] {
        case 0:
            hasReadingEnded = true
            return .closed
        case 90: return bear()  // user_canceled: a close_notify follows
        default:
            hasReadingEnded = true
            return .alerted(content[1])
        }
    }

    /// Decrypts `count` bytes after the header in place, and says whether header and tag, which follows them, are the other side's.
    /// Nobody looks at the bytes unless they are.
    @inline(__always)
    private mutating func unseal(_ record: UnsafeMutableRawPointer, _ count: Int, _ ciphers: RecordCiphers) -> Bool {
        guard !reading.isExhausted,
            let (context, isKeyed) = ciphers.context(suite, seals: false, number: reading.number)
        else { return false }
        let bytes = (record + Self.headerLength).assumingMemoryBound(to: UInt8.self)
        var length: Int32 = 0
        let isTheirs = reading.withNonce { nonce, key in
            EVP_DecryptInit_ex(context, nil, nil, isKeyed ? nil : key, nonce) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), bytes + count) == 1
                && EVP_DecryptUpdate(
                    context, nil, &length, UnsafePointer(record.assumingMemoryBound(to: UInt8.self)),
                    Int32(Self.headerLength)) == 1
                && (count == 0 || EVP_DecryptUpdate(context, bytes, &length, UnsafePointer(bytes), Int32(count)) == 1)
                && EVP_DecryptFinal_ex(context, bytes, &length) == 1
        }
        guard isTheirs else {
            ciphers.forget(suite, number: reading.number)
            ERR_clear_error()
            return false
        }
        reading.advance()
        return true
    }

    // MARK: Sealing

    /// Seals `count` bytes, at most `largestContent`, as a record at `output`, which has `room` bytes more; a KeyUpdate goes before
    /// where it is due. What is sealed must be sent, or the connection ends: it is never sealed again. Returns the bytes of
    /// output; nil: the connection must end, and nothing of the output may be sent.
    package mutating func seal(
        _ type: ContentType, _ content: UnsafeRawPointer?, count: Int, into output: UnsafeMutableRawPointer,
        _ ciphers: RecordCiphers
    ) -> Int? {
        guard !hasWritingEnded, 0...Self.largestContent ~= count else { return nil }
        var written = 0
        if owesUpdate || writing.sequence >= limit {
            guard let update = sealUpdate(into: output, ciphers) else { return nil }
            written = update
        }
        guard let record = sealRecord(type, content, count, into: output + written, ciphers) else { return nil }
        return written + record
    }

    private mutating func sealUpdate(into output: UnsafeMutableRawPointer, _ ciphers: RecordCiphers) -> Int? {
        let message: [UInt8] = [24, 0, 0, 1, 0]  // §4.6.3, update_not_requested
        guard let count = sealRecord(.handshake, message, message.count, into: output, ciphers) else { return nil }
        owesUpdate = false
        ciphers.forget(suite, number: writing.number)
        guard writing.update(suite, number: ciphers.makeNumber()) else {
            hasWritingEnded = true
            return nil
        }
        return count
    }

    @inline(__always)
    private mutating func sealRecord(
        _ type: ContentType, _ content: UnsafeRawPointer?, _ count: Int, into output: UnsafeMutableRawPointer,
        _ ciphers: RecordCiphers
    ) -> Int? {
        guard !writing.isExhausted, let (context, isKeyed) = ciphers.context(suite, seals: true, number: writing.number)
        else {
            hasWritingEnded = true
            return nil
        }
        let length = count + 1 + Self.tagLength
        output.storeBytes(of: ContentType.applicationData.rawValue, as: UInt8.self)
        output.storeBytes(of: 0x0303, toByteOffset: 1, as: UInt16.self)  // §5.1, legacy_record_version
        output.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, toByteOffset: 3, as: UInt16.self)
        let bytes = output + Self.headerLength
        if count > 0, let content { bytes.copyMemory(from: content, byteCount: count) }
        bytes.storeBytes(of: type.rawValue, toByteOffset: count, as: UInt8.self)
        let (plain, header) = (bytes.assumingMemoryBound(to: UInt8.self), output.assumingMemoryBound(to: UInt8.self))
        var made: Int32 = 0
        let isSealed = writing.withNonce { nonce, key in
            EVP_EncryptInit_ex(context, nil, nil, isKeyed ? nil : key, nonce) == 1
                && EVP_EncryptUpdate(context, nil, &made, UnsafePointer(header), Int32(Self.headerLength)) == 1
                && EVP_EncryptUpdate(context, plain, &made, UnsafePointer(plain), Int32(count + 1)) == 1
                && EVP_EncryptFinal_ex(context, plain + count + 1, &made) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), plain + count + 1) == 1
        }
        guard isSealed else {
            hasWritingEnded = true
            ciphers.forget(suite, number: writing.number)
            ERR_clear_error()
            return nil
        }
        writing.advance()
        return Self.headerLength + length
    }
}

import TestSupport
import Testing

@testable import Records

/// What no client sends: each ends the connection with the alert that RFC 8446 names, and nothing after it is opened.
@Suite("Records: hostile and odd ones")
struct HostileRecordTests {
    private static func secret(_ suite: CipherSuite, _ byte: UInt8 = 0x5A) -> [UInt8] {
        [UInt8](repeating: byte, count: suite.secretLength)
    }

    private func pair(_ suite: CipherSuite = .aes128GCM, read: UInt64 = 0) throws -> (IndependentSealer, Side) {
        let sealer = try IndependentSealer(suite, secret: Self.secret(suite))
        sealer.sequence = read
        return (sealer, try Side(suite, reads: Self.secret(suite), writes: Self.secret(suite, 0x77), read: read))
    }

    @Test("Types that have no place after a handshake", arguments: [0, 1, 20, 24, 25, 255])
    func types(type: Int) throws {
        let (sealer, side) = try pair()
        #expect(side.open(sealer.seal(UInt8(type), [1])).0 == .failed(.unexpectedMessage))
        #expect(side.open(sealer.seal(23, [1])).0 == .failed(.internalError))
        #expect(side.seal(.alert, [2, 10]) != nil)  // the alert can still be sent
    }

    @Test("A record in the clear, whatever it says it is", arguments: [20, 21, 22, 24, 0, 0x80])
    func clear(type: Int) throws {
        let (sealer, side) = try pair()
        #expect(side.open(sealer.seal(inner: [1, 23], type: UInt8(type))).0 == .failed(.unexpectedMessage))
    }

    @Test("Nothing but padding, and nothing at all")
    func padding() throws {
        for count in [0, 1, 100, RecordLayer.largestContent + 1] {
            let (sealer, side) = try pair()
            let outcome = side.open(sealer.seal(inner: [UInt8](repeating: 0, count: count))).0
            #expect(outcome == .failed(.unexpectedMessage), "\(count)")
        }
    }

    @Test("The largest records, with and without padding, and one byte more")
    func largest() throws {
        let (sealer, side) = try pair()
        let most = [UInt8](repeating: 1, count: RecordLayer.largestContent)
        #expect(side.open(sealer.seal(23, most)).0 == .data(RecordLayer.largestContent))
        #expect(side.open(sealer.seal(23, [1], padding: RecordLayer.largestContent - 1)).0 == .data(1))
        #expect(side.open(sealer.seal(23, [1], padding: RecordLayer.largestContent)).0 == .failed(.recordOverflow))
        let (other, another) = try pair()
        #expect(another.open(other.seal(23, most + [1])).0 == .failed(.recordOverflow))
    }

    @Test("A length beyond what a record may have is refused by its header alone")
    func length() throws {
        let (_, side) = try pair()
        #expect(side.open([23, 3, 3, 0x41, 0x00]).0 == .incomplete)
        #expect(side.open([23, 3, 3, 0x41, 0x01]).0 == .failed(.recordOverflow))
    }

    @Test("Too short for a tag", arguments: 0..<16)
    func short(count: Int) throws {
        let (_, side) = try pair()
        #expect(
            side.open([23, 3, 3, 0, UInt8(count)] + [UInt8](repeating: 9, count: count)).0 == .failed(.badRecordMAC))
    }

    @Test("A record that comes twice, and one that was left out")
    func order() throws {
        let (sealer, side) = try pair()
        let first = sealer.seal(23, [1])
        #expect(side.open(first).0 == .data(1))
        #expect(side.open(first).0 == .failed(.badRecordMAC))
        let (other, another) = try pair()
        _ = other.seal(23, [1])
        #expect(another.open(other.seal(23, [2])).0 == .failed(.badRecordMAC))
    }

    @Test("Empty records in a row are borne for a while only")
    func empty() throws {
        let (sealer, side) = try pair()
        for _ in 0..<32 { #expect(side.open(sealer.seal(23, [])).0 == .nothing) }
        #expect(side.open(sealer.seal(23, [1])).0 == .data(1))
        for _ in 0..<32 { #expect(side.open(sealer.seal(23, [])).0 == .nothing) }
        #expect(side.open(sealer.seal(23, [])).0 == .failed(.unexpectedMessage))
    }

    static let wrongMessages: [(content: [UInt8], alert: RecordLayer.Alert)] = [
        ([], .unexpectedMessage), ([4, 0, 0, 1, 0], .unexpectedMessage), ([1], .unexpectedMessage),
        ([24, 1], .decodeError), ([24, 0, 1], .decodeError), ([24, 0, 0, 0], .decodeError),
        ([24, 0, 0, 2], .decodeError),
        ([24, 0, 0, 1, 2], .illegalParameter), ([24, 0, 0, 1, 255], .illegalParameter),
        ([24, 0, 0, 1, 0, 0], .unexpectedMessage), ([24, 0, 0, 1, 0, 24, 0, 0, 1, 0], .unexpectedMessage),
    ]

    @Test("Messages that are not one KeyUpdate", arguments: wrongMessages.indices)
    func messages(index: Int) throws {
        let (sealer, side) = try pair()
        let (content, alert) = Self.wrongMessages[index]
        #expect(side.open(sealer.seal(22, content)).0 == .failed(alert))
    }

    @Test("A KeyUpdate in parts; its keys are used from the next record on", arguments: CipherSuite.allCases)
    func parts(suite: CipherSuite) throws {
        let (sealer, side) = try pair(suite)
        for part in [[24], [0, 0], [1], [1]] as [[UInt8]] { #expect(side.open(sealer.seal(22, part)).0 == .nothing) }
        let old = sealer.seal(23, [1])
        try sealer.updateKeys()
        #expect(side.open(sealer.seal(23, [2])).0 == .data(1))
        #expect(side.seal(.applicationData, [1])?.count == 2 * RecordLayer.overhead + 5 + 1)
        #expect(side.open(old).0 == .failed(.badRecordMAC))
    }

    @Test("Anything between the parts of a KeyUpdate", arguments: [21, 23])
    func between(type: Int) throws {
        let (sealer, side) = try pair()
        #expect(side.open(sealer.seal(22, [24, 0])).0 == .nothing)
        #expect(side.open(sealer.seal(UInt8(type), [1, 0])).0 == .failed(.unexpectedMessage))
    }

    @Test("KeyUpdates in a row are followed for a while only")
    func updates() throws {
        let (sealer, side) = try pair()
        for round in 0..<70 {
            let outcome = side.open(sealer.seal(22, [24, 0, 0, 1, 1])).0
            try sealer.updateKeys()
            if round % 33 == 32 {
                #expect(outcome == .failed(.unexpectedMessage))
                return
            }
            #expect(outcome == .nothing)
        }
        Issue.record("no end of KeyUpdates")
    }

    @Test("Many requests are answered by one KeyUpdate")
    func requests() throws {
        let (sealer, side) = try pair()
        for _ in 0..<10 {
            #expect(side.open(sealer.seal(22, [24, 0, 0, 1, 1])).0 == .nothing)
            try sealer.updateKeys()
        }
        #expect(side.seal(.applicationData, [1])?.count == 2 * RecordLayer.overhead + 5 + 1)
        #expect(side.seal(.applicationData, [1])?.count == RecordLayer.overhead + 1)
    }

    @Test("Alerts: the end, whatever their level; user_canceled is none; others are told")
    func alerts() throws {
        for level in [0, 1, 2, 9] as [UInt8] {
            let (sealer, side) = try pair()
            #expect(side.open(sealer.seal(21, [level, 90])).0 == .nothing)
            #expect(side.open(sealer.seal(21, [level, 0])).0 == .closed)
            #expect(side.open(sealer.seal(23, [1])).0 == .failed(.internalError))
            let (other, another) = try pair()
            #expect(another.open(other.seal(21, [level, 40])).0 == .alerted(40))
        }
        for (content, alert) in [([], .unexpectedMessage), ([1], .decodeError), ([1, 0, 1, 0], .decodeError)]
            as [([UInt8], RecordLayer.Alert)]
        {
            let (sealer, side) = try pair()
            #expect(side.open(sealer.seal(21, content)).0 == .failed(alert))
        }
    }

    @Test("The last sequence number is never used, neither to open nor to seal")
    func exhausted() throws {
        let (sealer, side) = try pair(read: .max - 1)
        #expect(side.open(sealer.seal(23, [1])).0 == .data(1))
        #expect(side.open([23, 3, 3, 0, 18] + [UInt8](repeating: 0, count: 18)).0 == .failed(.badRecordMAC))
        let full = try Side(.aes128GCM, reads: Self.secret(.aes128GCM), writes: Self.secret(.aes128GCM), written: .max)
        #expect(full.seal(.applicationData, [1]) == nil)
        #expect(full.seal(.applicationData, [1]) == nil)
    }

    @Test("A secret of another length is not taken")
    func secretLength() throws {
        let ciphers = try #require(RecordCiphers())
        var layer = RecordLayer()
        let hasBegun = Self.secret(.aes128GCM).withUnsafeBytes {
            layer.begin(.aes256GCM, reads: $0, read: 0, writes: $0, written: 0, ciphers)
        }
        #expect(!hasBegun)
    }

    @Test(
        "No secret is left in the layer once it is wiped, and nothing is opened or sealed",
        arguments: CipherSuite.allCases)
    func wiped(suite: CipherSuite) throws {
        let (sealer, side) = try pair(suite)
        #expect(side.open(sealer.seal(23, [1])).0 == .data(1))
        #expect(side.memory.contains(0x5A))
        side.wipe()
        #expect(!side.memory.contains(0x5A) && !side.memory.contains(0x77))
        #expect(side.memory.count { $0 != 0 } < 20, "\(side.memory)")
        #expect(side.open(sealer.seal(23, [1])).0 == .failed(.internalError))
        #expect(side.seal(.applicationData, [1]) == nil)
    }

    @Test(
        "Random bytes, and random changes to good records: no crash, nothing opened that was not sent", arguments: 0..<4
    )
    func random(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<2000 {
            let (sealer, side) = try pair(CipherSuite.allCases[Int.random(in: 0..<3, using: &generator)])
            var input: [UInt8] = []
            var sent: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<4, using: &generator) {
                let content = (0..<Int.random(in: 1..<60, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                input += sealer.seal(23, content, padding: Int.random(in: 0..<9, using: &generator))
                sent += content
            }
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                let noise = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                input += noise
            case 1 where !input.isEmpty:
                input[Int.random(in: 0..<input.count, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
            default: break
            }
            let content = side.openAll(&input).content
            #expect(sent.starts(with: content))
        }
    }
}

import Records
import TestSupport
import Testing

/// The record layer against OpenSSL's, in both directions.
@Suite("Records: OpenSSL on the other side")
struct OpenSSLPeerTests {
    @Test("Every size of a record, both ways", arguments: CipherSuite.allCases)
    func sizes(suite: CipherSuite) throws {
        let peer = try OpenSSLPeer(suite)
        let side = try peer.side()
        let content = (0..<RecordLayer.largestContent).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for size in sizes where size > 0 {
            let part = Array(content[..<size])
            let (outcome, opened) = side.open(peer.write(part))
            try #require(outcome == .data(size) && opened == part, "\(size) bytes from the client")
            try #require(peer.read(side.seal(.applicationData, part) ?? []) == part, "\(size) bytes to the client")
        }
        #expect(peer.read(side.seal(.applicationData, []) ?? []) == [])
    }

    /// All around the edges, and every hundredth between.
    private var sizes: [Int] {
        Array(0...260) + stride(from: 300, to: 16_100, by: 97) + Array(16_100...RecordLayer.largestContent)
    }

    @Test(
        "More than a record holds: the client splits it, and what comes back is put together",
        arguments: CipherSuite.allCases)
    func long(suite: CipherSuite) throws {
        let peer = try OpenSSLPeer(suite)
        let side = try peer.side()
        var generator = SeededGenerator(seed: 1)
        let content = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var records = peer.write(content)
        #expect(side.openAll(&records).content == content)
        #expect(records.isEmpty)
        #expect(side.seal(.applicationData, Array(content[...RecordLayer.largestContent])) == nil)
        #expect(peer.read(side.seal(.applicationData, [1]) ?? []) == [1])
    }

    @Test("Padding of any length is left away", arguments: [2, 16, 255, 4096])
    func padding(block: Int) throws {
        let peer = try OpenSSLPeer(.aes128GCM, padding: block)
        let side = try peer.side()
        for size in [1, 2, 15, 16, 17, 300, 5000] {
            let content = [UInt8](repeating: 7, count: size)
            #expect(side.open(peer.write(content)).1 == content)
        }
    }

    @Test("A record that has come in part is incomplete at every byte", arguments: CipherSuite.allCases)
    func splits(suite: CipherSuite) throws {
        let peer = try OpenSSLPeer(suite)
        let side = try peer.side()
        let record = peer.write(Array("split anywhere".utf8))
        for count in 0..<record.count { #expect(side.open(Array(record[..<count])).0 == .incomplete) }
        #expect(side.open(record).1 == Array("split anywhere".utf8))
    }

    @Test("The client changes its keys, and asks for others or not", arguments: CipherSuite.allCases, [true, false])
    func keysOfTheClient(suite: CipherSuite, isAsking: Bool) throws {
        let peer = try OpenSSLPeer(suite)
        let side = try peer.side()
        for round in 0..<40 {
            peer.updateKeys(isAsking: isAsking)
            var records = peer.write([UInt8(round)])
            let opened = side.openAll(&records)
            #expect(opened.outcomes == [.nothing, .data(1)])
            #expect(opened.content == [UInt8(round)])
            let answer = side.seal(.applicationData, [UInt8(round)]) ?? []
            #expect(answer.count == (isAsking ? 2 * RecordLayer.overhead + 5 + 1 : RecordLayer.overhead + 1))
            #expect(peer.read(answer) == [UInt8(round)])
        }
    }

    @Test("Keys are changed after so many records, in the middle of traffic both ways", arguments: CipherSuite.allCases)
    func keysOfThisSide(suite: CipherSuite) throws {
        let peer = try OpenSSLPeer(suite)
        let side = try peer.side(changingKeysAfter: 3)
        var updates = 0
        for round in 0..<50 {
            let record = side.seal(.applicationData, [UInt8(round)]) ?? []
            updates += record.count > RecordLayer.overhead + 1 ? 1 : 0
            #expect(peer.read(record) == [UInt8(round)])
            #expect(side.open(peer.write([UInt8(round)])).1 == [UInt8(round)])
        }
        #expect(updates == 12 || updates == 16, "one for each three or four records, not \(updates)")
    }

    @Test("close_notify, from either side", arguments: CipherSuite.allCases)
    func close(suite: CipherSuite) throws {
        let peer = try OpenSSLPeer(suite)
        let side = try peer.side()
        #expect(side.open(peer.shutDown()).0 == .closed)
        #expect(side.open(peer.write([])).0 != .data(0))
        #expect(!peer.hasBeenClosed)
        #expect(peer.read(side.seal(.applicationData, [1, 2]) ?? []) == [1, 2])  // half-closed: this side still speaks
        #expect(peer.read(side.seal(.alert, [1, 0]) ?? []) == [])
        #expect(peer.hasBeenClosed)
    }

    @Test("One bit wrong anywhere: nothing is opened, ever again")
    func tampered() throws {
        for suite in CipherSuite.allCases {
            let peer = try Opening(suite)
            for bit in 0..<8 * peer.record.count {
                var record = peer.record
                record[bit / 8] ^= 1 << UInt8(bit % 8)
                let side = try peer.side()
                let (outcome, content) = side.open(record)
                #expect(outcome == .incomplete || isFailure(outcome), "bit \(bit): \(outcome)")
                #expect(content.isEmpty)
                if isFailure(outcome) { #expect(isFailure(side.open(peer.record).0)) }
            }
        }
    }

    private func isFailure(_ outcome: RecordLayer.Outcome) -> Bool { if case .failed = outcome { true } else { false } }

    /// A handshake, and the client's first record after it.
    private struct Opening {
        let suite: CipherSuite
        let secrets: ([UInt8], [UInt8])
        let record: [UInt8]

        init(_ suite: CipherSuite) throws {
            let peer = try OpenSSLPeer(suite)
            self.suite = suite
            secrets = (peer.clientSecret, peer.serverSecret)
            record = peer.write([1, 2, 3, 4])
        }

        func side() throws -> Side { try Side(suite, reads: secrets.0, writes: secrets.1) }
    }

    @Test("Many connections in turn share the contexts of a loop", arguments: CipherSuite.allCases)
    func shared(suite: CipherSuite) throws {
        let ciphers = try #require(RecordCiphers())
        let peers = try (0..<40).map { _ in try OpenSSLPeer(suite) }
        let sides = try peers.map { try $0.side(changingKeysAfter: 5, ciphers: ciphers) }
        var generator = SeededGenerator(seed: 2)
        for step in 0..<2000 {
            let index = Int.random(in: 0..<peers.count, using: &generator)
            let content = [UInt8](
                repeating: UInt8(truncatingIfNeeded: step), count: Int.random(in: 1...50, using: &generator))
            if Int.random(in: 0..<20, using: &generator) == 0 { peers[index].updateKeys(isAsking: step % 2 == 0) }
            var records = peers[index].write(content)
            #expect(sides[index].openAll(&records).content == content)
            #expect(peers[index].read(sides[index].seal(.applicationData, content) ?? []) == content)
        }
    }
}

import COpenSSL
import TestSupport
import Testing

@testable import TLS

@Suite("TLS failures")
struct FailureTests {
    private func found(_ outcome: Connection.Outcome) -> TLSFailure? {
        if case .failed(let failure) = outcome { failure } else { nil }
    }

    @Test(
        "HTTP in the clear is told from other garbage",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), ("POST / HTTP/1.1\r\n", true), ("HEAD / HTTP/1.0\r\n", true),
            ("\u{10}\u{0C}\0\u{4}MQTT\u{4}\u{2}\0\u{3C}\0\0", false), ("SSH-2.0-x\r\n", false),
            ("\0\0\0\0\0\0\0\0", false),
        ])
    func plain(bytes: String, isHTTP: Bool) throws {
        let loop = try ServerLoop()
        let context = try makeContext()
        let connection = try Connection(context, loop)
        let failure = try #require(found(connection.event(bytes.utf8)))
        #expect(failure.isPlainHTTP == isHTTP, "\(failure.reason)")
        #expect(!failure.reason.isEmpty)
        #expect(ERR_peek_error() == 0)
        // The next connection of the loop is not touched by it.
        #expect(try Connection(context, loop).handshake())
    }

    @Test("A record that was changed on its way ends the connection", arguments: versions)
    func tampered(version: Int32) throws {
        let loop = try ServerLoop()
        let context = try makeContext()
        let connection = try Connection(context, loop, .init(version: version))
        try #require(connection.handshake())
        connection.client.write([1, 2, 3])
        var bytes = connection.client.take()
        bytes[bytes.count - 1] ^= 1
        let failure = try #require(found(connection.event(bytes)))
        #expect(failure.reason != TLSFailure.lost)
        #expect(!failure.isPlainHTTP)
        #expect(connection.received == [])
        #expect(ERR_peek_error() == 0)
        #expect(connection.write([1]) == nil)
        #expect(ERR_peek_error() == 0)
        connection.shutdown()
        #expect(try Connection(context, loop, .init(version: version)).handshake())
    }

    @Test("A write that fails leaves nothing in the output that the connections of a loop share", arguments: versions)
    func failedWrite(version: Int32) throws {
        let loop = try ServerLoop()
        let context = try makeContext()
        let connection = try Connection(context, loop, .init(version: version))
        try #require(connection.handshake())
        connection.client.write([4])
        var bytes = connection.client.take()
        bytes[bytes.count - 1] ^= 1
        // A record that was changed makes an alert, which is not sent yet when something else is to be.
        #expect(connection.write([1, 2, 3]) == 3)
        loop.give(bytes)
        guard case .failed = connection.readOnce() else {
            Issue.record("the record was taken")
            return
        }
        #expect(loop.waiting > 0)
        #expect(connection.write([5]) == nil)
        #expect(loop.waiting == 0)
        #expect(try Connection(context, loop, .init(version: version)).handshake())
    }

    @Test("Any handshake with one bit turned fails or goes on, and never harms the next", arguments: versions)
    func mutated(version: Int32) throws {
        let loop = try ServerLoop()
        let context = try makeContext()
        var random = SeededGenerator(seed: UInt64(version))
        var failures = 0
        for round in 0..<150 {
            let connection = try Connection(context, loop, .init(version: version, name: "a.example"))
            for _ in 0..<4 {
                _ = connection.client.handshake()
                var bytes = connection.client.take()
                if let index = bytes.indices.randomElement(using: &random) { bytes[index] ^= 1 << (round % 8) }
                guard found(connection.event(bytes)) == nil else {
                    failures += 1
                    break
                }
            }
            #expect(ERR_peek_error() == 0, "round \(round)")
        }
        #expect(failures > 30)
        #expect(try Connection(context, loop, .init(version: version)).handshake())
    }

    /// The error of a context that cannot be made.
    private func error(
        _ certificate: String, _ key: String, ciphers: String? = nil, ticketKeys: TicketKeys? = nil
    ) throws -> String {
        defer { #expect(ERR_peek_error() == 0) }
        do throws(TLSError) {
            let options = TLSOptions(
                certificates: [(certificate, key)], allowsTLS12: true, allowsTLS13: true, ciphers: ciphers,
                ticketKeys: ticketKeys)
            _ = try TLSContext(options)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("A key that does not belong to the certificate: both files are named")
    func mismatch() throws {
        let files = try Certificates.shared.get()
        for key in [files.b.key, files.rsa.key] {
            let text = try error(files.a.certificate, key)
            #expect(text.hasPrefix("\(key) does not belong to the certificate \(files.a.certificate); "))
        }
    }

    @Test("A file that is missing is named, with the reason")
    func missing() throws {
        let files = try Certificates.shared.get()
        #expect(try error(files.missing, files.a.key) == "\(files.missing): No such file or directory")
        #expect(try error(files.a.certificate, files.missing) == "\(files.missing): No such file or directory")
    }

    @Test("A file that holds something else is named")
    func garbage() throws {
        let files = try Certificates.shared.get()
        #expect(try error(files.garbage, files.a.key).hasPrefix("\(files.garbage) contains no certificate"))
        #expect(try error(files.a.certificate, files.garbage).hasPrefix("\(files.garbage) contains no key"))
        #expect(try error(files.a.key, files.a.key).hasPrefix("\(files.a.key) contains a key, but no certificate"))
    }

    @Test("A key with a passphrase is an error at once: nobody is asked")
    func encrypted() throws {
        let files = try Certificates.shared.get()
        let text = try error(files.a.certificate, files.encryptedKey)
        #expect(text.hasPrefix("\(files.encryptedKey) has a passphrase"))
    }

    @Test(
        "Ciphers that OpenSSL does not know",
        arguments: ["NONSENSE", "TLS_NONSENSE", "TLS_AES_128_GCM_SHA256:NONSENSE"])
    func ciphers(names: String) throws {
        let files = try Certificates.shared.get()
        #expect(try error(files.a.certificate, files.a.key, ciphers: names).hasPrefix("\"\(names)\" cannot be used: "))
    }

    @Test("An error that somebody has left does not become ours")
    func leftOver() throws {
        let files = try Certificates.shared.get()
        _ = BIO_new_file(files.missing, "r")
        #expect(ERR_peek_error() != 0)
        let context = try makeContext()
        #expect(ERR_peek_error() == 0)
        #expect(try Connection(context, ServerLoop()).handshake())
    }
}

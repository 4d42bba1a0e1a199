import Testing

@testable import Wire

@Suite("Answers that are no CONNACK")
struct ForeignAnswerTests {
    /// What servers of other protocols send to a CONNECT, or before it.
    static let answers: [(ForeignAnswer, String)] = [
        (.http, "'HTTP/1.1 400 Bad Request' 0D0A"), (.http, "'<html>'"),
        (.http2, "00 00 18 04 00 00 00 00 00 00 03"),
        (.tls, "15 0303 0002 0246"), (.tls, "15 0301 0002 020A"), (.tls, "16 0303 0040 02"),
        (.amqp, "'AMQP' 00 00 09 01"), (.proxyProtocol, "'PROXY TCP4 1'"),
        (.connect, "10 0D 0004 'MQTT' 04 02"),
        (.redis, "'-ERR unknown command' 0D0A"), (.redis, "'-NOAUTH Authentication required.' 0D0A"),
        (.ssh, "'SSH-2.0-OpenSSH_9.2p1' 0D0A"), (.smtp, "'220 mail.example.com ESMTP Postfix' 0D0A"),
        (.pop3, "'+OK ready' 0D0A"), (.imap, "'* OK [CAPABILITY IMAP4rev1]' 0D0A"),
        (.xmpp, "'<?xml version='"), (.stomp, "'ERROR' 0A"), (.nats, "'INFO {'"),
        (.mySQL, "5B 00 00 00 0A '8.0.36' 00"), (.packet, "E0 02 82 00"), (.packet, "D0 00"),
        (.packet, "90 03 0001 00"),
    ]

    @Test("Each is known by its first bytes", arguments: answers)
    func known(_ answer: (ForeignAnswer, String)) throws {
        let bytes = try #require(PacketNotation.bytes(answer.1), "the notation has a mistake")
        #expect(ForeignAnswer(bytes.span) == answer.0)
        let words = ForeignAnswer.words(bytes.span, .notConnack)
        #expect(!words.contains("notConnack") && (words.contains("1883") || answer.0 == .packet), "\(words)")
    }

    @Test("All are in that table, and have a name")
    func table() {
        #expect(Set(ForeignAnswer.allCases) == Set(Self.answers.map(\.0)))
        #expect(Set(ForeignAnswer.allCases.map(\.name)).count == ForeignAnswer.allCases.count)
    }

    @Test("What came is shown as text or in hexadecimal, and not more of it than says what it is")
    func shown() {
        let http = Array("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n".utf8)
        #expect(ForeignAnswer.shown(http.span) == "'HTTP/1.1 400 Bad Request…'")
        #expect(ForeignAnswer.shown([0x15, 3, 3, 0, 2, 2, 70].span) == "15 03 03 00 02 02 46")
        #expect(ForeignAnswer.shown([UInt8](repeating: 0xFE, count: 9).span) == "fe fe fe fe fe fe fe fe …")
        #expect(ForeignAnswer.shown([0x48].span) == "48")
        let nothing: [UInt8] = []
        #expect(ForeignAnswer.shown(nothing.span) == "")
        #expect(ForeignAnswer.shown(Array("ok\u{1B}[2J".utf8).span) == "6f 6b 1b 5b 32 4a")
    }

    @Test("An echo shows nothing of the CONNECT, which holds a password")
    func echo() {
        let words = ForeignAnswer.words([0x10, 0x20, 0, 4, 0x4D, 0x51, 0x54, 0x54].span, .notConnack)
        #expect(words.contains("echo") && !words.contains("4d"))
    }

    @Test("A malformed CONNACK is said to be one")
    func malformed() {
        for error in ConnackError.allCases where error != .notConnack {
            let words = ForeignAnswer.words([0x20, 0x7F, 0, 5].span, error)
            #expect(words.contains("20 7f 00 05") && words.contains("\(error)") && !words.contains("1883"))
        }
    }

    @Test("Any bytes are shown, bounded", arguments: UInt8.min...UInt8.max)
    func any(first: UInt8) {
        for count in 0..<40 {
            let bytes = [UInt8](repeating: first, count: count)
            #expect(ForeignAnswer.words(bytes.span, .notConnack).count < 200)
        }
    }
}

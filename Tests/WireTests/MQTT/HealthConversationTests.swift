import Testing

@testable import Wire

@Suite("HealthConversation")
struct HealthConversationTests {
    private func conversation(
        _ version: ProtocolVersion = .v3_1_1, username: String? = nil, password: [UInt8]? = nil
    ) -> HealthConversation {
        HealthConversation(version: version, clientID: "probe", username: username, password: password)
    }

    private static let versions: [ProtocolVersion] = [.v3_1, .v3_1_1, .v5_0]

    @Test("The CONNECT is valid and clean, with a short keep alive", arguments: versions)
    func connect(version: ProtocolVersion) throws {
        for (username, password) in [(nil, nil), ("u", nil), ("u", Array("p".utf8))] as [(String?, [UInt8]?)] {
            let bytes = conversation(version, username: username, password: password).connect
            let packet = try #require(try ConnectPacket.parse(bytes.span))
            #expect(packet.version == version && packet.cleanStart && packet.keepAlive == 30)
            #expect(bytes[packet.clientID].elementsEqual("probe".utf8))
            #expect(packet.username.map { Array(bytes[$0]) } == username.map { Array($0.utf8) })
            #expect(packet.password.map { Array(bytes[$0]) } == password)
            #expect(packet.will == nil)
        }
    }

    @Test("3.x has no password without a user name [MQTT-3.1.2-22]")
    func passwordAlone() throws {
        let bytes = conversation(.v3_1_1, password: [1]).connect
        #expect(try #require(try ConnectPacket.parse(bytes.span)).password == nil)
    }

    private func connack(_ version: ProtocolVersion, _ code: UInt8 = 0) -> [UInt8] {
        version == .v5_0 ? [0x20, 3, 0, code, 0] : [0x20, 2, 0, code]
    }

    @Test("CONNACK 0, PINGREQ, PINGRESP, DISCONNECT; whole or byte by byte", arguments: versions)
    func passes(version: ProtocolVersion) {
        var whole = conversation(version)
        #expect(whole.timeoutWords(milliseconds: 5000) == "no CONNACK within 5000 ms" && !whole.hasAnswer)
        #expect(whole.timeoutWords(milliseconds: 3000).contains("RabbitMQ 4"))
        #expect(whole.received(connack(version).span) == .send([0xC0, 0]))
        #expect(whole.timeoutWords(milliseconds: 3000) == "no PINGRESP within 3000 ms" && whole.hasAnswer)
        #expect(whole.received([0xD0, 0].span) == .passed(goodbye: [0xE0, 0]))

        var slow = conversation(version)
        for byte in connack(version).dropLast() { #expect(slow.received([byte].span) == .wait) }
        #expect(slow.received([connack(version).last ?? 0].span) == .send([0xC0, 0]))
        #expect(slow.received([0xD0].span) == .wait)
        #expect(slow.received([0x00].span) == .passed(goodbye: [0xE0, 0]))
    }

    @Test("Other packets in between are skipped")
    func skips() {
        var conversation = conversation()
        _ = conversation.received(connack(.v3_1_1).span)
        #expect(conversation.received([0x30, 3, 0, 1, 0x61, 0xD0].span) == .wait)
        #expect(conversation.received([0].span) == .passed(goodbye: [0xE0, 0]))
    }

    @Test("A refusal names its code, and what to change, also in the form of another version")
    func refused() {
        for (version, answer, hint) in [
            (.v3_1_1, [0x20, 2, 0, 5], "username="), (.v3_1, [0x20, 2, 0, 4], "username="),
            (.v3_1_1, [0x20, 2, 0, 3], nil), (.v5_0, [0x20, 3, 0, 0x87, 0], "username="),
            (.v5_0, [0x20, 3, 0, 0x89, 0], nil), (.v5_0, [0x20, 2, 0, 1], "version="),
            (.v5_0, [0x20, 2, 0, 5], "username="), (.v3_1_1, [0x20, 3, 0, 0x84, 0], "version="),
            (.v3_1_1, [0x20, 2, 0, 2], "client_id="),
        ] as [(ProtocolVersion, [UInt8], String?)] {
            var conversation = conversation(version)
            #expect(conversation.received(answer.span) == .failed(.refused(answer[3])))
            let words = "\(HealthConversation.Failure.refused(answer[3]))"
            #expect(words.contains("0x") && words.contains("health_check") == (hint != nil))
            #expect(words.contains(hint ?? ""))
        }
    }

    @Test("What is no CONNACK fails at its first byte")
    func garbage() {
        var http = conversation()
        let words = ForeignAnswer.words([0x48].span, .notConnack)
        #expect(http.received([0x48].span) == .failed(.notConnack(words)) && words.contains("48"))
    }

    @Test("A DISCONNECT after the CONNACK, also in the same read")
    func disconnected() {
        var later = conversation(.v5_0)
        _ = later.received(connack(.v5_0).span)
        #expect(later.received([0xE0, 1, 0x8B].span) == .failed(.disconnected(0x8B)))
        var together = conversation(.v5_0)
        #expect(together.received((connack(.v5_0) + [0xE0, 0]).span) == .failed(.disconnected(0)))
    }

    @Test("A packet without end, or longer than any that belongs here")
    func endless() {
        for tail: [UInt8] in [[0x30, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x80, 0x80, 0x08]] {
            var conversation = conversation()
            _ = conversation.received(connack(.v3_1_1).span)
            #expect(conversation.received(tail.span) == .failed(.unreadable))
        }
    }

    @Test("Packets without end: 64 KiB of them are skipped, not one byte more")
    func tooMuch() {
        let publish: [UInt8] = [0x30, 0xFE, 0x07] + [UInt8](repeating: 0, count: 1022)  // 1,025 bytes
        var conversation = conversation()
        _ = conversation.received(connack(.v3_1_1).span)
        for _ in 0..<63 { #expect(conversation.received(publish.span) == .wait) }
        // 64,575 bytes so far, and 961 more are 65,536.
        var exact = conversation
        let rest: [UInt8] = [0x30, 0xBE, 0x07] + [UInt8](repeating: 0, count: 958)
        #expect(exact.received((rest + [0xD0, 0]).span) == .passed(goodbye: [0xE0, 0]))
        #expect(conversation.received(publish.span) == .failed(.tooMuch))
    }
}

@Suite("WholePackets")
struct WholePacketsTests {
    @Test(
        "Bytes of the whole ones in front",
        arguments: [
            ([], 0), ([0xF0], 0), ([0xF0, 0], 2), ([0xF0, 2, 1], 0), ([0xF0, 2, 1, 2], 4),
            ([0xF0, 1, 9, 0xF0, 0, 0xF0, 1], 5), ([0x20, 2, 0, 0], 0), ([0xF0, 0xFF, 0xFF, 0xFF, 0xFF], 0),
            ([0xF0, 0, 0x20, 2, 0, 0], 2),
        ] as [([UInt8], Int)])
    func length(bytes: [UInt8], expected: Int) {
        #expect(WholePackets.length(of: 0xF0, in: bytes.span) == expected)
    }
}

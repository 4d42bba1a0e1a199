import Testing

@testable import Wire

/// What operators read is English with the clause, and never the name of a case of the source.
@Suite("Words of errors")
struct ErrorWordsTests {
    static let words: [String] =
        ConnackError.allCases.map { "\($0)" } + ConnectError.Kind.allCases.map { "\($0)" }
        + ConnectRewriteError.allCases.map { "\($0)" } + ProxyHeaderError.allCases.map { "\($0)" }
        + PacketScanner.Failure.allCases.map { "\($0)" }

    /// Cases are named in camel case; names of protocols and packets begin with a capital.
    private static func looksLikeCase(_ word: Substring) -> Bool {
        word.first?.isLowercase == true && word.contains { $0.isUppercase }
    }

    @Test("Several words, none of them the name of a case", arguments: words)
    func plain(_ text: String) {
        let words = text.split(separator: " ")
        #expect(words.count > 3, "\(text)")
        for word in words { #expect(!Self.looksLikeCase(word), "\(word) in: \(text)") }
    }

    @Test("Each cites its rule, except for our own limits", arguments: words)
    func clause(_ text: String) {
        let isLimit = text.contains("is longer than \(Connack.maximumLength) bytes")
        #expect(text.contains("§") || text.contains("[MQTT-") || isLimit, "\(text)")
    }

    @Test("Each is another")
    func distinct() {
        #expect(Set(ConnackError.allCases.map { "\($0)" }).count == ConnackError.allCases.count)
        #expect(Set(ConnectError.Kind.allCases.map { "\($0)" }).count == ConnectError.Kind.allCases.count)
        #expect(Set(ProxyHeaderError.allCases.map { "\($0)" }).count == ProxyHeaderError.allCases.count)
    }

    @Test("A probe's failures, too")
    func probe() {
        let codes = (UInt8.min...UInt8.max).map { HealthConversation.Failure.refused($0) }
        let others: [HealthConversation.Failure] = [.notConnack("words"), .disconnected(0x8B), .unreadable, .tooMuch]
        for failure in codes + others {
            #expect(!"\(failure)".split(separator: " ").contains(where: Self.looksLikeCase), "\(failure)")
        }
    }

    @Test("A PROXY header too many or too few: both switches are named")
    func mismatch() {
        for sent in [ProxyHeader.Version.v1, .v2, nil] {
            let hint = ForeignAnswer.silenceHint(sent: sent)
            #expect(hint.contains("proxy_protocol in the upstream") && hint.contains("in the broker"))
            #expect(sent != .v1 || hint.contains("v1"))
            #expect(sent != .v2 || hint.contains("v2"))
        }
    }
}

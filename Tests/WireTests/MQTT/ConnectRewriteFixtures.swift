import Testing

@testable import Wire

/// One CONNECT, what is to change in it, and what must come of that.
struct ConnectRewriteFixture: Sendable, CustomTestStringConvertible {
    /// The rule, with its clause.
    let name: String
    /// The bytes of the client, in the notation of `PacketNotation`.
    let notation: String
    let changes: ConnectChanges
    let expectation: Expectation

    enum Expectation: Sendable {
        /// The whole packet, in the notation of `PacketNotation`.
        case packet(String)
        case fails(ConnectRewriteError)
    }

    init(_ name: String, _ notation: String, _ expectation: Expectation, _ change: (inout ConnectChanges) -> Void) {
        self.name = name
        self.notation = notation
        self.expectation = expectation
        var changes = ConnectChanges()
        change(&changes)
        self.changes = changes
    }

    var testDescription: String { name }
}

extension ConnectChanges.Field {
    static func text(_ text: String) -> Self { .set(Array(text.utf8)) }
}

extension ConnectChanges {
    mutating func add(_ name: String, _ value: String) {
        userProperties.append(UserProperty(name: Array(name.utf8), value: Array(value.utf8)))
    }
}

extension ConnectRewriteFixture {
    static let all = kept + versions + usernames + passwords + clientIDs + userProperties + texts

    /// Every field of 3.1.1, and every field of 5.0.
    private static let full4 = #"10 ** "MQTT" 04 EE 000A "dev-1" "state" "gone" "alice" "secret""#
    private static let full5 = """
        10 ** "MQTT" 05 EE 000A { 11 00000E10 26 "a" "b" 15 "SCRAM" 16 0002 00FF }
        "dev-1" { 18 0000003C 03 "text/plain" } "state" "gone" "alice" 0003 00FF80
        """

    private static let kept = [
        ConnectRewriteFixture("3.1.1: no change", full4, .packet(full4)) { _ in },
        ConnectRewriteFixture("5.0: no change", full5, .packet(full5)) { _ in },
        ConnectRewriteFixture(
            "3.1: reserved bits, which 3.1 disregards, stay", #"10 ** "MQIsdp" 03 33 000A "a""#,
            .packet(#"10 ** "MQIsdp" 03 B3 000A "a" "u""#)
        ) { $0.username = .text("u") },
        ConnectRewriteFixture(
            "the bit of a bridge stays", #"10 ** "MQTT" 84 02 000A "a""#, .packet(#"10 ** "MQTT" 84 02 000A "b""#)
        ) { $0.clientID = .text("b") },
        ConnectRewriteFixture(
            "3.1: the bit of a bridge stays", #"10 ** "MQIsdp" 83 02 000A "a""#,
            .packet(#"10 ** "MQIsdp" 83 02 000A "b""#)
        ) { $0.clientID = .text("b") },
        ConnectRewriteFixture(
            "3.1.1 §2.2.3: a Remaining Length longer than needed becomes the shortest",
            "10 8D80 00 00 04 'MQTT' 04 02 003C 0001 61", .packet(#"10 0D "MQTT" 04 02 003C "a""#)
        ) { _ in },
    ]

    private static let versions = [
        ConnectRewriteFixture(
            "3.1: every field", #"10 ** "MQIsdp" 03 F6 000A "dev-1" "state" "gone" "alice" "secret""#,
            .packet(#"10 ** "MQIsdp" 03 F6 000A "x" "state" "gone" "bob" "s""#)
        ) {
            $0.clientID = .text("x")
            $0.username = .text("bob")
            $0.password = .text("s")
        },
        ConnectRewriteFixture(
            "3.1.1: every field", full4, .packet(#"10 ** "MQTT" 04 EE 000A "x" "state" "gone" "bob" "s""#)
        ) {
            $0.clientID = .text("x")
            $0.username = .text("bob")
            $0.password = .text("s")
        },
        ConnectRewriteFixture(
            "5.0: every field", full5,
            .packet(
                """
                10 ** "MQTT" 05 EE 000A { 11 00000E10 26 "a" "b" 15 "SCRAM" 16 0002 00FF 26 "x-real-ip" "::1" }
                "x" { 18 0000003C 03 "text/plain" } "state" "gone" "bob" "s"
                """)
        ) {
            $0.clientID = .text("x")
            $0.username = .text("bob")
            $0.password = .text("s")
            $0.add("x-real-ip", "::1")
        },
        ConnectRewriteFixture(
            "3.1 §3.1: flags of strings that are missing go", #"10 ** "MQIsdp" 03 C2 000A "a""#,
            .packet(#"10 ** "MQIsdp" 03 02 000A "a""#)
        ) { _ in },
        ConnectRewriteFixture(
            "3.1 §3.1: the flag of a missing password goes", #"10 ** "MQIsdp" 03 C2 000A "a" "u""#,
            .packet(#"10 ** "MQIsdp" 03 82 000A "a" "u""#)
        ) { _ in },
        ConnectRewriteFixture(
            "3.1 §3.1: missing strings are put in", #"10 ** "MQIsdp" 03 C2 000A "a""#,
            .packet(#"10 ** "MQIsdp" 03 C2 000A "a" "u" "p""#)
        ) {
            $0.username = .text("u")
            $0.password = .text("p")
        },
    ]

    private static let usernames = [
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.2-18]: a user name where there was none", #"10 ** "MQTT" 04 02 000A "a""#,
            .packet(#"10 ** "MQTT" 04 82 000A "a" "u""#)
        ) { $0.username = .text("u") },
        ConnectRewriteFixture(
            "an empty user name is there", #"10 ** "MQTT" 04 02 000A "a""#, .packet(#"10 ** "MQTT" 04 82 000A "a" "" "#)
        ) { $0.username = .set([]) },
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.2-22]: the password goes with the user name", full4,
            .packet(#"10 ** "MQTT" 04 2E 000A "dev-1" "state" "gone""#)
        ) { $0.username = .remove },
        ConnectRewriteFixture(
            "3.1: the password goes with the user name", #"10 ** "MQIsdp" 03 C2 000A "a" "u" "p""#,
            .packet(#"10 ** "MQIsdp" 03 02 000A "a""#)
        ) { $0.username = .remove },
        ConnectRewriteFixture(
            "5.0 §3.1.2.9: the password stays without the user name", #"10 ** "MQTT" 05 C2 000A {} "a" "u" "p""#,
            .packet(#"10 ** "MQTT" 05 42 000A {} "a" "p""#)
        ) { $0.username = .remove },
        ConnectRewriteFixture(
            "a user name that is not there is removed", #"10 ** "MQTT" 04 02 000A "a""#,
            .packet(#"10 ** "MQTT" 04 02 000A "a""#)
        ) { $0.username = .remove },
    ]

    private static let passwords = [
        ConnectRewriteFixture(
            "the password goes", full4, .packet(#"10 ** "MQTT" 04 AE 000A "dev-1" "state" "gone" "alice""#)
        ) {
            $0.password = .remove
        },
        ConnectRewriteFixture(
            "an empty password is there", #"10 ** "MQTT" 04 82 000A "a" "u""#,
            .packet(#"10 ** "MQTT" 04 C2 000A "a" "u" 0000"#)
        ) {
            $0.password = .set([])
        },
        ConnectRewriteFixture(
            "MQTT §3.1.3.5: a password is binary", #"10 ** "MQTT" 04 82 000A "a" "u""#,
            .packet(#"10 ** "MQTT" 04 C2 000A "a" "u" 0003 00FFC0"#)
        ) {
            $0.password = .set([0x00, 0xFF, 0xC0])
        },
        ConnectRewriteFixture(
            "5.0 §3.1.2.9: a password alone", #"10 ** "MQTT" 05 02 000A {} "a""#,
            .packet(#"10 ** "MQTT" 05 42 000A {} "a" "p""#)
        ) {
            $0.password = .text("p")
        },
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.2-22]: a password alone", #"10 ** "MQTT" 04 02 000A "a""#, .fails(.passwordWithoutUsername)
        ) {
            $0.password = .text("p")
        },
        ConnectRewriteFixture(
            "3.1: a password alone", #"10 ** "MQIsdp" 03 02 000A "a""#, .fails(.passwordWithoutUsername)
        ) {
            $0.password = .text("p")
        },
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.2-22]: an empty password alone", #"10 ** "MQTT" 04 02 000A "a""#,
            .fails(.passwordWithoutUsername)
        ) {
            $0.password = .set([])
        },
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.2-22]: a password, and the user name removed", full4, .fails(.passwordWithoutUsername)
        ) {
            $0.username = .remove
            $0.password = .text("p")
        },
        ConnectRewriteFixture(
            "3.1.1: a password for a user name that is put in", #"10 ** "MQTT" 04 02 000A "a""#,
            .packet(#"10 ** "MQTT" 04 C2 000A "a" "u" "p""#)
        ) {
            $0.username = .text("u")
            $0.password = .text("p")
        },
    ]

    private static let clientIDs = [
        ConnectRewriteFixture("5.0 [MQTT-3.1.3-6]: none", full5.replacingID("\"\""), .packet(full5.replacingID("\"\"")))
        { _ in },
        ConnectRewriteFixture("5.0 [MQTT-3.1.3-6]: removed", full5, .packet(full5.replacingID("\"\""))) {
            $0.clientID = .remove
        },
        ConnectRewriteFixture("5.0 [MQTT-3.1.3-6]: set to none", full5, .packet(full5.replacingID("\"\""))) {
            $0.clientID = .set([])
        },
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.3-7]: removed, with Clean Session", full4, .packet(full4.replacingID("\"\""))
        ) { $0.clientID = .remove },
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.3-7]: removed, without Clean Session", #"10 ** "MQTT" 04 00 000A "a""#,
            .fails(.clientIDEmpty)
        ) { $0.clientID = .remove },
        ConnectRewriteFixture(
            "3.1.1 [MQTT-3.1.3-7]: set to none, without Clean Session", #"10 ** "MQTT" 04 00 000A "a""#,
            .fails(.clientIDEmpty)
        ) { $0.clientID = .set([]) },
        ConnectRewriteFixture(
            "3.1 §3.1: removed, with Clean Session", #"10 ** "MQIsdp" 03 02 000A "a""#, .fails(.clientIDEmpty)
        ) { $0.clientID = .remove },
        ConnectRewriteFixture("3.1 §3.1: set to none", #"10 ** "MQIsdp" 03 02 000A "a""#, .fails(.clientIDEmpty)) {
            $0.clientID = .set([])
        },
        ConnectRewriteFixture(
            "one where there was none", #"10 ** "MQTT" 04 02 000A """#, .packet(#"10 ** "MQTT" 04 02 000A "made-up""#)
        ) { $0.clientID = .text("made-up") },
        ConnectRewriteFixture(
            "3.1 §3.1: more than 23 characters, as brokers do", #"10 ** "MQIsdp" 03 02 000A "a""#,
            .packet(#"10 ** "MQIsdp" 03 02 000A "abcdefghijklmnopqrstuvwxyz""#)
        ) { $0.clientID = .text("abcdefghijklmnopqrstuvwxyz") },
    ]

    private static let userProperties = [
        ConnectRewriteFixture(
            "5.0 §3.1.2.11.8: in their order, and twice the same", #"10 ** "MQTT" 05 02 000A { 26 "k" "1" } "a""#,
            .packet(#"10 ** "MQTT" 05 02 000A { 26 "k" "1" 26 "k" "2" 26 "j" "3" 26 "k" "2" } "a""#)
        ) {
            $0.add("k", "2")
            $0.add("j", "3")
            $0.add("k", "2")
        },
        ConnectRewriteFixture(
            "5.0: where there was none", #"10 ** "MQTT" 05 02 000A {} "a""#,
            .packet(#"10 ** "MQTT" 05 02 000A { 26 "k" "v" } "a""#)
        ) { $0.add("k", "v") },
        ConnectRewriteFixture(
            "5.0 §1.5.7: empty name and value", #"10 ** "MQTT" 05 02 000A {} "a""#,
            .packet(#"10 ** "MQTT" 05 02 000A { 26 "" "" } "a""#)
        ) { $0.add("", "") },
        ConnectRewriteFixture(
            "3.1.1 has none", #"10 ** "MQTT" 04 02 000A "a""#, .packet(#"10 ** "MQTT" 04 02 000A "a""#)
        ) { $0.add("k", "v") },
        ConnectRewriteFixture(
            "3.1 has none", #"10 ** "MQIsdp" 03 02 000A "a""#, .packet(#"10 ** "MQIsdp" 03 02 000A "a""#)
        ) { $0.add("k", "v") },
        ConnectRewriteFixture(
            "3.1.1 has none, right or not", #"10 ** "MQTT" 04 02 000A "a""#, .packet(#"10 ** "MQTT" 04 02 000A "a""#)
        ) { $0.userProperties = [.init(name: [0xFF], value: [])] },
    ]

    /// Strings of every kind that no UTF-8 Encoded String may hold, in every place.
    private static let texts: [ConnectRewriteFixture] = [
        ("[MQTT-1.5.4-2] U+0000", [0x61, 0x00]), ("[MQTT-1.5.4-1] a surrogate", [0xED, 0xA0, 0x80]),
        ("[MQTT-1.5.4-1] cut short", [0xC3]), ("[MQTT-1.5.4-1] overlong", [0xC0, 0xAF]),
        ("[MQTT-1.5.4-1] above U+10FFFF", [0xF4, 0x90, 0x80, 0x80]),
    ].flatMap { (name: String, bytes: [UInt8]) in
        let packet = #"10 ** "MQTT" 05 02 000A {} "a""#
        return [
            ConnectRewriteFixture("\(name) in a client identifier", packet, .fails(.clientIDNotUTF8)) {
                $0.clientID = .set(bytes)
            },
            ConnectRewriteFixture("\(name) in a user name", packet, .fails(.usernameNotUTF8)) {
                $0.username = .set(bytes)
            },
            ConnectRewriteFixture("\(name) in the name of a user property", packet, .fails(.userPropertyNotUTF8)) {
                $0.userProperties = [.init(name: bytes, value: [])]
            },
            ConnectRewriteFixture("\(name) in the value of a user property", packet, .fails(.userPropertyNotUTF8)) {
                $0.add("k", "v")
                $0.userProperties.append(.init(name: [], value: bytes))
            },
        ]
    }
}

extension String {
    /// The client identifier `dev-1` replaced.
    fileprivate func replacingID(_ notation: String) -> String {
        split(separator: "\"dev-1\"", maxSplits: 1, omittingEmptySubsequences: false).joined(separator: notation)
    }
}

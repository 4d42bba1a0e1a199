import TestSupport
import Testing

@testable import Wire

@Suite("CONNECT, changed at random")
struct ConnectRewriteRandomTests {
    private static let seeds: [[UInt8]] = ConnectFixtures.all.compactMap { fixture in
        guard let bytes = fixture.bytes, case .accepted(_, let length) = readConnect(bytes) else { return nil }
        return Array(bytes.prefix(length))
    }

    @Test("4,000 changes: a packet with the changed fields and all others as they were, or the rule it breaks")
    func changes() throws {
        var random = SeededGenerator(seed: 3)
        var done = 0
        var failed: Set<ConnectRewriteError> = []
        for round in 0..<4_000 {
            let bytes = try #require(Self.seeds.randomElement(using: &random))
            let packet = try parseConnect(bytes).get()
            let changes = Self.changes(&random)
            let model = Model(packet, bytes, changes)
            do throws(ConnectRewriteError) {
                let result = try packet.rewritten(bytes.span, changes)
                done += 1
                #expect(model.faults.isEmpty, "round \(round): \(changes)")
                try check(result, model, packet, bytes, round)
            } catch {
                failed.insert(error)
                #expect(model.faults.contains(error), "round \(round): \(error), \(changes)")
            }
        }
        #expect(done > 1_000)
        #expect(failed.count == 9, "\(failed)")
    }

    /// `result` has what the model says, and all else of the packet it was made from.
    private func check(
        _ result: [UInt8], _ model: Model, _ old: ConnectPacket, _ bytes: [UInt8], _ round: Int
    ) throws(ConnectRewriteError) {
        guard case .success(let new) = parseConnect(result) else {
            Issue.record("round \(round): not a CONNECT: \(result)")
            return
        }
        func text(_ range: Range<Int>?) -> [UInt8]? { range.map { Array(bytes[$0]) } }
        func newText(_ range: Range<Int>?) -> [UInt8]? { range.map { Array(result[$0]) } }
        #expect(newText(new.clientID) == model.clientID, "round \(round)")
        #expect(newText(new.username) == model.username, "round \(round)")
        #expect(newText(new.password) == model.password, "round \(round)")
        #expect(newText(new.properties) == model.properties, "round \(round)")
        // Protocol name, level with its bit of a bridge, and keep alive; the flags except for user name and password.
        let (oldStart, newStart) = (Self.start(old), Self.start(new))
        #expect(bytes[oldStart...old.levelOffset] == result[newStart...new.levelOffset], "round \(round)")
        #expect((bytes[old.levelOffset + 1] ^ result[new.levelOffset + 1]) & 0x3F == 0, "round \(round)")
        #expect(old.keepAlive == new.keepAlive, "round \(round)")
        #expect(text(old.will?.properties) == newText(new.will?.properties), "round \(round)")
        #expect(text(old.will?.topic) == newText(new.will?.topic), "round \(round)")
        #expect(text(old.will?.payload) == newText(new.will?.payload), "round \(round)")
        let remaining = try? VariableByteInteger.read(result.span, at: 1, end: result.count)
        #expect(remaining?.isMinimal == true, "round \(round)")
    }

    /// Where the variable header begins.
    private static func start(_ packet: ConnectPacket) -> Int {
        packet.levelOffset - (packet.version == .v3_1 ? 8 : 6)
    }

    // MARK: Random changes

    private static func changes(_ random: inout SeededGenerator) -> ConnectChanges {
        var changes = ConnectChanges()
        changes.clientID = field(&random)
        changes.username = field(&random)
        changes.password = field(&random)
        for _ in 0..<max(0, Int.random(in: -3...3, using: &random)) {
            changes.userProperties.append(.init(name: text(&random), value: text(&random)))
        }
        return changes
    }

    private static func field(_ random: inout SeededGenerator) -> ConnectChanges.Field {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .remove
        case 1: .set(text(&random))
        default: .keep
        }
    }

    /// Most often a sound string; now and then one that is at a border, too long or no text.
    private static func text(_ random: inout SeededGenerator) -> [UInt8] {
        switch Int.random(in: 0..<40, using: &random) {
        case 0: [UInt8](repeating: 0x61, count: 65_536)
        case 1: [UInt8](repeating: 0x61, count: 65_535)
        case 2: [0x61, 0x00, 0x62]
        case 3: [0x61, 0xFF]
        case 4...8: []
        case 9...12: [UInt8](repeating: 0x7A, count: Int.random(in: 100...200, using: &random))
        default: Array(["a", "mqtt", "größe", "名前", "😀", "a b/c+#"].randomElement(using: &random)?.utf8 ?? "".utf8)
        }
    }
}

/// What must come of a change, found without the code under test.
private struct Model {
    var clientID: [UInt8]
    var username: [UInt8]?
    var password: [UInt8]?
    var properties: [UInt8]
    /// The rules that it breaks.
    var faults: Set<ConnectRewriteError> = []

    init(_ packet: ConnectPacket, _ bytes: [UInt8], _ changes: ConnectChanges) {
        func result(_ field: ConnectChanges.Field, _ old: Range<Int>?) -> [UInt8]? {
            switch field {
            case .keep: old.map { Array(bytes[$0]) }
            case .remove: nil
            case .set(let value): value
            }
        }
        clientID = result(changes.clientID, packet.clientID) ?? []
        username = result(changes.username, packet.username)
        password = result(changes.password, packet.password)
        properties = Array(bytes[packet.properties])
        if packet.version != .v5_0, username == nil, password != nil {
            if changes.password != .keep { faults.insert(.passwordWithoutUsername) }
            password = nil
        }
        let mayBeEmpty = packet.version == .v5_0 || packet.version == .v3_1_1 && packet.cleanStart
        if clientID.isEmpty, !mayBeEmpty { faults.insert(.clientIDEmpty) }
        check(clientID, .clientIDTooLong, .clientIDNotUTF8)
        check(username ?? [], .usernameTooLong, .usernameNotUTF8)
        if case .set(let password) = changes.password, password.count > 65_535 { faults.insert(.passwordTooLong) }
        guard packet.version == .v5_0 else { return }
        for property in changes.userProperties {
            properties.append(0x26)
            for text in [property.name, property.value] {
                properties += [UInt8(text.count >> 8 & 0xFF), UInt8(text.count & 0xFF)] + text
                check(text, .userPropertyTooLong, .userPropertyNotUTF8)
            }
        }
    }

    private mutating func check(_ text: [UInt8], _ tooLong: ConnectRewriteError, _ notUTF8: ConnectRewriteError) {
        if text.count > 65_535 { faults.insert(tooLong) }
        if text.contains(0) || String(validating: text, as: UTF8.self) == nil { faults.insert(notUTF8) }
    }
}

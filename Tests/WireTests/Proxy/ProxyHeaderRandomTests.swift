import TestSupport
import Testing

@testable import Wire

@Suite("PROXY header, seeded")
struct ProxyHeaderRandomTests {
    @Test("What is written is read again", arguments: [1, 2, 3, 4] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<500 {
            let source = endpoint(&random)
            let destination = endpoint(&random)
            for version in ProxyHeader.Version.allCases {
                let bytes = ProxyHeader.bytes(version, from: source, to: destination, details(&random))
                let note: Comment = "seed \(seed), round \(round), \(version): \(bytes)"
                guard case .header(let header) = ProxyOutcome(bytes) else {
                    Issue.record(note)
                    continue
                }
                let isMixed = source.address.count != destination.address.count
                #expect(header.length == bytes.count && header.command == .proxy, note)
                #expect(header.source == (isMixed ? mapped(source) : source), note)
                #expect(header.destination == (isMixed ? mapped(destination) : destination), note)
            }
        }
    }

    @Test("Every written header is not whole before its last byte", arguments: [5, 6] as [UInt64])
    func truncation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            for version in ProxyHeader.Version.allCases {
                let bytes = ProxyHeader.bytes(
                    version, from: endpoint(&random), to: endpoint(&random), details(&random))
                let early = bytes.indices.filter { ProxyOutcome(Array(bytes.prefix($0))) != .needsMore }
                #expect(early == [], "seed \(seed): \(bytes)")
            }
        }
    }

    @Test("20,000 mutated headers end in an answer, and what is accepted is whole", arguments: [7, 8] as [UInt64])
    func mutation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let fixtures = (ProxyFixtures.accepted + ProxyFaultFixtures.all).compactMap(\.bytes).filter { $0.count < 300 }
        var seen: [ProxyHeaderError: Int] = [:]
        var accepted = 0
        for round in 0..<10_000 {
            let bytes = mutated(fixtures, &random)
            switch ProxyOutcome(bytes) {
            case .needsMore: continue
            case .failed(let error): seen[error, default: 0] += 1
            case .header(let header):
                accepted += 1
                #expect((15...bytes.count).contains(header.length), "seed \(seed), round \(round): \(bytes)")
                #expect((header.source == nil) == (header.destination == nil))
                #expect(header.source?.address.count == header.destination?.address.count)
                #expect(header.command == .proxy || header.source == nil)
            }
        }
        #expect(accepted > 500 && seen.count == ProxyHeaderError.allCases.count, "the mutations do not reach all")
    }

    @Test("Random bytes behind a sound start end in an answer, whatever comes in which order")
    func noise() {
        var random = SeededGenerator(seed: 9)
        let starts = ["PROXY ", "PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"].map { Array($0.utf8) }
        let alphabet = Array("0123456789abcdefABCDEF::::....    \r\n".utf8)
        for _ in 0..<5_000 {
            let start = starts.randomElement(using: &random) ?? []
            let count = Int.random(in: 0...120, using: &random)
            let bytes = start + (0..<count).compactMap { _ in alphabet.randomElement(using: &random) }
            // The answer to a prefix stands: no later byte takes a failure or a header back.
            var first: ProxyOutcome?
            for length in 0...bytes.count {
                let outcome = ProxyOutcome(Array(bytes.prefix(length)))
                if let first { #expect(outcome == first, "\(bytes)") }
                if outcome != .needsMore { first = first ?? outcome }
            }
            if bytes.count >= ProxyHeader.largestLine { #expect(first != nil, "\(bytes)") }
        }
    }

    // MARK: Random input

    private func endpoint(_ random: inout SeededGenerator) -> ProxyHeader.Endpoint {
        var address = random.bytes(Bool.random(using: &random) ? 4 : 16)
        // Zeros, so that the text form of IPv6 has gaps of all kinds.
        for index in address.indices where Int.random(in: 0..<3, using: &random) > 0 { address[index] = 0 }
        return ProxyHeader.Endpoint(address: address, port: .random(in: 0...65_535, using: &random))
    }

    private func mapped(_ endpoint: ProxyHeader.Endpoint) -> ProxyHeader.Endpoint {
        guard endpoint.address.count == 4 else { return endpoint }
        let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return ProxyHeader.Endpoint(address: prefix + endpoint.address, port: endpoint.port)
    }

    private func details(_ random: inout SeededGenerator) -> ProxyHeader.Details {
        ProxyHeader.Details(
            alpn: text(&random, 20), authority: text(&random, 300), uniqueID: text(&random, 140),
            tls: Bool.random(using: &random)
                ? ProxyHeader.TLS(
                    version: text(&random, 10) ?? "", cipher: text(&random, 70) ?? "",
                    certificate: [.none, .presented(isVerified: true), .resumed(isVerified: false)]
                        .randomElement(using: &random) ?? .none,
                    commonName: text(&random, 300)) : nil)
    }

    private func text(_ random: inout SeededGenerator, _ longest: Int) -> String? {
        guard Int.random(in: 0..<4, using: &random) > 0 else { return nil }
        // Rarely a control character, else none of the names would be written.
        let letters = Array("abcdefghij.-01 äデ")
        let characters = (0..<Int.random(in: 0...longest, using: &random)).compactMap { _ in
            Int.random(in: 0..<300, using: &random) == 0 ? "\u{1}" : letters.randomElement(using: &random)
        }
        return String(characters)
    }

    /// A fixture with none to three changes, insertions, removals or repetitions, and some with more behind.
    private func mutated(_ fixtures: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = fixtures.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            let interesting: [UInt8] = [0x00, 0x01, 0x0A, 0x0D, 0x20, 0x3A, 0xFF, .random(in: 0...255, using: &random)]
            let byte = interesting.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] = byte
            case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.insert(byte, at: index)
            case 3: bytes.remove(at: index)
            default: bytes.insert(contentsOf: bytes[index...].prefix(8), at: index)
            }
        }
        return Bool.random(using: &random) ? bytes + random.bytes(120) : bytes
    }
}

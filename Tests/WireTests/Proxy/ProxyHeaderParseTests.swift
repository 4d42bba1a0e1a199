import Testing

@testable import Wire

@Suite("PROXY header, read")
struct ProxyHeaderParseTests {
    @Test("Fixtures that are accepted", arguments: ProxyFixtures.accepted)
    func accepted(_ fixture: ProxyFixture) throws {
        let bytes = try #require(fixture.bytes, "the notation has a mistake")
        guard case .header(let header) = ProxyOutcome(bytes) else {
            Issue.record("\(ProxyOutcome(bytes))")
            return
        }
        #expect(fixture.expectation == .accepted(header.summary))
        #expect(header.length == bytes.count)
        // What follows belongs to the protocol after the header.
        #expect(ProxyOutcome(bytes + [0x10, 0x0A, 0x0D]) == .header(header))
    }

    @Test(
        "One byte at a time, every accepted header is not whole until its last byte", arguments: ProxyFixtures.accepted)
    func truncation(_ fixture: ProxyFixture) throws {
        let bytes = try #require(fixture.bytes, "the notation has a mistake")
        let early = bytes.indices.filter { ProxyOutcome(Array(bytes.prefix($0))) != .needsMore }
        #expect(early == [], "not nil at these lengths")
    }

    @Test("Fixtures that are refused, on the first byte that shows the fault", arguments: ProxyFaultFixtures.all)
    func refused(_ fixture: ProxyFixture) throws {
        let bytes = try #require(fixture.bytes, "the notation has a mistake")
        #expect(fixture.expectation == ProxyOutcome(bytes).expectation)
        #expect(ProxyOutcome(Array(bytes.dropLast())) == .needsMore, "the fault is not in the last byte")
        for more in [0x00, 0x0A, 0x20, 0x31, 0xFF] as [UInt8] {
            #expect(ProxyOutcome(bytes + [more]) == ProxyOutcome(bytes), "another byte changes the answer")
        }
    }

    @Test("§2: every first byte but 'P' and CR is refused at once")
    func firstByte() {
        for byte in UInt8.min...UInt8.max {
            let isPossible = byte == UInt8(ascii: "P") || byte == 0x0D
            #expect(ProxyOutcome([byte]) == (isPossible ? .needsMore : .failed(.notProxyHeader)))
        }
        #expect(ProxyOutcome([]) == .needsMore)
    }

    @Test("§2.2: every 13th and 14th byte")
    func commandAndFamily() {
        for byte in UInt8.min...UInt8.max {
            let command = ProxyOutcome(ProxyHeader.signature + [byte])
            switch byte {
            case 0x20, 0x21: #expect(command == .needsMore)
            case 0x22...0x2F: #expect(command == .failed(.binaryCommand))
            default: #expect(command == .failed(.binaryVersion))
            }
            let family = ProxyOutcome(ProxyHeader.signature + [0x21, byte])
            let known: Set<UInt8> = [0x00, 0x01, 0x10, 0x11, 0x20, 0x21, 0x30, 0x31]
            #expect(family == (known.contains(byte) ? .needsMore : .failed(.binaryFamily)))
            #expect(ProxyOutcome(ProxyHeader.signature + [0x20, byte]) == .needsMore)
        }
    }

    @Test("§2.2.3: a changed bit is seen wherever addresses are read, but in the type of the checksum")
    func checksum() throws {
        let fixture = try #require(ProxyFixtures.accepted.first { $0.name.contains("client certificate") })
        let bytes = try #require(fixture.bytes)
        let type = 16 + 12
        #expect(bytes[type] == 0x03)
        for bit in 0..<(bytes.count * 8) where bit / 8 != type {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            if case .header(let header) = ProxyOutcome(changed) { #expect(header.source == nil, "bit \(bit)") }
        }
    }

    @Test("Every error is told in its own words")
    func words() {
        let texts = Set(ProxyHeaderError.allCases.map(\.description))
        #expect(texts.count == ProxyHeaderError.allCases.count)
        #expect(ProxyHeaderError.textTooLong.description.contains("107 bytes"))
        #expect(ProxyHeaderError.binaryTooLong.description.contains("4112 bytes"))
    }

    @Test("Every error has a fixture")
    func coverage() {
        let seen = ProxyFaultFixtures.all.compactMap { fixture in
            if case .failed(let error) = fixture.expectation { error } else { nil }
        }
        #expect(Set(seen) == Set(ProxyHeaderError.allCases))
    }
}

extension ProxyOutcome {
    fileprivate var expectation: ProxyFixture.Expectation {
        switch self {
        case .needsMore: .needsMore
        case .header(let header): .accepted(header.summary)
        case .failed(let error): .failed(error)
        }
    }
}

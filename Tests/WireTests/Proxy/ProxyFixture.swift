import Testing

@testable import Wire

/// What reading a PROXY header came to.
enum ProxyOutcome: Equatable, Sendable {
    case needsMore
    case header(ProxyHeader)
    case failed(ProxyHeaderError)

    /// Reads the header at the start of `bytes`.
    init(_ bytes: [UInt8]) {
        do throws(ProxyHeaderError) {
            self = try ProxyHeader.parse(bytes.span).map { .header($0) } ?? .needsMore
        } catch {
            self = .failed(error)
        }
    }
}

/// One header as a front sends it, and what must come of it.
struct ProxyFixture: Sendable, CustomTestStringConvertible {
    /// The rule, with its clause.
    let name: String
    /// The bytes of the front, in the notation of `PacketNotation`.
    let notation: String
    /// What must come of them.
    let expectation: Expectation

    enum Expectation: Equatable, Sendable {
        /// Command, source and destination, as `ProxyHeader.summary` writes them, of a header that is all the bytes.
        case accepted(String)
        case failed(ProxyHeaderError)
        case needsMore
    }

    init(_ name: String, _ notation: String, _ expectation: Expectation) {
        self.name = name
        self.notation = notation
        self.expectation = expectation
    }

    var testDescription: String { name }

    /// The bytes; nil when the notation has a mistake.
    var bytes: [UInt8]? { PacketNotation.bytes(notation) }

    /// What a version 2 header begins with (§2.2).
    static let signature = "0D0A0D0A 00 0D0A 'QUIT' 0A "
}

extension ProxyHeader {
    /// The fields in one line, but the length.
    var summary: String {
        var words = [command == .local ? "LOCAL" : "PROXY"]
        for endpoint in [source, destination].compactMap({ $0 }) {
            words.append(endpoint.address.map(PacketNotation.hexadecimal).joined() + ":\(endpoint.port)")
        }
        return words.joined(separator: " ")
    }
}

extension ProxyHeader.Endpoint {
    /// 192.0.2.1 (RFC 5737) and so on.
    static func v4(_ address: [UInt8] = [192, 0, 2, 1], port: UInt16) -> Self { Self(address: address, port: port) }

    /// 2001:db8::17 (RFC 3849) and so on.
    static func v6(last: UInt8 = 0x17, port: UInt16) -> Self {
        Self(address: [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last], port: port)
    }
}

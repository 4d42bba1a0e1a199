import Testing

@testable import Wire

/// One packet as a client sends it, and what must come of it.
struct ConnectFixture: Sendable, CustomTestStringConvertible {
    /// The rule, with its clause.
    let name: String
    /// The bytes of the client, in the notation of `PacketNotation`.
    let notation: String
    /// What must come of them.
    let expectation: Expectation
    /// The limit on the length of the packet.
    let limit: Int

    enum Expectation: Sendable {
        /// The fields, as `ConnectPacket.summary` writes them.
        case accepted(String)
        /// Refused with these bytes of CONNACK.
        case refused(ConnectError.Kind, String)
        /// Refused without an answer.
        case silent(ConnectError.Kind)
        /// The packet is not whole.
        case needsMore
    }

    init(_ name: String, _ notation: String, _ expectation: Expectation, limit: Int = 65_536) {
        self.name = name
        self.notation = notation
        self.expectation = expectation
        self.limit = limit
    }

    var testDescription: String { name }

    /// The bytes; nil when the notation has a mistake.
    var bytes: [UInt8]? { PacketNotation.bytes(notation) }
}

/// Packets as annotated text:
///
/// - `10 04`, `003C`: bytes in hexadecimal
/// - `'PROXY '`: the bytes of a text
/// - `"dev"`: the bytes of a text behind their two byte length
/// - `{ … }`: what is inside, after its length as a Variable Byte Integer
/// - `**`: the length of all that follows, as a Variable Byte Integer
/// - `61*300`: a byte repeated
/// - `//`: a comment up to the end of the line
enum PacketNotation {
    /// The bytes of `text`; nil when it has a mistake.
    static func bytes(_ text: String) -> [UInt8]? {
        var rest = Substring(text)
        guard let result = sequence(&rest, until: nil) else { return nil }
        return rest.isEmpty ? result : nil
    }

    private static func sequence(_ rest: inout Substring, until close: Character?) -> [UInt8]? {
        var result: [UInt8] = []
        while let first = rest.first {
            switch first {
            case " ", "\n": rest.removeFirst()
            case "/": rest = rest.drop { $0 != "\n" }
            case "}":
                if close == nil { return nil }
                rest.removeFirst()
                return result
            case "{":
                rest.removeFirst()
                guard let inner = sequence(&rest, until: "}") else { return nil }
                result += variableByteInteger(inner.count) + inner
            case "'", "\"":
                rest.removeFirst()
                let contents = Array(rest.prefix { $0 != first }.utf8)
                rest = rest.drop { $0 != first }.dropFirst()
                result +=
                    first == "'" ? contents : [UInt8(contents.count >> 8), UInt8(contents.count & 0xFF)] + contents
            case "*":
                guard rest.hasPrefix("**") else { return nil }
                rest.removeFirst(2)
                guard let inner = sequence(&rest, until: close) else { return nil }
                return result + variableByteInteger(inner.count) + inner
            default:
                guard let bytes = hexadecimal(&rest) else { return nil }
                result += bytes
            }
        }
        return close == nil ? result : nil
    }

    private static func hexadecimal(_ rest: inout Substring) -> [UInt8]? {
        let digits = rest.prefix { $0.isHexDigit }
        guard !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
        rest = rest.dropFirst(digits.count)
        var bytes: [UInt8] = []
        var index = digits.startIndex
        while index < digits.endIndex {
            let next = digits.index(index, offsetBy: 2)
            guard let byte = UInt8(digits[index..<next], radix: 16) else { return nil }
            bytes.append(byte)
            index = next
        }
        guard rest.first == "*", bytes.count == 1 else { return bytes }
        let count = rest.dropFirst().prefix { $0.isNumber }
        rest = rest.dropFirst(1 + count.count)
        return Int(count).map { [UInt8](repeating: bytes[0], count: $0) }
    }

    /// A byte as two hexadecimal digits.
    static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }

    static func variableByteInteger(_ value: Int) -> [UInt8] {
        var value = value
        var result: [UInt8] = []
        repeat {
            let byte = UInt8(value & 0x7F)
            value >>= 7
            result.append(value > 0 ? byte | 0x80 : byte)
        } while value > 0
        return result
    }
}

extension ConnectPacket {
    /// The fields in one line, with the text of the ranges from `bytes`.
    func summary(_ bytes: [UInt8]) -> String {
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        func hex(_ range: Range<Int>) -> String { bytes[range].map(PacketNotation.hexadecimal).joined() }
        var words = [version.name]
        if isBridge { words.append("bridge") }
        if cleanStart { words.append("clean") }
        words.append("keepalive=\(keepAlive)")
        words.append("id=\(clientID.count > 64 ? "\(clientID.count) bytes" : text(clientID))")
        if let will {
            words.append("will=\(text(will.topic)):\(hex(will.payload)) qos=\(will.qos)")
            if will.retain { words.append("retain") }
            if !will.properties.isEmpty { words.append("willproperties=\(hex(will.properties))") }
        }
        if let username { words.append("user=\(text(username))") }
        if let password { words.append("password=\(password.count > 64 ? "\(password.count) bytes" : hex(password))") }
        if let sessionExpiryInterval { words.append("expiry=\(sessionExpiryInterval)") }
        if let receiveMaximum { words.append("receive=\(receiveMaximum)") }
        if let maximumPacketSize { words.append("packetsize=\(maximumPacketSize)") }
        if let topicAliasMaximum { words.append("aliases=\(topicAliasMaximum)") }
        if requestResponseInformation { words.append("wantsresponse") }
        if !requestProblemInformation { words.append("noproblem") }
        if let authenticationMethod { words.append("method=\(text(authenticationMethod))") }
        if let authenticationData { words.append("data=\(hex(authenticationData))") }
        return words.joined(separator: " ")
    }
}

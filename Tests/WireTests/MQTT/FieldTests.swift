import Testing

@testable import Wire

@Suite("Fields and properties")
struct FieldTests {
    @Test("A field that does not fit moves nothing")
    func nothingMoves() {
        let bytes: [UInt8] = [0x00, 0x05, 0x61]
        var fields = FieldReader(bytes.span, 0..<9)
        #expect(fields.end == 3)
        let field = fields.field(bytes.span)
        let number = fields.fourByteInteger(bytes.span)
        let tooMany = fields.take(4)
        let negative = fields.take(-1)
        #expect(field == nil && number == nil && tooMany == nil && negative == nil)
        #expect(fields.offset == 0)
        let first = fields.twoByteInteger(bytes.span)
        let half = fields.twoByteInteger(bytes.span)
        #expect(first == 5 && half == nil)
        let last = fields.byte(bytes.span)
        let none = fields.byte(bytes.span)
        #expect(last == 0x61 && none == nil && fields.isAtEnd)
    }

    @Test("5.0 §2.2.2.2: where each property is allowed")
    func places() {
        func codes(_ place: Property.Places) -> [UInt8] {
            Property.allCases.filter { $0.places.contains(place) }.map(\.rawValue)
        }
        #expect(codes(.connect) == [0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27])
        #expect(codes(.will) == [0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26])
        let connack: [UInt8] = [
            0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A,
        ]
        #expect(codes(.connack) == connack)
        #expect(Property.allCases.count == 27)
    }

    @Test("The names of the versions and their levels")
    func versions() {
        #expect(ProtocolVersion.allCases.map(\.name) == ["3.1", "3.1.1", "5.0"])
        #expect(ProtocolVersion.allCases.map(\.rawValue) == [3, 4, 5])
    }

    @Test(
        "Every rule of CONNECT names its clause, and a code a CONNACK may carry", arguments: ConnectError.Kind.allCases)
    func clauses(_ kind: ConnectError.Kind) {
        #expect(kind.clause.contains("MQTT-") || kind.clause.contains("§"))
        #expect(kind.reason.isAllowedInConnack && kind.reason != .success)
    }
}

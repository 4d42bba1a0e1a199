import Testing

@testable import Wire

@Suite("CRC32c")
struct CRC32CTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let checksum: UInt32
        var testDescription: String { name }
    }

    /// RFC 3720 appendix B.4 writes the bytes of the checksum, the lowest first.
    static let vectors: [Vector] = [
        Vector(name: "nothing", bytes: [], checksum: 0),
        Vector(name: "the check value: 123456789", bytes: Array("123456789".utf8), checksum: 0xE306_9283),
        Vector(
            name: "RFC 3720 B.4: 32 bytes of zeros", bytes: [UInt8](repeating: 0, count: 32), checksum: 0x8A91_36AA),
        Vector(
            name: "RFC 3720 B.4: 32 bytes of ones", bytes: [UInt8](repeating: 0xFF, count: 32),
            checksum: 0x62A8_AB43),
        Vector(name: "RFC 3720 B.4: 0 to 31", bytes: Array(0...31), checksum: 0x46DD_794E),
        Vector(name: "RFC 3720 B.4: 31 to 0", bytes: Array((0...31).reversed()), checksum: 0x113F_DB5C),
        Vector(
            name: "RFC 3720 B.4: SCSI Read (10)",
            bytes: PacketNotation.bytes("01C0 00*6 00*8 14 00*5 04 00 00000014 00000018 28 00*7 02 00*7") ?? [],
            checksum: 0xD996_3A56),
    ]

    @Test("Published vectors", arguments: vectors)
    func vector(_ vector: Vector) {
        #expect(CRC32C.checksum(vector.bytes.span) == vector.checksum)
    }

    @Test("PROXY protocol §2.2.3: the checksum's own bytes count as zeros")
    func zeroed() {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        let blank: [UInt8] = [1, 2, 0, 0, 0, 0, 7, 8, 9]
        #expect(CRC32C.checksum(bytes.span, zeroed: 2..<6) == CRC32C.checksum(blank.span))
        #expect(CRC32C.checksum(bytes.span, zeroed: 2..<6) != CRC32C.checksum(bytes.span))
    }
}

import Records
import Testing

/// RFC 8448 §3, "Simple 1-RTT Handshake": the application traffic of both sides.
@Suite("Records: known answers of RFC 8448")
struct KnownAnswerTests {
    static let client = bytes("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
    static let server = bytes("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643")
    static let content = (0..<50).map(UInt8.init)
    static let fromClient = bytes(
        "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2"
            + "977014bd1e3deae63aeebb21694915e4")

    @Test("What the client sends is opened")
    func open() throws {
        let side = try Side(.aes128GCM, reads: Self.client, writes: Self.server)
        let (outcome, content) = side.open(Self.fromClient)
        #expect(outcome == .data(50))
        #expect(content == Self.content)
    }

    @Test("The client's side seals the same bytes")
    func seal() throws {
        let side = try Side(.aes128GCM, reads: Self.server, writes: Self.client)
        #expect(side.seal(.applicationData, Self.content) == Self.fromClient)
    }

    static func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8).map { UInt8(($0 | 32) >= 0x61 ? ($0 | 32) - 0x61 + 10 : $0 - 0x30) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

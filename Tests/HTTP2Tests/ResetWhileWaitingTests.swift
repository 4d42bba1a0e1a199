import Testing

@testable import HTTP2

@Suite("HTTP2Session: a stream that is reset while a frame of it waits for room")
struct ResetWhileWaitingTests {
    private static let capacity = 64 * 1024

    /// The preface, SETTINGS with a window of 1 MiB for streams, as much for the connection, and `GET /` on stream 1.
    private static let client: [UInt8] =
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        + [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 16, 0, 0]
        + [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 16, 0, 0]
        + [0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 1, UInt8(ascii: "a")]

    @Test("It takes nothing from the room, which still holds what went to others")
    func nothingOfOthers() throws {
        let room = UnsafeMutableRawPointer.allocate(byteCount: Self.capacity, alignment: 16)
        defer { room.deallocate() }
        let gathered = GatheredFramesPointer.allocate(capacity: 1)
        gathered.initialize(to: GatheredFrames(start: room, capacity: Self.capacity))
        defer { gathered.deallocate() }
        let output = UnsafeMutablePointer<StreamOutput>.allocate(capacity: 1)
        output.initialize(to: StreamOutput())
        defer { output.deallocate() }
        let options = try #require(HTTP2Options())
        let limits = HTTP2Session.Limits(concurrentStreams: 10, headSize: 16_384)
        guard var session = HTTP2Session(options, limits, gathered, now: 0) else {
            Issue.record("there is no memory")
            return
        }

        let bytes = Self.client
        let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        bytes.withUnsafeBytes { $0.baseAddress.map { copy.copyMemory(from: $0, byteCount: bytes.count) } }
        try session.receive(copy, count: bytes.count, now: 0)
        while session.nextEvent() != nil {}
        session.attach(UnsafeMutableRawPointer(output), to: 1)
        let source = UnsafeMutableRawPointer.allocate(byteCount: 300_000, alignment: 1)
        defer { source.deallocate() }
        source.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "A"), count: 300_000)
        output.pointee.source = .memory(UnsafeRawPointer(source))
        output.pointee.available = 300_000
        let block = FieldBlock(status: 200)
        _ = session.respond(block, on: 1, output: output)
        _ = session.produce()
        #expect(gathered.pointee.count > Self.capacity - 20_000 && output.pointee.available > 0, "a frame waits")

        output.pointee.source = nil
        output.pointee.available = 0
        session.reset(1, .cancel)
        gathered.pointee.count = 0
        room.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "S"), count: Self.capacity)
        _ = session.produce()
        let sent = UnsafeRawBufferPointer(start: room, count: gathered.pointee.count)
        #expect(!sent.contains(UInt8(ascii: "S")) && sent.count < 100, "\(sent.count) bytes")
        #expect(output.pointee.available == 0)
    }
}

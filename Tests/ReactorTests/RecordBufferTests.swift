import CShims
import Testing

/// The allocator that OpenSSL is given: blocks of a record's size are kept, all others are malloc's.
@Suite("Record buffers")
struct RecordBufferTests {
    @Test(
        "A block of any size is whole: written to its last byte, moved by realloc, freed",
        arguments: [1, 100, 16_383, 16_384, 16_700, 18_432, 18_433, 18_500, 40_000])
    func blocks(size: Int) throws {
        var blocks: [UnsafeMutableRawPointer] = []
        // More than are kept, so that both ways of malloc and of free are taken.
        for round in 0..<3 {
            for index in 0..<20 {
                let block = try #require(CShims_record_malloc(size, nil, 0))
                memset(block, Int32(index + round), size)
                blocks.append(block)
            }
            #expect(Set(blocks).count == blocks.count)
            for (index, block) in blocks.enumerated() {
                let bytes = UnsafeRawBufferPointer(start: block, count: size)
                #expect(bytes.allSatisfy { $0 == UInt8(index + round) }, "block \(index) round \(round)")
                let moved = try #require(CShims_record_realloc(block, size + 5_000, nil, 0))
                #expect(UnsafeRawBufferPointer(start: moved, count: size).allSatisfy { $0 == UInt8(index + round) })
                CShims_record_free(moved, nil, 0)
            }
            blocks = []
        }
        CShims_record_free(nil, nil, 0)
        CShims_record_release()
    }

    @Test("A freed record buffer is the next one of its thread")
    func kept() throws {
        let first = try #require(CShims_record_malloc(16_704, nil, 0))
        CShims_record_free(first, nil, 0)
        let second = try #require(CShims_record_malloc(17_000, nil, 0))
        #expect(first == second)
        CShims_record_free(second, nil, 0)
        CShims_record_release()
        CShims_record_release()
    }
}

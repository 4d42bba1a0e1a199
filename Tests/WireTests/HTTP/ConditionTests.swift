import Testing

@testable import Wire

@Suite("Conditional requests, ranges, encodings")
struct ConditionTests {
    private static let file = Validators(modified: 784_111_777, size: 1000)
    private static let tag = "\"2ebc98a1-3e8\""
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let after = "Sun, 06 Nov 1994 08:49:38 GMT"

    private func head(_ fields: [String], method: String = "GET") throws -> RequestHead {
        try HTTPFixture.parse(
            "\(method) / HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
    }

    @Test("The entity tag is nginx's: the time and the size in hexadecimal digits")
    func entityTag() {
        #expect(Self.file.entityTag.description == Self.tag)
        #expect(Validators(modified: 0, size: 0).entityTag.description == "\"0-0\"")
        #expect(Validators(modified: .max, size: .max).entityTag.description == "\"7fffffffffffffff-7fffffffffffffff\"")
        #expect(Validators(modified: -1, size: 1).entityTag.description == "\"ffffffffffffffff-1\"")
    }

    @Test(
        "RFC 9110 §13.2.2: conditions in their order",
        arguments: [
            ([], .holds),
            (["If-None-Match: \(tag)"], .notModified), (["If-None-Match: W/\(tag)"], .notModified),
            (["If-None-Match: *"], .notModified), (["If-None-Match: \"a,b\" , W/\"c\",\(tag)"], .notModified),
            (["If-None-Match: \"a\"", "If-None-Match: \(tag)"], .notModified), (["If-None-Match: \"a\""], .holds),
            (["If-None-Match: 2ebc98a1-3e8"], .holds), (["If-None-Match: \"2ebc98a1-3e8"], .holds),
            (["If-None-Match:"], .holds), (["If-None-Match: W/"], .holds), (["If-None-Match: w/\(tag)"], .holds),
            (["If-None-Match: x, \(tag)"], .holds),
            (["If-Modified-Since: \(date)"], .notModified), (["If-Modified-Since: \(after)"], .notModified),
            (["If-Modified-Since: \(before)"], .holds), (["If-Modified-Since: today"], .holds),
            (["If-Modified-Since: \(date)", "If-Modified-Since: \(date)"], .holds),
            // If-None-Match counts alone.
            (["If-None-Match: \"a\"", "If-Modified-Since: \(date)"], .holds),
            (["If-None-Match: \(tag)", "If-Modified-Since: \(before)"], .notModified),
            (["If-Match: \(tag)"], .holds), (["If-Match: *"], .holds), (["If-Match: \"a\""], .fails),
            (["If-Match: W/\(tag)"], .fails), (["If-Match:"], .fails), (["If-Match: \"a\", \(tag)"], .holds),
            (["If-Unmodified-Since: \(date)"], .holds), (["If-Unmodified-Since: \(before)"], .fails),
            (["If-Unmodified-Since: never"], .holds), (["If-Match: \(tag)", "If-Unmodified-Since: \(before)"], .holds),
            (["If-Match: \(tag)", "If-None-Match: \(tag)"], .notModified),
            (["If-Match: \"a\"", "If-None-Match: \(tag)"], .fails),
        ] as [([String], Precondition)])
    func precondition(fields: [String], expected: Precondition) throws {
        #expect(try head(fields).evaluatePreconditions(Self.file) == expected)
    }

    @Test(
        "RFC 9110 §14.2: ranges",
        arguments: [
            ("bytes=0-0", .part(0..<1)), ("bytes=0-499", .part(0..<500)), ("bytes=500-", .part(500..<1000)),
            ("bytes=999-", .part(999..<1000)), ("bytes=-1", .part(999..<1000)), ("bytes=-5000", .part(0..<1000)),
            ("bytes=0-5000", .part(0..<1000)), ("BYTES= 1-2 ", .part(1..<3)), ("bytes=,1-2,", .part(1..<3)),
            ("bytes=0-99999999999999999999999", .part(0..<1000)), ("bytes=-99999999999999999999999", .part(0..<1000)),
            ("bytes=1000-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=1000-2000", .unsatisfiable),
            ("bytes=99999999999999999999999-", .unsatisfiable), ("bytes=2000-,3000-", .unsatisfiable),
            ("bytes=0-1,5-6", .whole), ("bytes=0-1,2000-", .whole), ("bytes=2-1", .whole), ("bytes=", .whole),
            ("bytes", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole), ("bytes=0", .whole), ("bytes=+1-2", .whole),
            ("bytes=1--2", .whole), ("bytes=0x1-2", .whole), ("lines=0-1", .whole), ("", .whole),
            ("bytes=0-1,x", .whole),
        ] as [(String, ByteRange)])
    func range(value: String, expected: ByteRange) throws {
        #expect(try head(["Range: \(value)"]).byteRange(Self.file) == expected)
        #expect(try head(["Range: \(value)"], method: "HEAD").byteRange(Self.file) == .whole)
    }

    @Test("An empty file has no ranges", arguments: ["bytes=0-", "bytes=-1", "bytes=0-0"])
    func emptyFile(value: String) throws {
        #expect(try head(["Range: \(value)"]).byteRange(Validators(modified: 0, size: 0)) == .unsatisfiable)
    }

    @Test(
        "RFC 9110 §13.1.5: If-Range",
        arguments: [
            ([tag], true), ([date], true), (["W/\(tag)"], false), (["\"a\""], false), ([before], false),
            ([after], false),
            (["*"], false), ([""], false), ([tag, tag], false), (["\(tag), \"a\""], false),
        ] as [([String], Bool)])
    func ifRange(values: [String], isPart: Bool) throws {
        let head = try head(["Range: bytes=1-2"] + values.map { "If-Range: \($0)" })
        #expect(head.byteRange(Self.file) == (isPart ? .part(1..<3) : .whole))
    }

    @Test("Two Range fields are none")
    func twoRanges() throws {
        #expect(try head(["Range: bytes=1-2", "Range: bytes=1-2"]).byteRange(Self.file) == .whole)
    }

    @Test(
        "RFC 9110 §12.5.3: gzip",
        arguments: [
            ([], false), ([""], false), (["gzip"], true), (["deflate, gzip"], true), (["deflate", "GZip"], true),
            (["gzip;q=0"], false), (["gzip; q=0.0"], false), (["gzip;q=0.001"], true), (["gzip ; Q=1"], true),
            (["*"], true), (["*;q=0"], false), (["gzip;q=0, *"], false), (["*;q=0, gzip"], true), (["x-gzip"], true),
            (["gzip;q="], false), (["gzip;q=x"], false), (["gzip;level=1"], false), (["gzip2"], false),
            (["identity"], false),
        ] as [([String], Bool)])
    func gzip(values: [String], accepted: Bool) throws {
        #expect(try head(values.map { "Accept-Encoding: \($0)" }).acceptsGzip == accepted)
    }
}

/// The lines of a request head, RFC 9112 §2.1, whose framing is in order: each line ends with CRLF and only the last is
/// empty, but for a few before the request line.
struct HeadLines {
    /// The request line without its CRLF.
    let requestLine: Range<Int>
    /// The field lines with their CRLF.
    let fields: Range<Int>
    /// How many there are.
    let fieldCount: Int

    /// Finds the lines of `bytes`, which are one request head from its first byte to its last.
    init(_ bytes: Span<UInt8>) throws(HTTPError) {
        var (lineStart, lineCount) = (0, 0)
        var first: (number: Int, place: Range<Int>)?
        // The first empty line after the request line, and whether the line before `lineStart` is empty.
        var (end, endsEmpty) = (Int?.none, false)
        while true {
            let feed = ByteScan.index(of: HTTPCharacter.lineFeed, in: bytes, lineStart..<bytes.count)
            guard feed < bytes.count else { break }
            guard feed > lineStart, bytes[feed - 1] == HTTPCharacter.carriageReturn else {
                throw .malformed(.framing, "a bare LF in the request head")  // RFC 9112 §2.2
            }
            endsEmpty = feed - lineStart == 1
            if !endsEmpty, first == nil { first = (lineCount, lineStart..<(feed - 1)) }
            if endsEmpty, first != nil, end == nil { end = lineStart }
            lineStart = feed + 1
            lineCount += 1
        }
        guard lineStart == bytes.count, endsEmpty else {
            throw .malformed(.framing, "the request head does not end with an empty line")  // RFC 9112 §2.1
        }
        guard first?.number ?? lineCount - 1 <= RequestHeadScanner.leadingEmptyLines else {
            throw .malformed(.framing, "too many empty lines before the request line")  // RFC 9112 §2.2
        }
        guard let first, let end else { throw .malformed(.framing, "the request head is empty") }
        guard end == bytes.count - 2 else {
            throw .malformed(.framing, "bytes after the end of the request head")
        }
        requestLine = first.place
        fields = (first.place.upperBound + 2)..<end
        fieldCount = lineCount - first.number - 2
    }
}

import Text

/// The byte classes of RFC 9110 §5.6 and RFC 3986 §2, and byte-exact text helpers.
///
/// `String` compares by canonical equivalence and folds case beyond ASCII ("K" equals U+212A, which lower-cases to
/// "k"); on names from a peer that is wrong, so comparisons of protocol names go through here.
enum HTTPCharacter {
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// `tchar`, RFC 9110 §5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        // One bit for each character below 0x40: ! # $ % & ' * + - . 0...9; and from 0x40 on: letters ^ _ ` | ~
        let bits: UInt64 = byte & 0x40 == 0 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return byte < 0x80 && bits &>> UInt64(byte & 0x3F) & 1 == 1
    }

    /// `token`, RFC 9110 §5.6.2: one or more `tchar`.
    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { isToken($0) }
    }

    /// `ALPHA / DIGIT`, RFC 5234 appendix B.1.
    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: isDigit(byte)
        }
    }

    /// `DIGIT`, RFC 5234 appendix B.1.
    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// A byte of an IPv6 address in text form, RFC 3986 §3.2.2.
    static func isIPv6Address(_ byte: UInt8) -> Bool {
        Hexadecimal.value(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    /// `CTL`, RFC 5234 appendix B.1: C0 controls and DEL.
    static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F
    }

    /// What a field value may hold: `VCHAR / obs-text / SP / HTAB`, RFC 9110 §5.5.
    static func isFieldValue(_ byte: UInt8) -> Bool {
        byte == tab || !isControl(byte)
    }

    /// The bytes without `OWS` (RFC 9110 §5.6.3) at either end.
    static func trimmed<Bytes>(_ bytes: Bytes) -> Bytes.SubSequence
    where Bytes: BidirectionalCollection, Bytes.Element == UInt8 {
        var rest = bytes[...]
        while let first = rest.first, first == space || first == tab { rest.removeFirst() }
        while let last = rest.last, last == space || last == tab { rest.removeLast() }
        return rest
    }

    /// The range without `OWS` (RFC 9110 §5.6.3) at either end; `range` is inside `bytes`.
    static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start] == space || bytes[start] == tab { start += 1 }
        while start < end, bytes[end - 1] == space || bytes[end - 1] == tab { end -= 1 }
        return start..<end
    }

    /// The byte with `A`–`Z` made lower case.
    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// The text with `A`–`Z` made lower case; bytes that are not UTF-8 become U+FFFD.
    static func lowercased(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.map { lowercased($0) }, as: UTF8.self)
    }

    /// Whether both texts are the same bytes when `A`–`Z` counts as `a`–`z`.
    static func sameIgnoringCase(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
        // Most names differ in length already.
        guard left.utf8.count == right.utf8.count else { return false }
        return left.utf8.lazy.map { lowercased($0) }.elementsEqual(right.utf8.lazy.map { lowercased($0) })
    }
}

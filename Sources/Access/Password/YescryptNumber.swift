/// Numbers as yescrypt writes its parameters: in digits of crypt(5), of a length that the first digit tells.
enum YescryptNumber {
    /// Takes one number from the front; nil: malformed. As decode64_uint32 of yescrypt does it.
    static func take(_ digits: inout ArraySlice<UInt8>, least: Int) -> Int? {
        guard let first = digits.popFirst().flatMap(PasswordHashParser.digit64) else { return nil }
        var (value, start, end, more) = (least, 0, 47, 0)
        while first > end {
            value += (end + 1 - start) << (6 * more)
            start = end + 1
            end = start + (62 - end) / 2
            more += 1
            guard more < 5 else { return nil }
        }
        value += (first - start) << (6 * more)
        while more > 0 {
            more -= 1
            guard let next = digits.popFirst().flatMap(PasswordHashParser.digit64) else { return nil }
            value += next << (6 * more)
        }
        return value
    }

    /// A number of five digits, the lowest first.
    static func fixed(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.count == 5 else { return nil }
        var value = 0
        for byte in digits.reversed() {
            guard let digit = PasswordHashParser.digit64(byte) else { return nil }
            value = value << 6 | digit
        }
        return value
    }

    /// Whether digits stand for bytes, four for three, with no bit left over. As decode64 of yescrypt does it.
    static func areWholeBytes(_ digits: ArraySlice<UInt8>) -> Bool {
        guard digits.allSatisfy({ PasswordHashParser.digit64($0) != nil }) else { return false }
        let last = digits.last.flatMap(PasswordHashParser.digit64) ?? 0
        return switch digits.count % 4 {
        case 1: false
        case 2: last < 4
        case 3: last < 16
        default: true
        }
    }
}

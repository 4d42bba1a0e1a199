/// What `Range` asks for, RFC 9110 §14.
package enum ByteRange: Sendable, Equatable {
    /// The whole: there is no Range, or none that is followed.
    case whole
    /// These bytes, at least one.
    case part(Range<Int>)
    /// 416: none of the bytes that it asks for are there.
    case unsatisfiable
}

extension RequestHead {
    /// What is to be sent of a file in this state to a GET. Several ranges are answered with the whole, as RFC 9110 §14.2 allows.
    package func byteRange(_ validators: Validators) -> ByteRange {
        let field = field("range")
        guard field.count == 1, let place = field.first, isMethod("GET"), rangeApplies(to: validators) else {
            return .whole
        }
        let bytes = bytes.span
        let unit = place.lowerBound..<min(place.lowerBound + 6, place.upperBound)
        guard ByteScan.isSameIgnoringCase(bytes, unit, "bytes=") else { return .whole }
        var found = ByteRange.unsatisfiable
        var count = 0
        var start = unit.upperBound
        while start <= place.upperBound {
            let end = ByteScan.index(of: UInt8(ascii: ","), in: bytes, start..<place.upperBound)
            let element = HTTPCharacter.trimmed(bytes, start..<end)
            start = end + 1
            if element.isEmpty { continue }
            count += 1
            guard let range = Self.byteRange(bytes, element, size: validators.size) else { return .whole }
            if range != .unsatisfiable { found = range }
        }
        switch count {
        case 0: return .whole
        case 1: return found
        default: return found == .unsatisfiable ? .unsatisfiable : .whole
        }
    }

    /// `FIRST-`, `FIRST-LAST` or `-LENGTH`; nil for anything else.
    private static func byteRange(_ bytes: Span<UInt8>, _ place: Range<Int>, size: Int) -> ByteRange? {
        let dash = ByteScan.index(of: UInt8(ascii: "-"), in: bytes, place)
        guard dash < place.upperBound else { return nil }
        let last = (dash + 1)..<place.upperBound
        if dash == place.lowerBound {
            guard let length = number(bytes, last) else { return nil }
            return length > 0 && size > 0 ? .part(max(0, size - length)..<size) : .unsatisfiable
        }
        guard let first = number(bytes, place.lowerBound..<dash) else { return nil }
        var end = size
        if !last.isEmpty {
            guard let last = number(bytes, last), last >= first else { return nil }
            if last < size { end = last + 1 }
        }
        return first < size ? .part(first..<end) : .unsatisfiable
    }

    /// Decimal digits; what is larger than any file counts as `.max`.
    private static func number(_ bytes: Span<UInt8>, _ place: Range<Int>) -> Int? {
        guard !place.isEmpty else { return nil }
        var number = 0
        for index in place {
            guard HTTPCharacter.isDigit(bytes[index]) else { return nil }
            let (tens, isLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = tens.addingReportingOverflow(Int(bytes[index] - UInt8(ascii: "0")))
            number = isLarge || isLarger ? .max : sum
        }
        return number
    }
}

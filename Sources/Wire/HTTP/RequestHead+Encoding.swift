extension RequestHead {
    /// Whether the client takes content that is compressed with gzip, RFC 9110 §12.5.3.
    package var acceptsGzip: Bool {
        var (gzip, others) = (Bool?.none, false)
        let bytes = bytes.span
        _ = firstElement(of: "accept-encoding") { element in
            let semicolon = ByteScan.index(of: UInt8(ascii: ";"), in: bytes, element)
            let coding = HTTPCharacter.trimmed(bytes, element.lowerBound..<semicolon)
            let isWanted = Self.isWanted(bytes, min(semicolon + 1, element.upperBound)..<element.upperBound)
            if ByteScan.isSameIgnoringCase(bytes, coding, "gzip")
                || ByteScan.isSameIgnoringCase(bytes, coding, "x-gzip")
            {
                gzip = isWanted
            } else if ByteScan.isSame(bytes, coding, "*") {
                others = isWanted
            }
            return false
        }
        return gzip ?? others
    }

    /// Whether a weight is not 0: `q=0.5`, or none. One that cannot be read means no.
    private static func isWanted(_ bytes: Span<UInt8>, _ place: Range<Int>) -> Bool {
        let place = HTTPCharacter.trimmed(bytes, place)
        guard !place.isEmpty else { return true }
        let name = place.lowerBound..<min(place.lowerBound + 2, place.upperBound)
        guard ByteScan.isSameIgnoringCase(bytes, name, "q="), name.upperBound < place.upperBound else { return false }
        var isMore = false
        for index in name.upperBound..<place.upperBound {
            switch bytes[index] {
            case UInt8(ascii: "1")...UInt8(ascii: "9"): isMore = true
            case UInt8(ascii: "0"), UInt8(ascii: "."): break
            default: return false
            }
        }
        return isMore
    }
}

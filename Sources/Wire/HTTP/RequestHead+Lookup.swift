extension RequestHead {
    /// The values of all fields of this name (any case), in order.
    package func values(_ name: String) -> [String] {
        fieldPlaces.filter { isNamed($0, name.utf8) }.map { text($0.value) }
    }

    /// The value of the first field of this name (any case).
    package func first(_ name: String) -> String? {
        fieldPlaces.first { isNamed($0, name.utf8) }.map { text($0.value) }
    }

    /// The elements of a comma-separated list over all fields of this name, trimmed, empty ones dropped
    /// (RFC 9110 §5.6.1). For lists of tokens: a comma within a quoted string separates too.
    package func tokens(_ name: String) -> [String] {
        var texts: [String] = []
        for field in fieldPlaces where isNamed(field, name.utf8) {
            _ = firstElement(of: field.value) { element in
                texts.append(text(element))
                return false
            }
        }
        return texts
    }

    /// Whether the list field `name` has the element `token`, in any case.
    package func has(token: StaticString, in name: StaticString) -> Bool {
        firstElement(of: name) { ByteScan.isSameIgnoringCase(bytes.span, $0, token) } != nil
    }

    /// The first query argument of this name (case-sensitive), percent-decoded; empty for a name without "=".
    ///
    /// "+" stays as it is, and so does a "%" that begins no escape. Nil if there is none, or if its value is not UTF-8 or
    /// holds a NUL.
    package func argument(_ name: String) -> String? {
        guard let query else { return nil }
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let nameEnd = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard PercentCoding.decodeQuery(pair[..<nameEnd]).elementsEqual(name.utf8) else { continue }
            return PercentCoding.queryText(pair[nameEnd...].dropFirst())
        }
        return nil
    }

    /// The value of the first cookie of this name (case-sensitive), as sent: neither unquoted nor decoded
    /// (RFC 6265 §4.2.1 gives a server no meaning for either).
    package func cookie(_ name: String) -> String? {
        for value in values("cookie") {
            for pair in value.utf8.split(separator: UInt8(ascii: ";")) {
                guard let nameEnd = pair.firstIndex(of: UInt8(ascii: "=")),
                    HTTPCharacter.trimmed(pair[..<nameEnd]).elementsEqual(name.utf8)
                else { continue }
                return String(HTTPCharacter.trimmed(pair[nameEnd...].dropFirst()))
            }
        }
        return nil
    }
}

// MARK: - Places

extension RequestHead {
    /// Where the value of the first field of this name stands, and how many fields of this name there are.
    func field(_ name: StaticString) -> (first: Range<Int>?, count: Int) {
        var (first, count) = (Range<Int>?.none, 0)
        name.withUTF8Buffer { name in
            for field in fieldPlaces where isNamed(field, name) {
                if count == 0 { first = field.value }
                count += 1
            }
        }
        return (first, count)
    }

    /// The value of the first field of this name that satisfies `predicate`.
    func firstValue(of name: StaticString, where predicate: (Range<Int>) -> Bool) -> Range<Int>? {
        name.withUTF8Buffer { name in
            fieldPlaces.first { isNamed($0, name) && predicate($0.value) }?.value
        }
    }

    /// The first element of the list field `name` that satisfies `predicate`.
    func firstElement(of name: StaticString, where predicate: (Range<Int>) -> Bool) -> Range<Int>? {
        name.withUTF8Buffer { name in
            for field in fieldPlaces where isNamed(field, name) {
                if let element = firstElement(of: field.value, where: predicate) { return element }
            }
            return nil
        }
    }

    /// The first element of a comma-separated list that is not empty and satisfies `predicate`.
    private func firstElement(of list: Range<Int>, where predicate: (Range<Int>) -> Bool) -> Range<Int>? {
        var start = list.lowerBound
        while start < list.upperBound {
            let end = ByteScan.index(of: UInt8(ascii: ","), in: bytes.span, start..<list.upperBound)
            let element = HTTPCharacter.trimmed(bytes.span, start..<end)
            if !element.isEmpty, predicate(element) { return element }
            start = end + 1
        }
        return nil
    }

    /// Whether a field is `name`, in any case (RFC 9110 §5.1).
    private func isNamed(_ field: FieldPlace, _ name: some Collection<UInt8>) -> Bool {
        // Most names differ in length already.
        guard field.name.count == name.count else { return false }
        return zip(field.name, name).allSatisfy { index, byte in
            HTTPCharacter.lowercased(bytes[index]) == HTTPCharacter.lowercased(byte)
        }
    }
}

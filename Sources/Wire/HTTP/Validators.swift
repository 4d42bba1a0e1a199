/// What tells one state of a file from another, RFC 9110 §8.8.
package struct Validators: Sendable {
    /// When it was changed, in seconds since 1970-01-01.
    package let modified: Int64
    /// The size of the whole, in bytes.
    package let size: Int
    /// A strong entity tag, with its quotes, as nginx makes it.
    package let entityTag: ShortText

    package init(modified: Int64, size: Int) {
        self.modified = modified
        self.size = size
        var tag = ShortText()
        tag.append(UInt8(ascii: "\""))
        tag.append(hexadecimal: UInt64(bitPattern: modified))
        tag.append(UInt8(ascii: "-"))
        tag.append(hexadecimal: UInt64(max(size, 0)))
        tag.append(UInt8(ascii: "\""))
        entityTag = tag
    }
}

/// What the conditions of a request come to, RFC 9110 §13.2.2.
package enum Precondition: Sendable, Equatable {
    case holds
    /// 304: the client has it already.
    case notModified
    /// 412
    case fails
}

extension RequestHead {
    /// What the conditions of a GET or HEAD say of a file in this state.
    package func evaluatePreconditions(_ validators: Validators) -> Precondition {
        if let matches = anyTag("if-match", isSame: validators, weakly: false) {
            guard matches else { return .fails }
        } else if let date = date("if-unmodified-since"), validators.modified > date {
            return .fails
        }
        if let matches = anyTag("if-none-match", isSame: validators, weakly: true) {
            return matches ? .notModified : .holds
        }
        if let date = date("if-modified-since"), validators.modified <= date { return .notModified }
        return .holds
    }

    /// Whether `Range` may be followed, as far as `If-Range` says (RFC 9110 §13.1.5).
    func rangeApplies(to validators: Validators) -> Bool {
        let field = field("if-range")
        guard let place = field.first else { return true }
        guard field.count == 1 else { return false }
        if place.count > 0, bytes[place.lowerBound] == UInt8(ascii: "\"") {
            return validators.entityTag.isSame(bytes.span, place)
        }
        return HTTPDate.parse(bytes.span, place) == validators.modified
    }

    /// The date of a field that is there once; nil: there is none that counts.
    private func date(_ name: StaticString) -> Int64? {
        let field = field(name)
        guard field.count == 1, let place = field.first else { return nil }
        return HTTPDate.parse(bytes.span, place)
    }

    /// Whether one of the tags in a list field is that of the file; nil: there is no such field.
    private func anyTag(_ name: StaticString, isSame validators: Validators, weakly: Bool) -> Bool? {
        guard field(name).first != nil else { return nil }
        return firstValue(of: name) { place in
            ByteScan.isSame(bytes.span, place, "*")
                || validators.entityTag.isTag(in: bytes.span, place, weakly: weakly)
        } != nil
    }
}

extension ShortText {
    /// Whether an entity tag is in a list of them, RFC 9110 §8.8.3: one may contain commas. `weakly`: a weak one with
    /// the same text counts, too. What comes after a fault does not count.
    fileprivate func isTag(in bytes: Span<UInt8>, _ place: Range<Int>, weakly: Bool) -> Bool {
        var index = place.lowerBound
        while index < place.upperBound {
            let byte = bytes[index]
            if byte == UInt8(ascii: ",") || byte == HTTPCharacter.space || byte == HTTPCharacter.tab {
                index += 1
                continue
            }
            let isWeak = ByteScan.isSame(bytes, index..<min(index + 2, place.upperBound), "W/")
            let start = isWeak ? index + 2 : index
            guard start < place.upperBound, bytes[start] == UInt8(ascii: "\"") else { return false }
            let end = ByteScan.index(of: UInt8(ascii: "\""), in: bytes, (start + 1)..<place.upperBound)
            guard end < place.upperBound else { return false }
            if weakly || !isWeak, isSame(bytes, start..<(end + 1)) { return true }
            index = end + 1
        }
        return false
    }
}

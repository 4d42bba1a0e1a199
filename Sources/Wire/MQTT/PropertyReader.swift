/// What is wrong with a list of properties (MQTT 5.0 §2.2.2).
enum PropertyError: Error, Equatable, CaseIterable {
    /// The list or a value runs past its end, or a length or an identifier is malformed.
    case truncated
    /// No such identifier.
    case unknown
    /// An identifier that is not allowed here.
    case notAllowedHere
    /// A duplicate of a property that is allowed once.
    case duplicate
    /// A number outside the range of the property.
    case value
    /// A string that is not UTF-8.
    case notUTF8
}

/// Walks over a list of properties and checks each of them (MQTT 5.0 §2.2.2).
struct PropertyReader {
    /// One property: a number, or the place of its contents (of a pair, `contents` is the name).
    struct Item {
        var property: Property
        var number: UInt32 = 0
        var contents: Range<Int> = 0..<0
        var pairValue: Range<Int> = 0..<0
    }

    private var fields: FieldReader
    private let place: Property.Places
    /// One bit for each identifier met: all are below 64.
    private var seen: UInt64 = 0

    /// Reads the properties that fill `range` of `bytes`, in a place that allows those of `place`.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>, in place: Property.Places) {
        fields = FieldReader(bytes, range)
        self.place = place
    }

    /// The next property; nil after the last.
    mutating func next(_ bytes: Span<UInt8>) throws(PropertyError) -> Item? {
        if fields.isAtEnd { return nil }
        guard let identifier = fields.minimalVariableByteInteger(bytes) else { throw .truncated }
        guard let property = UInt8(exactly: identifier).flatMap(Property.init(rawValue:)) else { throw .unknown }
        guard property.places.contains(place) else { throw .notAllowedHere }
        let bit = UInt64(1) << UInt64(property.rawValue)
        guard property.isRepeatable || seen & bit == 0 else { throw .duplicate }
        seen |= bit
        let item = try read(property, bytes)
        guard property.allows(item.number) else { throw .value }
        return item
    }

    private mutating func read(_ property: Property, _ bytes: Span<UInt8>) throws(PropertyError) -> Item {
        var item = Item(property: property)
        switch property.encoding {
        case .byte: item.number = UInt32(try present(fields.byte(bytes)))
        case .twoByteInteger: item.number = UInt32(try present(fields.twoByteInteger(bytes)))
        case .fourByteInteger: item.number = try present(fields.fourByteInteger(bytes))
        case .variableByteInteger: item.number = UInt32(try present(fields.minimalVariableByteInteger(bytes)))
        case .binary: item.contents = try present(fields.field(bytes))
        case .string: item.contents = try string(bytes)
        case .stringPair:
            item.contents = try string(bytes)
            item.pairValue = try string(bytes)
        }
        return item
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(PropertyError) -> Range<Int> {
        let contents = try present(fields.field(bytes))
        guard UTF8Validation.isWellFormed(bytes, contents) else { throw .notUTF8 }
        return contents
    }

    private func present<Value>(_ value: Value?) throws(PropertyError) -> Value {
        guard let value else { throw .truncated }
        return value
    }
}

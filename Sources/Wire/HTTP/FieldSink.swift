/// Takes the fields of a response one by one, and lets no value break out of its field (RFC 9110 §5.5): a head of HTTP/1.1, or
/// a field block of HTTP/2.
package protocol FieldSink: ~Copyable {
    /// Takes a field of ours, whose name is in order.
    mutating func write(_ name: StaticString, _ value: StaticString)
    /// The same with a value that is not ours: control characters of it are dropped.
    mutating func write(_ name: StaticString, value: String)
    /// The same with a value that was made for this response.
    mutating func write(_ name: StaticString, _ value: ShortText)
    /// The same with a number that is not negative.
    mutating func write(_ name: StaticString, _ number: Int)
    /// The same with a name that is not ours: the field is left out if it is not a token.
    mutating func write(_ name: String, _ value: String)
}

/// One field line of a message head, RFC 9110 §5.
package struct HTTPField: Sendable, Hashable {
    /// The field name. In a parsed request it is lower case; in a response it is written as given.
    package let name: String
    /// The field value, without white space at either end.
    package let value: String

    /// A field with this name and value; neither is checked here, `HTTPResponse` cleans what it writes.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether this is the field `name`, in any case (RFC 9110 §5.1).
    package func isNamed(_ name: String) -> Bool {
        HTTPCharacter.sameIgnoringCase(self.name, name)
    }

    /// Whether a text may be the name of a field (RFC 9110 §5.1).
    package static func isName(_ text: String) -> Bool { HTTPCharacter.isToken(text.utf8) }
}

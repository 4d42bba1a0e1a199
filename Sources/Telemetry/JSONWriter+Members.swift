/// Members of an object, each with its name and its value.
extension JSONWriter {
    package mutating func field(_ name: StaticString, _ value: String) {
        self.name(name)
        self.value(value)
    }

    /// nil: null.
    package mutating func field(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    package mutating func field(_ name: StaticString, _ value: some FixedWidthInteger) {
        self.name(name)
        self.value(value)
    }

    /// nil: null.
    package mutating func field(_ name: StaticString, _ value: (some FixedWidthInteger)?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        self.name(name)
        self.value(value)
    }

    package mutating func field(_ name: StaticString, _ value: Double) {
        self.name(name)
        self.value(value)
    }

    /// Milliseconds, as seconds.
    package mutating func field(_ name: StaticString, milliseconds: Int64) {
        self.name(name)
        value(thousandths: milliseconds)
    }

    /// Microseconds, as seconds; nil: null.
    package mutating func field(_ name: StaticString, microseconds: Int64?) {
        self.name(name)
        if let microseconds { value(millionths: microseconds) } else { null() }
    }

    package mutating func nullField(_ name: StaticString) {
        self.name(name)
        null()
    }

    /// An object whose members `body` writes.
    package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    /// An array whose values `body` writes.
    package mutating func array(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        beginArray()
        body(&self)
        endArray()
    }

    package mutating func array(_ name: StaticString, _ values: some Sequence<String>) {
        array(name) { writer in for value in values { writer.value(value) } }
    }

    /// A whole object.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        beginObject()
        body(&self)
        endObject()
    }
}

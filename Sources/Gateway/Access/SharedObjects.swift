/// Objects that several users share by a name, each for as long as somebody uses it: the table itself keeps none.
struct SharedObjects<Name: Hashable & Sendable, Object: AnyObject & Sendable>: Sendable {
    private struct Entry: Sendable {
        weak var object: Object?
    }

    private var entries: [Name: Entry] = [:]

    /// nil: nobody uses one with this name.
    subscript(name: Name) -> Object? { entries[name]?.object }

    /// One that somebody uses, of a name that satisfies `isWanted`.
    func first(_ isWanted: (Name) -> Bool) -> Object? {
        entries.first { isWanted($0.key) && $0.value.object != nil }?.value.object
    }

    /// The object with this name that is in use, else `new`, which has the name from now on.
    mutating func shared(_ name: Name, else new: Object) -> Object {
        if let known = self[name] { return known }
        entries = entries.filter { $0.value.object != nil }
        entries[name] = Entry(object: new)
        return new
    }

    /// Those that somebody uses.
    var all: [Object] { entries.values.compactMap(\.object) }

    var isInUse: Bool { !all.isEmpty }
}

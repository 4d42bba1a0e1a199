/// Changes to the text of a password file: bytes in, bytes out. All other lines stay as they are, and where they are.
package enum PasswordFileEditor {
    /// MQTT 5.0 §1.5.4: no string is longer.
    private static let longestUser = 65_535

    /// What a user name must not be, in words; nil: it is good.
    package static func problem(ofUser name: String) -> String? {
        if name.isEmpty { return "the user name is empty" }
        if name.utf8.count > longestUser { return "the user name is longer than \(longestUser) bytes" }
        if name.utf8.first == UInt8(ascii: "#") { return "a user name must not begin with #, which begins a comment" }
        if name.utf8.contains(UInt8(ascii: ":")) { return "a user name must not hold a colon" }
        // [MQTT-1.5.4-1], [MQTT-1.5.4-2]
        let hasControls = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        if hasControls { return "a user name must not contain control characters" }
        // A first line would be mistaken for one with a byte order mark, and a blank one for a comment.
        if name.unicodeScalars.first == "\u{FEFF}" { return "a user name must not begin with a byte order mark" }
        return nil
    }

    /// Gives `user` the hash: in the place of the line that names the user, else in a line at the end.
    ///
    /// What follows the hash in the line is kept. Further lines of the same user go, as the file could not be used with
    /// them.
    package static func setting(_ user: String, to hash: String, in bytes: [UInt8]) -> [UInt8] {
        var edited: [UInt8] = []
        var isSet = false
        var end: [UInt8] = [UInt8(ascii: "\n")]
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = PasswordLine.next(&rest)
            if !line.end.isEmpty { end = Array(line.end) }
            guard let fields = line.fields, fields.user.elementsEqual(user.utf8) else {
                edited += line.content + line.end
                continue
            }
            guard !isSet else { continue }
            isSet = true
            edited += fields.user + [UInt8(ascii: ":")] + hash.utf8 + fields.rest + line.end
        }
        guard !isSet else { return edited }
        if let last = edited.last, last != UInt8(ascii: "\n") { edited += end }
        return edited + user.utf8 + [UInt8(ascii: ":")] + hash.utf8 + end
    }

    /// Takes `user` out; nil: there is no such user.
    package static func removing(_ user: String, from bytes: [UInt8]) -> [UInt8]? {
        var edited: [UInt8] = []
        var isFound = false
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = PasswordLine.next(&rest)
            if let fields = line.fields, fields.user.elementsEqual(user.utf8) {
                isFound = true
            } else {
                edited += line.content + line.end
            }
        }
        return isFound ? edited : nil
    }
}

/// Readers of single values. Each gives nil for what it cannot read, an overflow included.
package enum Value {
    /// Decimal digits only, without a sign.
    static func integer(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    /// `4096`, `64k`, `1m`, `1g`; powers of 1024, in bytes.
    static func size(_ text: String) -> Int? {
        let scale: Int
        switch text.utf8.last {
        case UInt8(ascii: "k"), UInt8(ascii: "K"): scale = 1 << 10
        case UInt8(ascii: "m"), UInt8(ascii: "M"): scale = 1 << 20
        case UInt8(ascii: "g"), UInt8(ascii: "G"): scale = 1 << 30
        default: return integer(text[...])
        }
        return integer(text.dropLast()).flatMap { product($0, scale) }
    }

    /// `500ms`, `30s`, `5m`, `2h`, `7d`, units together from the largest down as in `1h30m`, or plain seconds.
    package static func time(_ text: String) -> Duration? {
        if let seconds = integer(text[...]) { return product(seconds, 1000).map { .milliseconds($0) } }
        var rest = text[...]
        var total = 0
        var largest = Int.max
        repeat {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let count = integer(digits), let scale = milliseconds(of: unit), scale < largest,
                let part = product(count, scale)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
            largest = scale
        } while !rest.isEmpty
        return .milliseconds(total)
    }

    private static func milliseconds(of unit: Substring) -> Int? {
        units.first { $0.name == unit }?.milliseconds
    }

    /// Largest first.
    static let units: [(name: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    private static func product(_ a: Int, _ b: Int) -> Int? {
        let (result, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? nil : result
    }
}

extension Value {
    /// "1.25" as 1250: digits, with up to three decimal places.
    static func thousandths(_ text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ integer($0) }), whole < 1_000_000 else { return nil }
        guard parts.count > 1 else { return whole * 1000 }
        guard (1...3).contains(parts[1].utf8.count), let fraction = integer(parts[1]) else { return nil }
        return whole * 1000 + [100, 10, 1][parts[1].utf8.count - 1] * fraction
    }

    /// "20%" as 20.
    static func percent(_ text: String) -> Int? {
        text.utf8.last == UInt8(ascii: "%") ? integer(text.dropLast()) : nil
    }

    /// "50/s" as 50.
    static func rate(_ text: String) -> Int? {
        text.hasSuffix("/s") ? integer(text.dropLast(2)) : nil
    }

    /// The shortest text that `thousandths` reads as this number.
    static func text(ofThousandths number: Int) -> String {
        var fraction = String(String(1000 + number % 1000).dropFirst())
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return fraction.isEmpty ? "\(number / 1000)" : "\(number / 1000).\(fraction)"
    }
}

// MARK: - Writing values

extension Value {
    /// The shortest text in one unit that `time` reads as this duration, which is cut to milliseconds.
    static func text(of time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        let whole = seconds.multipliedReportingOverflow(by: 1000)
        guard !whole.overflow else { return "\(seconds)s" }
        let milliseconds = whole.partialValue &+ attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return "0" }
        for unit in units where milliseconds % Int64(unit.milliseconds) == 0 {
            return "\(milliseconds / Int64(unit.milliseconds))\(unit.name)"
        }
        return "\(milliseconds)ms"
    }

    /// The shortest text that `size` reads as this number of bytes.
    static func text(ofSize size: Int) -> String {
        for (name, shift) in [("g", 30), ("m", 20), ("k", 10)] where size != 0 && size % (1 << shift) == 0 {
            return "\(size >> shift)\(name)"
        }
        return "\(size)"
    }
}

import Text

/// A moment as HTTP writes it, in seconds since 1970-01-01, RFC 9110 §5.6.7.
package enum HTTPDate {
    /// An IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT". Moments before 1970 and after 9999 are moved to these.
    package static func text(_ seconds: Int64) -> ShortText {
        let seconds = min(max(seconds, 0), 253_402_300_799)
        let days = seconds / 86_400
        let civil = CivilDate(days: days)
        let time = UInt64(seconds % 86_400)
        var text = ShortText()
        text.append(weekdays[CivilDate.weekday(ofDay: days)])
        text.append(", ")
        text.append(UInt64(civil.day), width: 2)
        text.append(UInt8(ascii: " "))
        text.append(months[Int(civil.month) - 1])
        text.append(UInt8(ascii: " "))
        text.append(UInt64(civil.year), width: 4)
        text.append(UInt8(ascii: " "))
        text.append(time / 3600, width: 2)
        text.append(UInt8(ascii: ":"))
        text.append(time / 60 % 60, width: 2)
        text.append(UInt8(ascii: ":"))
        text.append(time % 60, width: 2)
        text.append(" GMT")
        return text
    }

    private static let weekdays: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]  // from 1970-01-01
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads an IMF-fixdate, an RFC 850 date or one of asctime at `place`; nil for anything else. The name of the day is not
    /// checked against the date. A year of two digits is that of 1970 to 2069.
    static func parse(_ bytes: Span<UInt8>, _ place: Range<Int>) -> Int64? {
        guard place.count <= ShortText.capacity else { return nil }
        var reader = Reader(bytes, place)
        guard reader.skipLetters() >= 3 else { return nil }
        if reader.take(", ") {
            guard let day = reader.number(2) else { return nil }
            let isOld = reader.take("-")  // RFC 850
            guard isOld || reader.take(" "), let month = reader.month(), reader.take(isOld ? "-" : " "),
                var year = reader.number(isOld ? 2 : 4), reader.take(" "), let time = reader.time(),
                reader.take(" GMT"),
                reader.isAtEnd
            else { return nil }
            if isOld { year += year < 70 ? 2000 : 1900 }
            return moment(year, month, day, time)
        }
        // asctime: "Sun Nov  6 08:49:37 1994"
        guard reader.take(" "), let month = reader.month(), reader.take(" "),
            let day = reader.take(" ") ? reader.number(1) : reader.number(2), reader.take(" "),
            let time = reader.time(), reader.take(" "), let year = reader.number(4), reader.isAtEnd
        else { return nil }
        return moment(year, month, day, time)
    }

    private static func moment(_ year: Int64, _ month: Int64, _ day: Int64, _ time: Int64) -> Int64? {
        let days = CivilDate(year: year, month: month, day: day).days
        // "31 Feb" is another day than it says.
        guard CivilDate(days: days) == CivilDate(year: year, month: month, day: day) else { return nil }
        return days * 86_400 + time
    }

    /// Reads the parts of a date.
    private struct Reader {
        private var text = ShortText()
        private var index = 0
        private var end: Int { text.count }

        init(_ bytes: Span<UInt8>, _ place: Range<Int>) {
            for index in place { text.append(bytes[index]) }
        }

        var isAtEnd: Bool { index == end }

        mutating func skipLetters() -> Int {
            let start = index
            while index < end, (0x61...0x7A).contains(text.bytes[index] | 0x20) { index += 1 }
            return index - start
        }

        mutating func take(_ word: StaticString) -> Bool {
            let count = word.utf8CodeUnitCount
            guard end - index >= count, ByteScan.isSame(text.bytes.span, index..<(index + count), word) else {
                return false
            }
            index += count
            return true
        }

        mutating func number(_ digits: Int) -> Int64? {
            guard end - index >= digits else { return nil }
            var number: Int64 = 0
            for offset in 0..<digits {
                let byte = text.bytes[index + offset]
                guard HTTPCharacter.isDigit(byte) else { return nil }
                number = number * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            index += digits
            return number
        }

        mutating func month() -> Int64? {
            for (index, name) in months.enumerated() where take(name) { return Int64(index) + 1 }
            return nil
        }

        /// "08:49:37" as seconds of the day; a leap second counts as the next one.
        mutating func time() -> Int64? {
            guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60, take(":"),
                let second = number(2), second <= 60
            else { return nil }
            return hour * 3600 + minute * 60 + second
        }
    }
}

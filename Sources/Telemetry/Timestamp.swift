/// A moment in UTC, as ISO 8601 (RFC 3339) for logs and as HTTP writes it.
package enum Timestamp {
    /// "Sat, 21 Nov 2026 09:30:00 GMT" for milliseconds since 1970-01-01: an IMF-fixdate (RFC 9110 §5.6.7).
    package static func http(_ milliseconds: Int64) -> String {
        let days = floorDivide(milliseconds, 86_400_000)
        let (year, month, day) = civil(days)
        let weekday = weekdays[Int(days - floorDivide(days, 7) * 7)]
        let date = "\(LogText.padded(day, 2)) \(months[Int(month) - 1]) \(LogText.padded(year, 4))"
        return "\(weekday), \(date) \(clock(milliseconds - days * 86_400_000)) GMT"
    }

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]  // from 1970-01-01
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// "09:30:00" for milliseconds of a day.
    private static func clock(_ time: Int64) -> String {
        [time / 3_600_000, time / 60_000 % 60, time / 1000 % 60]
            .map { LogText.padded($0, 2) }.joined(separator: ":")
    }

    /// "2026-11-21T09:30:00.125Z" for milliseconds since 1970-01-01.
    package static func iso8601(_ milliseconds: Int64) -> String {
        let days = floorDivide(milliseconds, 86_400_000)
        let time = milliseconds - days * 86_400_000
        let (year, month, day) = civil(days)
        let date = "\(LogText.padded(year, 4))-\(LogText.padded(month, 2))-\(LogText.padded(day, 2))"
        return "\(date)T\(clock(time)).\(LogText.padded(time % 1000, 3))Z"
    }

    /// The date of a day, counted from 1970-01-01 in the Gregorian calendar: years are taken to begin in March, so that the
    /// leap day is a year's last.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468  // days since 0000-03-01
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }
}

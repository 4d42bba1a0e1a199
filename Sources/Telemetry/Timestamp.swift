import Text

/// A moment in UTC, as ISO 8601 (RFC 3339) for logs and as HTTP writes it.
package enum Timestamp {
    /// "Sat, 21 Nov 2026 09:30:00 GMT" for milliseconds since 1970-01-01: an IMF-fixdate (RFC 9110 §5.6.7).
    package static func http(_ milliseconds: Int64) -> String {
        let days = CivilDate.floorDivide(milliseconds, 86_400_000)
        let civil = CivilDate(days: days)
        let weekday = weekdays[CivilDate.weekday(ofDay: days)]
        let date = "\(LogText.padded(civil.day, 2)) \(months[Int(civil.month) - 1]) \(LogText.padded(civil.year, 4))"
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
        let days = CivilDate.floorDivide(milliseconds, 86_400_000)
        let time = milliseconds - days * 86_400_000
        let civil = CivilDate(days: days)
        let date = "\(LogText.padded(civil.year, 4))-\(LogText.padded(civil.month, 2))-\(LogText.padded(civil.day, 2))"
        return "\(date)T\(clock(time)).\(LogText.padded(time % 1000, 3))Z"
    }
}

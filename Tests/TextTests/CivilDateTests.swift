import Testing

@testable import Text

@Suite("Civil dates")
struct CivilDateTests {
    @Test("Every day of 3000 years comes after the day before, and is found again")
    func everyDay() {
        var last = CivilDate(days: -719_530)
        for days in Int64(-719_529)...Int64(380_000) {
            let date = CivilDate(days: days)
            #expect(date.days == days)
            let isNext =
                date.day == last.day + 1 && date.month == last.month && date.year == last.year
                || date.day == 1
                    && (date.month == last.month + 1 && date.year == last.year
                        || date.month == 1 && last.month == 12 && date.year == last.year + 1)
            if !isNext { Issue.record("\(last), then \(date)") }
            last = date
        }
    }

    @Test("Days of the week", arguments: [(0, 0), (-1, 6), (7, 0), (20_778, 2)] as [(Int64, Int)])
    func weekday(days: Int64, weekday: Int) {
        #expect(CivilDate.weekday(ofDay: days) == weekday)
    }
}

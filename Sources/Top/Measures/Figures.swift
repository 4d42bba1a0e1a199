/// Figures for people, in few columns.
package enum Figures {
    /// Bytes, or bytes a second, by powers of 1024: `999`, `1.2K`, `34M`. At most 5 characters up to some EiB.
    package static func bytes(_ value: Double) -> String { scaled(value, 1024, ["", "K", "M", "G", "T", "P", "E"]) }

    /// A number by powers of 1000: `999`, `1.2k`, `34M`.
    package static func count(_ value: Double) -> String { scaled(value, 1000, ["", "k", "M", "G", "T", "P", "E"]) }

    private static func scaled(_ value: Double, _ base: Double, _ units: [String]) -> String {
        guard value.isFinite, value > 0 else { return "0" }
        var (rest, index) = (value, 0)
        while rest >= (index == 0 ? 999.5 : base * 0.9995), index + 1 < units.count {
            rest /= base
            index += 1
        }
        let hasPlace = rest < 9.95 && (index > 0 || rest.rounded() != rest)
        return (hasPlace ? decimal(rest, 1) : decimal(rest, 0)) + units[index]
    }

    /// With `places` decimal places, rounded; for numbers below 2^53.
    package static func decimal(_ value: Double, _ places: Int) -> String {
        var scale = 1
        for _ in 0..<min(max(0, places), 6) { scale *= 10 }
        let limit = 9_007_199_254_740_992.0
        let number = Int(min(max(value * Double(scale), -limit), limit).rounded())
        let sign = number < 0 ? "-" : ""
        let digits = String(number.magnitude % UInt(scale))
        guard scale > 1 else { return "\(sign)\(number.magnitude)" }
        let fraction = String(repeating: "0", count: max(0, places - digits.utf8.count)) + digits
        return "\(sign)\(number.magnitude / UInt(scale)).\(fraction)"
    }

    /// Seconds: `0.5s`, `12s`, `3m05s`, `4h12m`, `3d04h`, `812d`. At most 6 characters up to a thousand years.
    package static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0s" }
        if seconds < 9.95 {
            return seconds.rounded() == seconds ? decimal(seconds, 0) + "s" : decimal(seconds, 1) + "s"
        }
        let whole = Int(min(seconds.rounded(), 1e12))
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return pair(whole, 60, "m", "s")
        case ..<86_400: return pair(whole / 60, 60, "h", "m")
        case ..<8_640_000: return pair(whole / 3600, 24, "d", "h")
        default: return "\(whole / 86_400)d"
        }
    }

    private static func pair(_ value: Int, _ base: Int, _ high: String, _ low: String) -> String {
        let rest = value % base
        return "\(value / base)\(high)\(rest < 10 ? "0" : "")\(rest)\(low)"
    }

    /// `45%` for 0.45.
    package static func percent(_ share: Double) -> String {
        share.isFinite ? decimal(min(max(0, share), 100) * 100, 0) + "%" : "-"
    }

    /// The clock of an ISO 8601 time, with its Z: `09:30:00Z`; the text as it is if it is none.
    package static func clock(_ time: String) -> String {
        let parts = time.split(separator: "T", maxSplits: 1)
        guard parts.count == 2, parts[1].utf8.count >= 8 else { return time }
        return parts[1].prefix(8) + "Z"
    }
}

import Configuration
import Wire

/// How long caches may keep a response: what `expires` comes to at a moment.
struct Freshness {
    /// Seconds since 1970-01-01.
    let expires: Int64
    /// Seconds; nil: it is asked for again each time.
    let maxAge: Int64?

    /// `now`, and `modified`, when the file was changed, are seconds since 1970-01-01. nil: nothing is said.
    init?(_ setting: Expires, now: Int64, modified: Int64?) {
        switch setting {
        case .off: return nil
        case .epoch: (expires, maxAge) = (1, nil)
        case .max: (expires, maxAge) = (2_145_916_555, 315_360_000)  // as in nginx: the end of 2037, ten years
        case .after(let seconds):
            expires = now + Int64(seconds)
            maxAge = seconds < 0 ? nil : Int64(seconds)
        case .afterChange(let seconds):
            expires = (modified ?? now) + Int64(seconds)
            maxAge = expires < now ? nil : expires - now
        }
    }

    func writeFields(to sink: inout some FieldSink & ~Copyable) {
        sink.write("Expires", HTTPDate.text(expires))
        guard let maxAge else { return sink.write("Cache-Control", "no-cache") }
        var text = ShortText()
        text.append("max-age=")
        text.append(UInt64(max(maxAge, 0)))
        sink.write("Cache-Control", text)
    }

    /// The same as fields of a response.
    var fields: [HTTPField] {
        [
            HTTPField("Expires", HTTPDate.text(expires).description),
            HTTPField("Cache-Control", maxAge.map { "max-age=\($0)" } ?? "no-cache"),
        ]
    }
}

/// Where a directive's value goes.
typealias Target<Value> = WritableKeyPath<Builder, Value> & Sendable

// The actions that most lines of the table use: one value, checked and stored.
extension Action {
    /// A time in a range; `zero` says what 0 means where it is allowed.
    static func time(
        _ target: Target<Duration>, _ range: ClosedRange<Duration> = .milliseconds(1)...(.seconds(86400)),
        zero: String? = nil
    ) -> Action {
        let bounds = "from \(Value.text(of: range.lowerBound)) to \(Value.text(of: range.upperBound))"
        let allowed = (zero.map { "0 (\($0)) or " } ?? "") + "a time \(bounds), such as 500ms, 30s or 1h30m"
        return single(target, allowed) { text in
            guard let time = Value.time(text) else { return nil }
            return range.contains(time) || zero != nil && time == .zero ? time : nil
        }
    }

    /// A size in a range; `zero` says what 0 means where it is allowed.
    static func size(_ target: Target<Int>, _ range: ClosedRange<Int>, zero: String? = nil) -> Action {
        let bounds = "from \(Value.text(ofSize: range.lowerBound)) to \(Value.text(ofSize: range.upperBound))"
        let allowed = (zero.map { "0 (\($0)) or " } ?? "") + "a size \(bounds), such as 4096, 64k or 1m"
        return single(target, allowed) { text in
            guard let size = Value.size(text) else { return nil }
            return range.contains(size) || zero != nil && size == 0 ? size : nil
        }
    }

    static func integer(_ target: Target<Int>, _ range: ClosedRange<Int>) -> Action {
        single(target, "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Value.integer(text[...]).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    static func flag(_ target: Target<Bool>) -> Action {
        single(target, "on or off") { $0 == "on" ? true : $0 == "off" ? false : nil }
    }

    /// One of the names of an enumeration.
    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ target: Target<Choice>
    ) -> Action {
        single(target, "one of \(rawValues(Choice.self))") { Choice(rawValue: $0) }
    }

    /// Some of the names of an enumeration, each at most once; kept in the order of the enumeration. `hint` goes with a
    /// name that is none of them.
    static func choices<Choice: RawRepresentable<String> & CaseIterable & Sendable & Equatable>(
        _ target: Target<[Choice]>, hint: String? = nil
    ) -> Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            var chosen: [Choice] = []
            for word in statement.arguments {
                guard let choice = Choice(rawValue: word.text) else {
                    let wrong = statement.arguments.map(\.text).filter { Choice(rawValue: $0) == nil }.map {
                        quoted($0)
                    }
                    throw statement.error(
                        "must be some of \(rawValues(Choice.self)), not \(listed(wrong))", at: word, hint: hint)
                }
                guard !chosen.contains(choice) else { throw statement.error("names \(word.text) twice", at: word) }
                chosen.append(choice)
            }
            builder[keyPath: target] = Choice.allCases.filter(chosen.contains)
        }
    }

    /// One word of any text except an empty one; `ifMore` says how to write several as one.
    static func text(_ target: Target<Written?>, ifMore: @escaping @Sendable ([String]) -> String) -> Action {
        text(ifMore: ifMore) { $1[keyPath: target] = $0 }
    }

    static func text(_ target: Target<Written>, ifMore: @escaping @Sendable ([String]) -> String) -> Action {
        text(ifMore: ifMore) { $1[keyPath: target] = $0 }
    }

    private static func text(
        ifMore: @escaping @Sendable ([String]) -> String, store: @escaping @Sendable (Written, inout Builder) -> Void
    ) -> Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            if let second = statement.arguments.dropFirst().first {
                throw statement.error(
                    "takes one word, not \(statement.arguments.count)", at: second,
                    hint: ifMore(statement.arguments.map(\.text)))
            }
            guard !word.text.isEmpty, isPrintable(word.text) else {
                throw statement.error("must not be empty", at: word)
            }
            store(Written(word.text, at: statement.name.position), &builder)
        }
    }

    /// A path, made absolute.
    static func path(_ target: Target<String?>) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            builder[keyPath: target] = try builder.path(statement.argument, of: statement)
        }
    }

    /// A path, made absolute, with its position, for errors that occur when the file is loaded.
    static func file(_ target: Target<Written?>) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let path = try builder.path(statement.argument, of: statement)
            builder[keyPath: target] = Written(path, at: statement.name.position)
        }
    }

    /// One argument that `read` understands; `allowed` says what that is.
    static func single<Value>(
        _ target: Target<Value>, _ allowed: String, _ read: @escaping @Sendable (String) -> Value?
    ) -> Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let word = statement.argument
            guard let value = read(word.text) else {
                throw statement.error(ValueFault("must be \(allowed), not \(quoted(word.text))"), at: word)
            }
            builder[keyPath: target] = value
        }
    }

    private static func rawValues<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> String {
        Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

/// `name=value`, or a bare `name`, after a directive's first arguments.
struct Parameter {
    let name: String
    /// nil: there is no "=".
    let value: String?

    init(_ text: String) {
        let name = text.prefix { $0 != "=" }
        self.name = String(name)
        value = text.utf8.count > name.utf8.count ? String(text.dropFirst(name.count + 1)) : nil
    }

    // MARK: Values

    func integer(_ range: ClosedRange<Int>) throws(ValueFault) -> Int {
        guard let number = Value.integer((value ?? "")[...]), range.contains(number) else {
            throw fault("from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func time(_ range: ClosedRange<Duration>, such example: String) throws(ValueFault) -> Duration {
        guard let time = Value.time(value ?? ""), range.contains(time) else {
            let bounds = "\(Value.text(of: range.lowerBound)) to \(Value.text(of: range.upperBound))"
            throw fault("from \(bounds), such as \(example)")
        }
        return time
    }

    /// "20%"
    func percent(_ range: ClosedRange<Int>) throws(ValueFault) -> Int {
        guard let number = Value.percent(value ?? ""), range.contains(number) else {
            throw fault("from \(range.lowerBound)% to \(range.upperBound)%")
        }
        return number
    }

    /// "50/s"
    func rate(_ range: ClosedRange<Int>) throws(ValueFault) -> Int {
        let text = value ?? ""
        guard let number = Value.rate(text), range.contains(number) else {
            let hint = text.hasSuffix("/m") ? "a rate is per second: 120/m is 2/s" : nil
            throw fault("from \(range.lowerBound)/s to \(range.upperBound)/s", hint: hint)
        }
        return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) throws(ValueFault) -> Choice {
        guard let choice = Choice(rawValue: value ?? "") else {
            throw fault("that is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    func fault(_ allowed: String, hint: String? = nil) -> ValueFault {
        let article = "aeio".contains(name.prefix(1)) && !name.isEmpty ? "an" : "a"
        return ValueFault("must have \(article) \(name) \(allowed), not \(quoted(value ?? ""))", hint: hint)
    }
}

/// The parameters of one directive.
struct ParameterNames {
    var withValue: [String]
    var bare: [String] = []

    /// What is wrong with a parameter that is not one of them, or not in its form.
    func fault(_ parameter: Parameter) -> ValueFault {
        if withValue.contains(parameter.name) || bare.contains(parameter.name) {
            let right = parameter.value != nil ? "without a value" : "with a value: \(parameter.name)=…"
            return ValueFault("takes \"\(parameter.name)\" " + right)
        }
        let near = nearest(to: parameter.name, in: withValue + bare).map { "did you mean \"\($0)\"?" }
        return ValueFault(
            "has no parameter \(quoted(parameter.name))", hint: near ?? "it takes \(listed(withValue + bare))")
    }
}

extension Statement {
    /// Passes on each parameter after the first `count` arguments, once.
    func readParameters(
        after count: Int, _ read: (Parameter) throws(ValueFault) -> Void
    ) throws(ConfigurationError) {
        var seen: Set<String> = []
        for word in arguments.dropFirst(count) {
            let parameter = Parameter(word.text)
            guard seen.insert(parameter.name).inserted else {
                throw error("has the parameter \(quoted(parameter.name)) twice", at: word)
            }
            do throws(ValueFault) {
                try read(parameter)
            } catch {
                throw self.error(error, at: word)
            }
        }
    }
}

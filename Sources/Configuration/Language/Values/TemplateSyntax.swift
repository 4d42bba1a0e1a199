extension Template {
    /// Reads `text` with `$name` and `${name}`; a name is of letters, digits and `_`.
    static func parsed(_ text: String) throws(ValueFault) -> Template {
        var segments: [Segment] = []
        var rest = text.unicodeScalars[...]
        while let dollar = rest.firstIndex(of: "$") {
            if dollar > rest.startIndex { segments.append(.text(String(rest[..<dollar]))) }
            rest = rest[dollar...].dropFirst()
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            let name = rest.prefix(while: isNameScalar)
            rest = rest.dropFirst(name.count)
            if isBraced {
                guard rest.first == "}" else { throw ValueFault("has \"${\" without its \"}\"") }
                rest = rest.dropFirst()
            }
            segments.append(.variable(try variable(String(name))))
        }
        if !rest.isEmpty { segments.append(.text(String(rest))) }
        return Template(segments: segments)
    }

    /// This template and then another; texts that meet become one.
    mutating func append(_ other: Template) {
        for segment in other.segments {
            if case .text(let new) = segment, case .text(let old)? = segments.last {
                segments[segments.count - 1] = .text(old + new)
            } else {
                segments.append(segment)
            }
        }
    }

    /// The text that `parsed` reads as this template.
    var source: String {
        var result = ""
        for (index, segment) in segments.enumerated() {
            switch segment {
            case .text(let text): result += text
            case .variable(let variable):
                result += needsBraces(at: index + 1) ? "${\(variable.name)}" : "$\(variable.name)"
            }
        }
        return result
    }

    private func needsBraces(at index: Int) -> Bool {
        guard index < segments.count, case .text(let text) = segments[index] else { return false }
        return text.unicodeScalars.first.map(Template.isNameScalar) ?? false
    }

    private static func variable(_ name: String) throws(ValueFault) -> Variable {
        if let variable = Variable(name: name) { return variable }
        guard !name.isEmpty else {
            throw ValueFault("has a \"$\" without a variable name", hint: "a literal \"$\" cannot be written here")
        }
        if laterVariables.contains(name) || name.hasPrefix("jwt_claim_") {
            throw ValueFault("names the variable \"$\(name)\", which is not supported yet")
        }
        let near = nearest(to: name, in: Variable.names).map { "did you mean \"$\($0)\"?" }
        throw ValueFault(
            "names an unknown variable \(quoted("$" + name))",
            hint: near ?? "the variables are \(Variable.names.map { "$" + $0 }.joined(separator: " "))")
    }

    private static let laterVariables: Set<String> = [
        "ssl_client_cn", "ssl_client_dn", "ssl_client_fingerprint", "ssl_client_verify", "auth_method",
    ]

    static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }
}

/// The first `$name` or `${name}` in `text`, for values in which it would not be replaced.
func variableReference(in text: String) -> String? {
    var rest = text.unicodeScalars[...]
    while let dollar = rest.firstIndex(of: "$") {
        rest = rest[dollar...].dropFirst()
        let body = rest.first == "{" ? rest.dropFirst() : rest
        let name = body.prefix(while: Template.isNameScalar)
        if !name.isEmpty { return "$" + String(name) }
    }
    return nil
}

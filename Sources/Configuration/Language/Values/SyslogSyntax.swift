extension SyslogSettings {
    /// The port where none is given (RFC 5426 §3.3).
    private static let port: UInt16 = 514
    private static let longestTag = 32
    private static let example = "127.0.0.1, 127.0.0.1:514, [::1]:514 or unix:/dev/log"

    /// Reads `syslog:server=ADDRESS[,facility=NAME][,severity=NAME][,tag=WORD][,nohostname]`. `hasSeverity`: all messages
    /// have the same, which may be given.
    init(_ text: String, hasSeverity: Bool) throws(ValueFault) {
        var server: Address?
        var settings = Self(server: .unix(path: ""))
        if hasSeverity { settings.severity = .info }
        var seen: Set<String> = []
        for part in text.dropFirst(Self.scheme.count).split(separator: ",", omittingEmptySubsequences: false) {
            let parameter = Parameter(String(part))
            guard seen.insert(parameter.name).inserted else {
                throw ValueFault("has the syslog parameter \(quoted(parameter.name)) twice")
            }
            switch (parameter.name, parameter.value) {
            case ("server", let value?):
                server = try Address.server(value, defaultPort: Self.port, example: Self.example)
            case ("facility", _?): settings.facility = try parameter.choice(Facility.self)
            case ("severity", _?) where !hasSeverity:
                throw ValueFault(
                    "takes no severity: each message has the severity of its level",
                    hint: "remove \(quoted(String(part)))")
            case ("severity", _?): settings.severity = try parameter.choice(Severity.self)
            case ("tag", let value?): settings.tag = try Self.tag(value)
            case ("nohostname", nil): settings.namesHost = false
            default: throw Self.fault(parameter, hasSeverity: hasSeverity)
            }
        }
        guard let server else {
            throw ValueFault("needs the server of syslog", hint: "write syslog:server= and an address: \(Self.example)")
        }
        settings.server = server
        self = settings
    }

    private static func fault(_ parameter: Parameter, hasSeverity: Bool) -> ValueFault {
        guard !parameter.name.isEmpty else {
            return ValueFault("has an empty syslog parameter", hint: "write syslog:server= and an address: \(example)")
        }
        let names = ["server", "facility"] + (hasSeverity ? ["severity"] : []) + ["tag"]
        return ParameterNames(withValue: names, bare: ["nohostname"]).fault(parameter)
    }

    /// nginx's rule: letters, digits and `_`, at most 32. APP-NAME of RFC 5424 §6.2.5 could not be empty.
    private static func tag(_ text: String) throws(ValueFault) -> String {
        guard !text.isEmpty, text.utf8.count <= longestTag, text.unicodeScalars.allSatisfy(Template.isNameScalar) else {
            throw ValueFault(
                "must have a tag of 1 to \(longestTag) letters, digits and \"_\", not \(quoted(text))")
        }
        return text
    }
}

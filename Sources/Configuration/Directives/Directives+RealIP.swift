extension DirectiveTable {
    static let realIP: [Directive] = [
        Directive(
            "set_real_ip_from", [.main, .server], .setRealIPFrom,
            "Fronts whose word counts for a client's address.", repeatable: true),
        Directive(
            "real_ip_header", [.main, .server], .realIPHeader,
            "Request field in which a trusted front names the client; off reads none."),
        Directive(
            "real_ip_recursive", [.main, .server], .flag(\.scope.realIP.isRecursive),
            "Whether addresses of trusted fronts at the end of that field are skipped."),
    ]
}

/// `set_real_ip_from` and its companions.
struct RealIPDraft: Sendable {
    var trusted = AccessDraft.Inherited<Network>()
    var header: (name: String, position: Position)?
    var isRecursive = false

    func settings() throws(ConfigurationError) -> RealIPSettings {
        var settings = RealIPSettings()
        settings.trusted = trusted.elements
        settings.header = header?.name
        settings.isRecursive = isRecursive
        if let header, settings.trusted.isEmpty {
            throw ConfigurationError(
                at: header.position, "\"real_ip_header\" needs \"set_real_ip_from\": nobody is trusted to send it",
                hint: "name the addresses of the fronts, such as 10.0.0.0/8")
        }
        return settings
    }
}

extension Action {
    static var setRealIPFrom: Action {
        Action(1...Int.max) { (statement, builder) throws(ConfigurationError) in
            for word in statement.arguments {
                guard word.text != "all" else {
                    throw statement.error(
                        "must not trust all: anybody could choose an address", at: word,
                        hint: "name the addresses of the fronts")
                }
                let network: Network
                do throws(ValueFault) {
                    network = try Network.parsed(word.text, allowsAll: false)
                } catch {
                    throw statement.error(error, at: word)
                }
                guard !network.isEverything else {
                    throw statement.error(
                        "must not trust every address: anybody could choose one", at: word,
                        hint: "name the addresses of the fronts")
                }
                builder.scope.realIP.trusted.append(network, in: builder.context)
            }
        }
    }

    static var realIPHeader: Action {
        Action(1...1) { (statement, builder) throws(ConfigurationError) in
            let text = statement.argument.text
            let name = text.lowercased()
            switch name {
            case "off":
                builder.scope.realIP.header = nil
                return
            case "proxy_protocol":
                throw statement.error(
                    "takes the name of a request field", at: statement.argument,
                    hint: "\"listen … proxy_protocol\" takes the address from its header by itself")
            case "forwarded":
                throw statement.error(
                    "does not read the lists of Forwarded (RFC 7239)", at: statement.argument,
                    hint: "use X-Forwarded-For or X-Real-IP")
            default: break
            }
            guard isToken(name) else {
                throw statement.error(
                    "needs the name of a request field such as X-Forwarded-For, not \(quoted(text))",
                    at: statement.argument)
            }
            builder.scope.realIP.header = (name, statement.name.position)
        }
    }
}

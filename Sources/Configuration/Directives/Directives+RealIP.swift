extension DirectiveTable {
    static let realIP: [Directive] = [
        Directive(
            "set_real_ip_from", [.main, .server], .setRealIPFrom,
            "Load balancers that are trusted to name the client's address.", repeatable: true),
        Directive(
            "real_ip_header", [.main, .server], .realIPHeader,
            "Request field in which a trusted load balancer names the client, or off."),
        Directive(
            "real_ip_recursive", [.main, .server], .flag(\.scope.realIP.isRecursive),
            "Whether trusted addresses at the end of that field are skipped."),
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
                at: header.position, "\"real_ip_header\" needs \"set_real_ip_from\": no load balancer is trusted yet",
                hint: "list the addresses of the load balancers, such as 10.0.0.0/8")
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
                        "must not be all: anybody could then claim any address", at: word,
                        hint: "list the addresses of the load balancers")
                }
                let network: Network
                do throws(ValueFault) {
                    network = try Network.parsed(word.text, allowsAll: false)
                } catch {
                    throw statement.error(error, at: word)
                }
                guard !network.isEverything else {
                    throw statement.error(
                        "must not cover every address: anybody could then claim any address", at: word,
                        hint: "list the addresses of the load balancers")
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
                    hint: "\"listen … proxy_protocol\" uses the address in its header without this directive")
            case "forwarded":
                throw statement.error(
                    "does not support Forwarded (RFC 7239)", at: statement.argument,
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

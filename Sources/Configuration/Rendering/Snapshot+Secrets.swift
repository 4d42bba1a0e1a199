extension Snapshot {
    /// The same without what nobody else is to know: values of `auth_http_set_header`, passwords that are written to the
    /// broker, and the queries of URLs. Files with secrets are named, as they were.
    package var withoutSecrets: Snapshot {
        var snapshot = self
        for server in snapshot.servers.indices {
            for location in snapshot.servers[server].locations.indices {
                snapshot.servers[server].locations[location].hideSecrets()
            }
        }
        return snapshot
    }
}

/// What is written in the place of a secret.
private let hidden = "(hidden)"

extension LocationSettings {
    fileprivate mutating func hideSecrets() {
        if let url = access.http?.url { access.http?.url = withoutSecrets(url: url) }
        for index in (access.http?.headers ?? []).indices { access.http?.headers[index].value = hidden }
        if let url = access.jwt?.jwksURL { access.jwt?.jwksURL = withoutSecrets(url: url) }
        for index in mqtt.setConnect.indices { mqtt.setConnect[index].hideSecrets() }
    }
}

extension ConnectChange {
    /// Variables of a client tell nothing; text of the operator's is a password, or may be what a broker trusts.
    fileprivate mutating func hideSecrets() {
        switch field {
        case .password, .userProperty: value = value.withoutText
        case .clientID, .username: break
        }
    }
}

extension Template {
    fileprivate var withoutText: Template {
        Template(segments: segments.map { if case .text = $0 { .text(hidden) } else { $0 } })
    }
}

/// A URL without its query, which may hold a key. User information is not accepted in one.
private func withoutSecrets(url: String) -> String {
    guard let query = url.firstIndex(of: "?") else { return url }
    return url[..<query] + "?" + hidden
}

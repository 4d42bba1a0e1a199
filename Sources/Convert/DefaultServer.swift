import Configuration

// Who answers requests that name none of an address's servers.

extension Converter {
    /// Refuses them where nginx has a server for them that is not carried over: else the next server, which is there for its
    /// own names, would get them.
    mutating func defaultServer(insteadOf server: Statement, _ outer: [Statement]) {
        let own = server.block ?? []
        let servers = outer.filter { $0.name.text == "server" }
        let listens = own.filter { listen in
            guard listen.name.text == "listen" else { return false }
            let sharing = servers.filter { $0.listen(at: listen.placeOfListen) != nil }
            let named = sharing.first { $0.listen(at: listen.placeOfListen)?.isDefaultListen ?? false }
            return sharing.count > 1 && (named ?? sharing.first)?.name.position == server.name.position
        }
        guard !listens.isEmpty else { return }
        output.openBlock(["server"])
        output.note("In nginx the server above answers whoever asks for none of the other names.")
        self.listens(listens, of: own, outer)
        for statement in own
        where ["ssl_certificate", "ssl_certificate_key", "set_real_ip_from"].contains(statement.name.text) {
            setting(statement, in: "server")
        }
        output.directive(["return", "403"])
        output.closeBlock()
    }
}

extension Statement {
    /// A server's `listen` for an address.
    fileprivate func listen(at place: String) -> Statement? {
        (block ?? []).first { $0.name.text == "listen" && $0.placeOfListen == place }
    }

    var isDefaultListen: Bool { arguments.contains { $0.text == "default_server" || $0.text == "default" } }

    /// The address of a `listen`, written in one way.
    fileprivate var placeOfListen: String {
        let text = arguments.first?.text ?? ""
        if text.hasPrefix("unix:") { return text }
        if Int(text) != nil { return "*:\(text)" }
        let hasPort = text.split(separator: "]", omittingEmptySubsequences: false).last?.contains(":") ?? false
        let whole = hasPort ? text : "\(text):80"
        return whole.hasPrefix("0.0.0.0:") ? "*\(whole.dropFirst(7))" : whole
    }
}

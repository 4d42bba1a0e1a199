import Access
import Configuration
import Text
import Wire

/// What is known of a request to the operator's side before anything is done for it.
struct AdminRequestFacts: Sendable {
    let head: RequestHead
    let isTLS: Bool
    /// The names of all servers of the listener, lower case, `*.` at the start of one stands for one or more labels.
    let serverNames: [String]
}

/// Who may use one location of the operator's side: a pure decision. What is refused is refused before credentials are
/// looked at, where that is possible.
///
/// A browser carries requests of any page that it shows to any address that it reaches, this machine's included. So Host has
/// to be one of ours (a name that a foreign page has rebound to our address is not), and what changes something, or is
/// embedded, has to come from our own page.
struct AdminGate: Sendable {
    enum Decision: Sendable {
        /// `who`, for the log: "user alice", "token in line 3", or empty if nobody was asked. Not escaped.
        case allow(who: String)
        case refuse(HTTPStatus, detail: String, fields: [HTTPField])
        /// The password decides, which takes a hash.
        case check(username: String, password: Secret)
    }

    let action: LocationSettings.Action
    let settings: AdminSettings
    /// Of `settings.tokenFile`.
    let tokens: AdminTokens?

    func examine(_ request: AdminRequestFacts) -> Decision {
        let head = request.head
        guard Self.isOwn(host: head.host ?? "", request.serverNames) else {
            return .refuse(
                .misdirectedRequest,
                detail:
                    "Host is neither an address nor localhost nor a name of this server. Use one of them, or add the "
                    + "name to \"server_name\".", fields: [])
        }
        let isRead = head.isMethod("GET") || head.isMethod("HEAD")
        if let detail = Self.foreignSender(head, isTLS: request.isTLS, isRead: isRead) {
            return .refuse(.forbidden, detail: detail, fields: [])
        }
        if !isRead, action != .api(isWritable: true) { return refuseWrite() }
        return examineCredentials(head, areNeeded: settings.realm != nil || !isRead)
    }

    // MARK: Host

    /// RFC 9110 §7.2: an address cannot be rebound, and neither can localhost (RFC 6761 §6.3).
    static func isOwn(host: String, _ names: [String]) -> Bool {
        if host == "localhost" || AddressText.ipv4(Array(host.utf8)[...]) != nil { return true }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return AddressText.ipv6(Array(host.utf8.dropFirst().dropLast())[...]) != nil
        }
        guard !host.isEmpty else { return false }
        return names.contains { name in
            guard name.hasPrefix("*.") else { return name.utf8.elementsEqual(host.utf8) }
            return host.utf8.count >= name.utf8.count && host.hasSuffix(name.dropFirst())
        }
    }

    // MARK: Origin

    /// Why a page that sends a request is not ours; nil: it is, or no page sends it.
    ///
    /// Only browsers send Origin and Sec-Fetch-Site, and no page can change them.
    private static func foreignSender(_ head: RequestHead, isTLS: Bool, isRead: Bool) -> String? {
        let sites = head.values("sec-fetch-site")
        let isSameSite = sites == ["same-origin"]
        switch head.originRelation(isTLS: isTLS) {
        case .none, .own: break
        case .ownBehindTLS where isSameSite: break
        case .ownBehindTLS, .foreign:
            return "Origin is not the address of this server: pages of other sites are refused."
        }
        guard !sites.isEmpty, !isSameSite, sites != ["none"] else { return nil }
        // A link or a bookmark may lead here. A frame may not be made of it, and is a navigation, too.
        let destinations = head.values("sec-fetch-dest")
        let isLink =
            isRead && head.values("sec-fetch-mode") == ["navigate"]
            && (destinations.isEmpty || destinations == ["document"])
        return isLink ? nil : "Sec-Fetch-Site says that a page of another site sends this: it is refused."
    }

    private func refuseWrite() -> Decision {
        guard case .api = action else {
            return .refuse(
                .methodNotAllowed, detail: "Use GET or HEAD here.", fields: [HTTPField("Allow", "GET, HEAD")])
        }
        return .refuse(
            .forbidden, detail: "This API only reads. To allow changes, write \"api write=on\" in the configuration.",
            fields: [])
    }

    // MARK: Credentials

    /// Credentials that are there must be right, also where none are needed.
    private func examineCredentials(_ head: RequestHead, areNeeded: Bool) -> Decision {
        switch head.authorization {
        case .malformed: return unauthorized("Authorization is malformed, or there is more than one.")
        case .bearer(let token):
            guard let tokens else { break }
            guard let line = tokens.line(of: token) else { return unauthorized("This token is not valid.") }
            return .allow(who: "token in line \(line)")
        case .basic(let credentials):
            guard settings.realm != nil else { break }
            return .check(username: credentials.username, password: Secret(credentials.password))
        case .none, .other: break
        }
        guard areNeeded else { return .allow(who: "") }
        return unauthorized("This needs \(accepted) in Authorization.")
    }

    private var accepted: String {
        switch (settings.realm, tokens) {
        case (nil, _): "a token (Bearer)"
        case (_, nil): "a user name and password (Basic)"
        case (_, _): "a token (Bearer), or a user name and password (Basic),"
        }
    }

    /// 401 with a challenge for each scheme that is accepted (RFC 9110 §11.6.1).
    func unauthorized(_ detail: String) -> Decision {
        var fields: [HTTPField] = []
        if let realm = settings.realm {
            fields.append(HTTPField("WWW-Authenticate", "Basic realm=\(Self.quoted(realm)), charset=\"UTF-8\""))
        }
        if tokens != nil {
            fields.append(HTTPField("WWW-Authenticate", "Bearer realm=\(Self.quoted(settings.realm ?? "Sluice"))"))
        }
        return .refuse(.unauthorized, detail: detail, fields: fields)
    }

    /// A quoted-string, RFC 9110 §5.6.4.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

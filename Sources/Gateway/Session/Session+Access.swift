import Access
import Configuration
import Reactor
import TLS
import Tunnel
import Wire

/// Who may in: decided before any broker is touched. What needs time runs on other threads and answers through the loop's
/// mailbox; the client's bytes wait meanwhile.
extension Session {
    /// The rules of the session's location; nil: everyone may in.
    var policy: AccessPolicy? { record.route?.policy }

    /// The CONNECT is valid; may its client in?
    mutating func authenticate(_ pending: PendingConnect) {
        guard let policy else { return admit(Identity(), method: "", pending) }
        guard policy.allows(clientAddress) else {
            return refuse(.addressRefused, .notAuthorized, "its address is denied")
        }
        guard !policy.methods.isEmpty else { return admit(Identity(), method: "", pending) }
        limit(policy.timeout)
        pending.ticket = Ticket()
        pending.deliberation = Deliberation(
            policy.methods, needsAll: policy.settings.satisfy == .all,
            isAnonymous: pending.packet.username == nil && pending.packet.password == nil,
            allowsAnonymous: policy.settings.anonymous)
        deliberate(pending, policy)
    }

    /// Asks one method after the other, until one needs time or all is said.
    private mutating func deliberate(_ pending: PendingConnect, _ policy: AccessPolicy) {
        var isWaiting = false
        while !isWaiting, phase == .authenticating {
            switch pending.deliberation?.next() {
            case .ask(let method):
                if let verdict = ask(method, policy, pending) {
                    pending.deliberation?.answered(verdict)
                } else {
                    isWaiting = true
                }
            case .allow(let identity, let method): admit(identity, method: method, pending)
            case .refuse(let refusal):
                refuse(refusal.kind.cause, refusal.kind.reason, refusal.detail)
            case nil: isWaiting = true
            }
        }
    }

    /// What another thread has found out.
    mutating func decided(_ verdict: Verdict) {
        guard phase == .authenticating, let pending, let policy else { return }
        pending.deliberation?.answered(verdict)
        deliberate(pending, policy)
    }

    /// `auth_timeout` has passed.
    mutating func refuseUndecided() {
        refuse(.authTimeout, .serverUnavailable, "nobody could say within auth_timeout whether it may in")
    }

    mutating func refuse(_ cause: EndCause, _ reason: ReasonCode, _ detail: String) {
        log(.info, "client refused: \(detail)")
        refuseConnect(Connack.refusal(reason, version: record.version ?? .v3_1_1), cause)
    }

    // MARK: The methods

    /// One method's verdict; nil: it will come through the mailbox.
    private func ask(_ method: Deliberation.Method, _ policy: AccessPolicy, _ pending: PendingConnect) -> Verdict? {
        switch method {
        case .certificate: certificateVerdict(policy)
        case .jwt: tokenVerdict(policy, pending)
        case .passwordFile: passwordVerdict(policy, pending)
        case .http: serviceVerdict(policy, pending)
        }
    }

    private func certificateVerdict(_ policy: AccessPolicy) -> Verdict {
        guard let rule = policy.settings.certificate, let certificate = record.certificate else { return .missing }
        let name = certificate.name(rule.field)
        guard !name.isEmpty else {
            return .deny(Denial(.notAuthorized, "the certificate has no \(rule.field.rawValue)"))
        }
        var identity = Identity()
        identity.expiresAt = certificate.notAfter
        if rule.setsUsername { identity.username = name }
        return .allow(identity)
    }

    private func passwordVerdict(_ policy: AccessPolicy, _ pending: PendingConnect) -> Verdict? {
        guard let checker = policy.passwords, let ticket = pending.ticket, let username = pending.username else {
            return .missing
        }
        guard let password = secret(pending.packet.password) else {
            return .deny(Denial(.credentials, "a user name without a password"))
        }
        return checker.check(
            username: username, password: password, now: loop.pointee.now, ticket: ticket, reply: reply)
    }

    private func serviceVerdict(_ policy: AccessPolicy, _ pending: PendingConnect) -> Verdict? {
        guard let service = policy.http, let ticket = pending.ticket else { return .missing }
        var question = AuthHTTP.Question(
            clientID: pending.clientID, username: pending.username, password: secret(pending.packet.password),
            remoteAddress: clientAddress.host, remotePort: clientAddress.port,
            certificateCN: record.certificate?.commonName, protocolVersion: record.version?.name ?? "",
            serverName: record.site.name)
        for name in policy.settings.http?.forwardedHeaders ?? [] {
            if let value = record.request?.first(name) { question.headers.append((name, value)) }
        }
        return service.ask(question, now: loop.pointee.now, ticket: ticket, reply: reply)
    }

    private func tokenVerdict(_ policy: AccessPolicy, _ pending: PendingConnect) -> Verdict? {
        guard let tokens = policy.tokens, let ticket = pending.ticket, let token = token(policy, pending) else {
            return .missing
        }
        let facts = self.facts(pending)
        let rules = tokens.rules { facts.text($0) }
        return tokens.verdict(token, rules, ticket: ticket, reply: reply)
    }

    /// The first token that is at one of the places for it.
    private func token(_ policy: AccessPolicy, _ pending: PendingConnect) -> Secret? {
        for place in policy.settings.jwt?.places ?? [] {
            switch place {
            case .password: if let token = secret(pending.packet.password), !token.isEmpty { return token }
            case .username: if let token = pending.username, !token.isEmpty { return Secret(token) }
            default: if let token = record.request?.token(place), !token.isEmpty { return Secret(token) }
            }
        }
        return nil
    }

    /// A copy of some bytes of the CONNECT.
    private func secret(_ range: Range<Int>?) -> Secret? {
        guard let range, range.upperBound <= held.count else { return nil }
        return Secret(UnsafeRawBufferPointer(rebasing: held.bytes[range]))
    }

    /// Gives a verdict of another thread to this session, if it is still there.
    private var reply: @Sendable (Verdict) -> Void {
        let (mailbox, token) = (loop.pointee.mailbox, token)
        return { mailbox.post(.verdict(token, $0)) }
    }

    /// What templates may ask for before the session is open.
    func facts(_ pending: PendingConnect) -> SessionFacts {
        SessionFacts(
            record: record, id: id, address: clientAddress,
            serverName: record.site.name, clientID: pending.clientID,
            username: pending.username ?? "", head: record.request ?? record.head)
    }
}

extension Refusal.Kind {
    fileprivate var cause: EndCause {
        switch self {
        case .missingCredentials: .credentialsMissing
        case .badCredentials: .credentialsRefused
        case .badToken: .tokenRefused
        case .notAuthorized: .notAuthorized
        case .unavailable: .authUnavailable
        case .busy: .authBusy
        }
    }

    /// What the client is told.
    fileprivate var reason: ReasonCode {
        switch self {
        case .missingCredentials, .notAuthorized: .notAuthorized
        case .badCredentials, .badToken: .badUserNameOrPassword
        case .unavailable: .serverUnavailable
        case .busy: .serverBusy
        }
    }
}

extension ClientCertificate {
    /// What `auth_certificate` takes for the client's name; empty: the certificate has none.
    fileprivate func name(_ field: CertificateAuthSettings.Field) -> String {
        switch field {
        case .cn: commonName
        case .dn: subject
        case .dns: dnsNames.first ?? ""
        case .email: emails.first ?? ""
        case .fingerprint: fingerprint
        }
    }
}

import Access
import Configuration
import Reactor
import TLS
import Wire

/// Whether the client of a CONNECT is allowed in, decided before any broker is touched. Asks one method after the other; what
/// needs time runs on other threads.
///
///     advance() ─▶ .waiting ─▶ answered(verdict) ─▶ advance() ─▶ … ─▶ .allowed or .refused
struct Admission {
    enum Step {
        /// A verdict is on its way through the loop's mailbox.
        case waiting
        /// `method` is `$auth_method`.
        case allowed(Identity, method: String)
        case refused(Refusal)
    }

    private let policy: AccessPolicy
    /// Of those who are asked; cancelled when the session ends before the decision.
    private let ticket = Ticket()
    private var deliberation: Deliberation
    /// What was asked last, while the answer is to come.
    private(set) var question: Question?

    /// A method that was asked, and when, in microseconds of the monotonic clock.
    struct Question {
        let method: Deliberation.Method
        let askedAt = Kernel.microseconds()
    }

    init(_ policy: AccessPolicy, isAnonymous: Bool) {
        self.policy = policy
        deliberation = Deliberation(
            policy.methods, needsAll: policy.settings.satisfy == .all, isAnonymous: isAnonymous,
            allowsAnonymous: policy.settings.anonymous)
    }

    /// Asks until one method needs time, or everything is said.
    mutating func advance(_ applicant: Applicant) -> Step {
        while true {
            switch deliberation.next() {
            case .ask(let method):
                question = Question(method: method)
                guard let verdict = ask(method, applicant) else { return .waiting }
                answered(verdict, applicant.count)
            case .allow(let identity, let method): return .allowed(identity, method: method)
            case .refuse(let refusal): return .refused(refusal)
            }
        }
    }

    /// What was found out about the method that was asked last, by another thread if `advance` has waited. `count` is told.
    mutating func answered(_ verdict: Verdict, _ count: (Question, AuthResult) -> Void) {
        if let question { count(question, AuthResult(verdict)) }
        question = nil
        deliberation.answered(verdict)
    }

    /// Nobody needs to work for the answer any more.
    func cancel() { ticket.cancel() }

    // MARK: The methods

    /// One method's verdict; nil: it will come through the mailbox.
    private func ask(_ method: Deliberation.Method, _ applicant: Applicant) -> Verdict? {
        switch method {
        case .certificate: certificateVerdict(applicant)
        case .jwt: tokenVerdict(applicant)
        case .passwordFile: passwordVerdict(applicant)
        case .http: serviceVerdict(applicant)
        }
    }

    private func certificateVerdict(_ applicant: Applicant) -> Verdict {
        guard let rule = policy.settings.certificate, let certificate = applicant.values.client.certificate else {
            return .missing
        }
        let name = certificate.name(rule.field)
        guard !name.isEmpty else {
            return .deny(Denial(.notAuthorized, "the certificate has no \(rule.field.rawValue)"))
        }
        var identity = Identity()
        identity.expiresAt = certificate.notAfter
        if rule.setsUsername { identity.username = name }
        return .allow(identity)
    }

    private func passwordVerdict(_ applicant: Applicant) -> Verdict? {
        guard let checker = policy.passwords, let username = applicant.connect.username else { return .missing }
        guard let password = applicant.password else {
            return .deny(Denial(.credentials, "a user name without a password"))
        }
        return checker.check(
            username: username, password: password, now: applicant.now, ticket: ticket, reply: applicant.reply)
    }

    private func serviceVerdict(_ applicant: Applicant) -> Verdict? {
        guard let service = policy.http else { return .missing }
        let values = applicant.values
        var question = AuthHTTP.Question(
            clientID: applicant.connect.clientID, username: applicant.connect.username, password: applicant.password,
            remoteAddress: values.request.address.host, remotePort: values.request.address.port,
            certificateCN: values.client.certificate?.commonName,
            protocolVersion: applicant.connect.packet.version.name, serverName: values.request.site.name)
        for name in policy.settings.http?.forwardedHeaders ?? [] {
            if let value = applicant.head?.first(name) { question.headers.append((name, value)) }
        }
        return service.ask(question, now: applicant.now, ticket: ticket, reply: applicant.reply)
    }

    private func tokenVerdict(_ applicant: Applicant) -> Verdict? {
        guard let tokens = policy.tokens, let token = token(applicant) else { return .missing }
        let rules = tokens.rules { applicant.values.text($0) }
        return tokens.verdict(token, rules, ticket: ticket, reply: applicant.reply)
    }

    /// The first token that is at one of the places for it.
    private func token(_ applicant: Applicant) -> Secret? {
        for place in policy.settings.jwt?.places ?? [] {
            switch place {
            case .password: if let token = applicant.password, !token.isEmpty { return token }
            case .username: if let token = applicant.connect.username, !token.isEmpty { return Secret(token) }
            default: if let token = applicant.head?.token(place), !token.isEmpty { return Secret(token) }
            }
        }
        return nil
    }
}

/// Who asks to be allowed in, and with what.
struct Applicant {
    let opening: Opening
    let connect: GatedConnect
    /// What templates may ask for.
    let values: VariableValues
    /// On the loop's clock.
    let now: Int64
    /// Gives a verdict of another thread to the session, if it is still there.
    let reply: @Sendable (Verdict) -> Void
    /// Counts what a method has answered.
    let count: (Admission.Question, AuthResult) -> Void

    /// A copy of the password.
    var password: Secret? { opening.secret(connect.packet.password) }
    /// The request that was upgraded, where the policy asks for parts of it.
    var head: RequestHead? { opening.request }
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

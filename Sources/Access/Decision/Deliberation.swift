/// Which methods are asked about a CONNECT, in which order, and what follows from their verdicts (`satisfy`). Pure.
///
///     next() ─▶ .ask(method) ─▶ answered(verdict) ─▶ next() ─▶ … ─▶ .allow or .refuse
///
/// - any: the first method that allows decides; what the others say counts only when none does.
/// - all: every method must allow; the first that does not decides.
///
/// A client that presented nothing at all is let in as anonymous where that is allowed.
package struct Deliberation: Sendable {
    /// In the order in which they are asked: the cheapest first. The raw value is `$auth_method`.
    package enum Method: String, Sendable, CaseIterable {
        case certificate, jwt
        case passwordFile = "password_file"
        case http
    }

    package enum Step: Sendable, Equatable {
        case ask(Method)
        /// `method` is `$auth_method`: who has allowed it.
        case allow(Identity, method: String)
        case refuse(Refusal)
    }

    private var waiting: ArraySlice<Method>
    private var asked: Method?
    private let needsAll: Bool
    /// The client presented nothing, and that is enough here.
    private let isAnonymousAllowed: Bool
    private var identity = Identity()
    private var allowedBy: [Method] = []
    private var refusal = Refusal(.missingCredentials, "the client sent no credentials")
    /// With `satisfy all`: a method has not allowed.
    private var hasFailed = false

    /// `isAnonymous`: the client has sent neither user name nor password; `allowsAnonymous`: that is no fault here.
    package init(_ methods: [Method], needsAll: Bool, isAnonymous: Bool, allowsAnonymous: Bool) {
        waiting = Method.allCases.filter(methods.contains)[...]
        self.needsAll = needsAll
        isAnonymousAllowed = isAnonymous && allowsAnonymous
    }

    /// What is to be done next.
    package mutating func next() -> Step {
        if !needsAll, !allowedBy.isEmpty { return allowed }
        if hasFailed, !isAnonymousAllowed || refusal.kind != .missingCredentials { return .refuse(refusal) }
        if let method = waiting.popFirst() {
            asked = method
            return .ask(method)
        }
        if needsAll, !allowedBy.isEmpty, !hasFailed { return allowed }
        if isAnonymousAllowed, allowedBy.isEmpty, refusal.kind == .missingCredentials {
            return .allow(Identity(), method: "anonymous")
        }
        return .refuse(refusal)
    }

    private var allowed: Step { .allow(identity, method: allowedBy.map(\.rawValue).joined(separator: "+")) }

    /// Takes the verdict of the method that `next` named last.
    package mutating func answered(_ verdict: Verdict) {
        guard let method = asked else { return }
        asked = nil
        if case .allow(let found) = verdict {
            identity.add(found)
            allowedBy.append(method)
            return
        }
        hasFailed = needsAll
        let refusal = Refusal(verdict, of: method)
        if refusal.kind.weight >= self.refusal.kind.weight { self.refusal = refusal }
    }
}

/// Why a client is not let in: what it is told, and what the operator reads.
package struct Refusal: Sendable, Equatable {
    package enum Kind: Sendable, CaseIterable {
        /// It presented nothing that a method looks at.
        case missingCredentials
        case badCredentials
        case badToken
        case notAuthorized
        /// A method is out of order, or took too long.
        case unavailable
        case busy

        /// Of several refusals the heavier one is told, of equals the later: a client that another try could help must
        /// not take a mistaken password for the reason.
        fileprivate var weight: Int {
            switch self {
            case .missingCredentials: 0
            case .badCredentials, .badToken, .notAuthorized: 1
            case .unavailable, .busy: 2
            }
        }
    }
    package var kind: Kind
    /// For the operator's log, without any secret.
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// What follows from a verdict that does not allow.
    fileprivate init(_ verdict: Verdict, of method: Deliberation.Method) {
        switch verdict {
        case .allow: self.init(.notAuthorized, method.rawValue)  // never asked for
        case .deny(let denial): self.init(Self.kind(denial.kind), "\(method.rawValue): \(denial.detail)")
        case .missing: self.init(.missingCredentials, "\(method.rawValue): the client sent nothing for it")
        case .ignore: self.init(.missingCredentials, "\(method.rawValue): it has no opinion")
        case .unavailable(let detail): self.init(.unavailable, "\(method.rawValue): \(detail)")
        case .busy: self.init(.busy, "\(method.rawValue): too many clients are waiting for it")
        }
    }

    private static func kind(_ kind: Denial.Kind) -> Kind {
        switch kind {
        case .credentials: .badCredentials
        case .token: .badToken
        case .notAuthorized: .notAuthorized
        }
    }
}

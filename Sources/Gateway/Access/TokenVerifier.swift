import Access
import Configuration
import Reactor

/// JSON Web Tokens at one location: the keys, what is required, and which claims are wanted afterwards.
final class TokenVerifier: Sendable {
    private let keys: TokenKeys
    private let settings: JWTSettings
    /// Claims that templates ask for.
    private let claims: Set<String>

    init(_ keys: TokenKeys, _ settings: JWTSettings, claims: Set<String>) {
        self.keys = keys
        self.settings = settings
        self.claims = claims
    }

    /// What this CONNECT's token must satisfy; `text` evaluates the templates.
    func rules(_ text: (Template) -> String) -> JWTRules {
        JWTRules(
            leeway: settings.leeway.milliseconds,
            requirements: settings.requirements.map { JWTRequirement(claim: $0.claim, value: $0.value.map(text)) })
    }

    /// The verdict on a token; nil: it waits for newer keys, and `reply` is called with it.
    func verdict(
        _ token: Secret, _ rules: JWTRules, ticket: Ticket, reply: @escaping @Sendable (Verdict) -> Void
    ) -> Verdict? {
        let fault: JWTError
        do throws(JWTError) {
            return .allow(identity(try keys.verify(token, rules: rules, now: wallMilliseconds())))
        } catch {
            fault = error
        }
        guard fault.mayNeedNewerKeys, case .url(let source) = keys else { return Self.verdict(fault) }
        let refreshed = source.refresh(ticket: ticket) { refreshed in
            reply(self.verdict(refreshed, token, rules, fault))
        }
        return refreshed.map { verdict($0, token, rules, fault) }
    }

    private func verdict(
        _ refreshed: JWKSource.Refreshed, _ token: Secret, _ rules: JWTRules, _ fault: JWTError
    ) -> Verdict {
        switch refreshed {
        // Too soon after a fetch: one that may have ended since this token was looked at.
        case .fetched, .tooSoon:
            do throws(JWTError) {
                return .allow(identity(try keys.verify(token, rules: rules, now: wallMilliseconds())))
            } catch {
                return Self.verdict(error)
            }
        case .failed: return Self.verdict(fault)
        case .busy: return .busy
        }
    }

    private static func verdict(_ fault: JWTError) -> Verdict {
        switch fault {
        case .noKeys: .unavailable("\(fault)")
        case .claim: .deny(Denial(.notAuthorized, "\(fault)"))
        default: .deny(Denial(.token, "\(fault)"))
        }
    }

    private func identity(_ verified: JWTVerified) -> Identity {
        var identity = Identity()
        identity.expiresAt = verified.expiresAt
        for name in claims { identity.claims[name] = verified.text(name) }
        return identity
    }
}

/// Where keys come from.
enum TokenKeys: Sendable {
    case file(KeyFile)
    case url(JWKSource)

    func verify(_ token: Secret, rules: JWTRules, now: Int64) throws(JWTError) -> JWTVerified {
        switch self {
        case .file(let file): try file.keys.verify(token, rules: rules, now: now)
        case .url(let source): try source.verify(token, rules: rules, now: now)
        }
    }
}

extension JWTError {
    fileprivate var mayNeedNewerKeys: Bool {
        switch self {
        case .unknownKey, .noKeys: true
        default: false
        }
    }
}

import Access
import Configuration
import Reactor
import Telemetry
import Wire

/// Who is admitted to one location of the operator's side: its `AdminGate`, and what that needs of files and threads. Built
/// once for a generation. For any thread, but `AdminAdmission.admit(_:from:)` is not for a loop.
final class AdminAdmission: Sendable {
    enum Outcome: Sendable {
        /// `who`, for the log; empty if nobody was asked. Escaped.
        case admitted(who: String)
        case refused(HTTPStatus, detail: String, fields: [HTTPField])
    }

    /// Milliseconds that a password may take.
    private static let patience: Int32 = 5000

    private let action: LocationSettings.Action
    private let settings: AdminSettings
    private let passwords: PasswordChecker?
    private let tokens: AdminTokenFile?
    private let attempts: AdminAttempts
    private let log: ErrorLog

    init(
        _ action: LocationSettings.Action, _ settings: AdminSettings, passwords: PasswordChecker?,
        tokens: AdminTokenFile?, attempts: AdminAttempts, log: ErrorLog
    ) {
        self.action = action
        self.settings = settings
        self.passwords = passwords
        self.tokens = tokens
        self.attempts = attempts
        self.log = log
    }

    /// Decides about a request, and blocks while its password is hashed, at most `patience`.
    func admit(_ request: AdminRequestFacts, from address: CompactAddress) -> Outcome {
        let gate = AdminGate(action: action, settings: settings, tokens: tokens?.tokens)
        switch gate.examine(request) {
        case .allow(let who): return .admitted(who: LogText.escape(who))
        case .refuse(let status, let detail, let fields):
            noteRefusal(status, detail, request, address)
            return .refused(status, detail: detail, fields: fields)
        case .check(let username, let password):
            switch verdict(username, password, address) {
            case .allow: return .admitted(who: "user \(LogText.escape(username))")
            case .deny(let denial):
                attempts.failed(address, now: monotonicMilliseconds())
                note(.warn, "user \(username.prefix(64))", address, denial.detail)
                let refusal = gate.unauthorized("User name or password is wrong.")
                guard case .refuse(let status, let detail, let fields) = refusal else { return Self.busy(1) }
                return .refused(status, detail: detail, fields: fields)
            case .tooMany(let wait):
                note(.warn, "user \(username.prefix(64))", address, "not checked: too many wrong ones before")
                let seconds = (wait + 999) / 1000
                return .refused(
                    .tooManyRequests, detail: "There were too many wrong passwords: wait \(seconds) seconds.",
                    fields: [HTTPField("Retry-After", "\(seconds)")])
            case .busy: return Self.busy(1)
            }
        }
    }

    private static func busy(_ seconds: Int) -> Outcome {
        .refused(
            .serviceUnavailable, detail: "The password cannot be checked now: try again.",
            fields: [HTTPField("Retry-After", "\(seconds)")])
    }

    // MARK: Passwords

    private enum PasswordVerdict {
        case allow, busy
        case deny(Denial)
        case tooMany(wait: Int64)
    }

    private func verdict(_ username: String, _ password: Secret, _ address: CompactAddress) -> PasswordVerdict {
        guard let passwords else { return .busy }
        switch attempts.begin(address, now: monotonicMilliseconds()) {
        case .granted: break
        case .tooMany(let wait): return .tooMany(wait: wait)
        case .busy: return .busy
        }
        defer { attempts.end() }
        do throws(SystemError) {
            let ticket = Ticket()
            defer { ticket.cancel() }
            let reply = try Reply<Verdict>()
            let known = passwords.check(
                username: username, password: password, now: monotonicMilliseconds(), ticket: ticket
            ) { reply.set($0) }
            switch known ?? reply.wait(milliseconds: Self.patience) {
            case .allow?: return .allow
            case .deny(let denial)?: return .deny(denial)
            default: return .busy
            }
        } catch {
            log.write(.error, "\(error)")
            return .busy
        }
    }

    // MARK: The log

    /// A browser that asks for the first time has no credentials yet: that is no reason for a warning.
    private func noteRefusal(
        _ status: HTTPStatus, _ detail: String, _ request: AdminRequestFacts, _ address: CompactAddress
    ) {
        let hasCredentials = request.head.authorization != .none
        if status == .unauthorized, hasCredentials { attempts.failed(address, now: monotonicMilliseconds()) }
        note(status == .unauthorized && !hasCredentials ? .info : .warn, "\(status.code)", address, detail)
    }

    /// `about` is escaped here.
    private func note(_ level: ErrorLog.Level, _ about: String, _ address: CompactAddress, _ reason: String) {
        log.write(
            level,
            "operator's side: refused, \(LogText.escape(about)), client \(address.host), \(LogText.escape(reason))")
    }
}

extension AdminJob {
    /// Whether its request is admitted; nil: its location does not ask.
    func admit() -> AdminAdmission.Outcome? {
        let facts = AdminRequestFacts(head: request.head, isTLS: request.isTLS, serverNames: listener.serverNames)
        return route.admission?.admit(facts, from: request.address)
    }
}

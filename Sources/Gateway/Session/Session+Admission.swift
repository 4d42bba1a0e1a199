import Access
import Tunnel
import Wire

/// Who is allowed in. The client's bytes wait meanwhile.
extension Session {
    /// The CONNECT is valid; is its client allowed in?
    mutating func beginAdmission(_ opening: Opening, _ connect: GatedConnect) {
        guard let policy = route.policy else { return admit(Identity(), method: "", opening) }
        guard policy.allows(record.request.address) else {
            return refuse(.addressRefused, .notAuthorized, "the client's address is denied")
        }
        guard !policy.methods.isEmpty else { return admit(Identity(), method: "", opening) }
        limit(policy.timeout)
        opening.admissionBegan = Kernel.microseconds()
        let isAnonymous = connect.packet.username == nil && connect.packet.password == nil
        opening.admission = Admission(policy, isAnonymous: isAnonymous)
        advanceAdmission(opening, connect)
    }

    private mutating func advanceAdmission(_ opening: Opening, _ connect: GatedConnect) {
        let (mailbox, token, loop) = (loop.pointee.mailbox, token, loop)
        let applicant = Applicant(
            opening: opening, connect: connect, values: values(opening), now: loop.pointee.now,
            reply: { mailbox.post(.verdict(token, $0)) }, count: { loop.pointee.figures.answered($0, $1) })
        switch opening.admission?.advance(applicant) {
        case .waiting, nil: break
        case .allowed(let identity, let method):
            recordAdmissionTime(opening)
            admit(identity, method: method, opening)
        case .refused(let refusal):
            recordAdmissionTime(opening)
            refuse(refusal.kind.cause, refusal.kind.reason, refusal.detail)
        }
    }

    /// What another thread has found out.
    mutating func decided(_ verdict: Verdict) {
        guard phase == .authenticating, let opening, let connect = opening.connect else { return }
        opening.admission?.answered(verdict) { [loop] in loop.pointee.figures.answered($0, $1) }
        advanceAdmission(opening, connect)
    }

    /// `auth_timeout` has passed.
    mutating func refuseUndecided() {
        if let question = opening?.admission?.question { loop.pointee.figures.answered(question, .timeout) }
        if let opening { recordAdmissionTime(opening) }
        refuse(.authTimeout, .serverUnavailable, "authentication did not finish within auth_timeout")
    }

    private func recordAdmissionTime(_ opening: Opening) {
        record.admissionTime = opening.admissionBegan.map { max(0, Kernel.microseconds() - $0) }
    }

    mutating func refuse(_ cause: EndCause, _ reason: ReasonCode, _ detail: String) {
        log(.info, "client refused: \(detail)")
        refuseConnect(Connack.refusal(reason, version: record.version ?? .v3_1_1), cause)
    }

    /// What templates may ask for before the session is open.
    func values(_ opening: Opening) -> VariableValues {
        VariableValues(
            client: client, request: record.request, session: record, clientID: opening.connect?.clientID ?? "",
            username: opening.connect?.username ?? "", head: opening.request ?? record.request.head)
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

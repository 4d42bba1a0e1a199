import TLS
import Tunnel

/// What allowed a client in may be gone while its session is open: its user from the password file, or its certificate's good
/// standing. A loop looks at its sessions when a file of users has changed, and after each reload.
extension LoopContext {
    /// Slots that one turn looks at, at most.
    private static let reach = 1024

    /// Ends the sessions, from a slot on, that would not be allowed in any longer. Returns where to go on; nil: it was the last.
    func recheck(from slot: Int) -> Int? {
        let end = min(sessions.slots, slot + Self.reach)
        for slot in slot..<max(slot, end) {
            guard let session = sessions[slot: slot], !session.pointee.isClosing,
                let reason = session.pointee.lostAccess(generation.revoked)
            else { continue }
            session.pointee.log(.notice, reason)
            session.pointee.end(.accessRevoked)
            session.updateInterest()
        }
        return end < sessions.slots ? end : nil
    }
}

extension Session {
    /// Why the client would not be allowed in any longer, in words for the log; nil: it would be, or nobody can tell.
    func lostAccess(_ revoked: RevokedCertificates) -> String? {
        guard record.openedAt != nil || phase == .open else { return nil }
        if let user = record.passwordUser, let passwords = route.policy?.passwords, !passwords.hasUser(user) {
            return "its user is no longer in \(passwords.directive) \(passwords.path)"
        }
        if let number = client.certificate?.number, revoked.contains(number) {
            return "its certificate has been revoked"
        }
        return nil
    }
}

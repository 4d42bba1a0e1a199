import CShims
import Reactor

/// `user`: what a gateway that was started as root becomes once its sockets are bound.
enum Privileges {
    /// Becomes `user` and its groups, for all threads. Does nothing when not root.
    static func become(_ user: String, _ logs: LogWriter) throws(StartError) {
        guard geteuid() == 0 else { return }
        guard let entry = getpwnam(user) else { throw StartError("user \(user): there is no such user") }
        let (uid, gid) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        logs.give(user: uid, group: gid)
        let result = CShims_become(user, uid, gid)
        guard result == 0 else { throw StartError("user \(user): \(SystemError.text(-result))") }
    }
}

import CShims
import Reactor

/// `user`: what a gateway that was started as root becomes once its sockets are bound.
enum Privileges {
    /// The ids of a user name.
    static func find(_ user: String) throws(StartError) -> (user: uid_t, group: gid_t) {
        guard let entry = getpwnam(user) else { throw StartError("user \(user): there is no such user") }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    /// Becomes `user` and its groups, for all threads. Does nothing when not root.
    static func become(_ user: String, _ logs: LogWriter) throws(StartError) {
        guard geteuid() == 0 else { return }
        let (uid, gid) = try find(user)
        try give(logs, to: user)
        let result = CShims_become(user, uid, gid)
        guard result == 0 else { throw StartError("user \(user): \(SystemError.text(-result))") }
    }

    /// Gives the logs to `user`, who is to open them again. Does nothing when not root.
    static func give(_ logs: LogWriter, to user: String) throws(StartError) {
        guard geteuid() == 0 else { return }
        let (uid, gid) = try find(user)
        logs.give(user: uid, group: gid)
    }
}

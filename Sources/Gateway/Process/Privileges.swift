import CShims
import Configuration
import Reactor

/// What the process may do: `user`, `seccomp`, `worker_rlimit_core`. The main thread's.
enum Privileges {
    /// The ids of a user name.
    static func find(_ user: String) throws(StartError) -> (user: uid_t, group: gid_t) {
        guard let entry = getpwnam(user) else { throw StartError("user \(user): there is no such user") }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    /// Gives up what the gateway never needs: programs that gain privileges, calls of the kernel, core files. Before the first
    /// thread. `isFiltered`: the process that has started this one has filtered the calls already; what threads may not do is not
    /// inherited.
    static func confine(_ process: ProcessSettings, isFiltered: Bool, _ log: ErrorLog) {
        attempt("no_new_privs", log) { () throws(SystemError) in try Confinement.giveUpNewPrivileges() }
        if process.filtersCalls {
            attempt("seccomp", log) { () throws(SystemError) in
                if isFiltered { Confinement.filterThreads() } else { try Confinement.filterCalls() }
            }
        }
        attempt("worker_rlimit_core \(process.coreLimit)", log) { () throws(SystemError) in
            try Confinement.limitCore(bytes: process.coreLimit)
        }
        // A new process of an upgrade is the user's from the start, and execve(2) allows dumps again.
        if process.user != nil, geteuid() != 0 { Confinement.allowDumps(process.coreLimit > 0) }
    }

    /// Sockets, certificates and logs are open: becomes `user` and its groups, for all threads, if the process is root's.
    /// Otherwise capabilities are used in `withSecrets` alone from now on.
    static func drop(_ process: ProcessSettings, logs: LogWriter, pidFile: PidFile?) throws(StartError) {
        guard geteuid() == 0 else { return Confinement.restCapabilities() }
        guard let user = process.user?.text else { return }
        let ids = try find(user)
        // Root by whatever name: capabilities come with it, to every thread.
        guard ids.user != 0 else { return }
        logs.give(user: ids.user, group: ids.group)
        pidFile?.give(user: ids.user, group: ids.group)
        do throws(SystemError) {
            try Confinement.become(user, user: ids.user, group: ids.group)
        } catch {
            throw StartError("user \(user): \(SystemError.text(error.code))")
        }
        Confinement.allowDumps(process.coreLimit > 0)
    }

    /// Gives the logs to `user`, who is to open them again. Does nothing when not root.
    static func give(_ logs: LogWriter, to user: String) throws(StartError) {
        guard geteuid() == 0 else { return }
        let (uid, gid) = try find(user)
        logs.give(user: uid, group: gid)
    }

    /// Runs `body` with what the process has kept to read files that only root can read, and to bind ports below 1024.
    static func withSecrets<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result { try Confinement.withCapabilities(body) }

    /// A system that refuses leaves the gateway as it is elsewhere: it goes on.
    private static func attempt(
        _ what: String, _ log: ErrorLog, _ body: () throws(SystemError) -> Void
    ) {
        do throws(SystemError) { try body() } catch {
            log.write(.warn, "\(what): the system refuses it (\(error)); the gateway goes on without")
        }
    }
}

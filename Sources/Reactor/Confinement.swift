import CShims

/// What the process gives up so that whoever takes it over gains little: privileges (capabilities(7)), calls of the
/// kernel (seccomp(2)), core files (core(5)).
package enum Confinement {
    /// No program that the process executes gains privileges. Before the first thread.
    package static func giveUpNewPrivileges() throws(SystemError) {
        try SystemError.check("prctl PR_SET_NO_NEW_PRIVS", CShims_give_up_new_privileges())
    }

    /// Calls of the kernel that the gateway has no use for fail from now on, in every thread; threads that begin later cannot
    /// execute programs either. For good.
    package static func filterCalls() throws(SystemError) {
        try SystemError.check("seccomp", CShims_filter_calls(1))
    }

    /// Threads that begin later cannot execute programs: for a process that has inherited the filter of its calls.
    package static func filterThreads() { CShims_filter_threads() }

    /// All threads become a user. The calling one keeps what it takes to read files that only root can read and to bind ports
    /// below 1024 (CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE), to be used within `withCapabilities` alone.
    package static func become(_ name: String, user: uid_t, group: gid_t) throws(SystemError) {
        try SystemError.check("setuid", CShims_become(name, user, group))
    }

    /// Runs `body` with the capabilities that the calling thread has kept; there are none for other threads than the main one.
    package static func withCapabilities<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        CShims_use_capabilities(1)
        defer { CShims_use_capabilities(0) }
        return try body()
    }

    /// The calling thread no longer uses capabilities outside `withCapabilities`, and loses those that need not be kept. Does
    /// nothing for root.
    package static func restCapabilities() { CShims_use_capabilities(0) }

    /// Limits core files to so many bytes.
    package static func limitCore(bytes: Int) throws(SystemError) {
        try SystemError.check("setrlimit RLIMIT_CORE", CShims_limit_core(UInt64(max(0, bytes))))
    }

    /// Whether a crash may leave a core file, and other processes of the same user may look into the memory.
    package static func allowDumps(_ isAllowed: Bool) { CShims_set_dumpable(isAllowed ? 1 : 0) }
}

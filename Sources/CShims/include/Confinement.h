// What the process gives up: user, capabilities (capabilities(7)), system calls (seccomp(2)). Capabilities are each thread's own.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// Capabilities that the main thread may keep when the process becomes another user: for files that only root can read, and
/// ports below 1024.
uint64_t CShims_keepable_capabilities(void);

/// Nobody gains privileges by executing a program, neither this process nor its children, ever; 0 or -errno. For the calling
/// thread and those that it will start.
int CShims_give_up_new_privileges(void);

/// Takes the groups, the group and the user of a user name, with all threads; 0 or -errno. The calling thread alone keeps
/// the keepable capabilities that it has, but does not use them (CShims_use_capabilities).
int CShims_become(const char *name, uid_t user, gid_t group);

/// Whether the calling thread uses the keepable capabilities that it has; the others are given up. Nothing changes for root.
void CShims_use_capabilities(int used);

/// Has a program that is executed next get the capabilities of the calling thread. Safe between fork and execve.
void CShims_pass_capabilities(void);

/// Calls that the gateway has no use for fail with EPERM from now on: other processes' memory, mounts, namespaces, kernel
/// modules, clocks and the like, and sockets of other families than the internet's, unix and netlink with EAFNOSUPPORT.
/// `everywhere`: for all threads, not only for the calling one, and threads that begin later cannot execute programs
/// (CShims_begin_thread). 0 or -errno. Requires CShims_give_up_new_privileges.
int CShims_filter_calls(int everywhere);

/// Threads that begin later cannot execute programs: what CShims_filter_calls(1) does beside the filter, for a process that has
/// inherited the filter.
void CShims_filter_threads(void);

/// The calling thread, and those that it will start, cannot execute programs; 0 or -errno.
int CShims_forbid_execution(void);

/// What every thread but the main one does first: it has no capabilities, unless the process is root's, and cannot execute
/// programs where calls are filtered.
void CShims_begin_thread(void);

/// The largest core file, in bytes; 0 or -errno. The hard limit stays unless the process may raise it.
int CShims_limit_core(uint64_t bytes);

/// Whether a crash may leave a core file, and others of the same user may look into the memory.
void CShims_set_dumpable(int dumpable);

#include "CShims.h"
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <sys/prctl.h>

// GNU extensions, see CShims.h.
extern int setresuid(uid_t, uid_t, uid_t);
extern int setresgid(gid_t, gid_t, gid_t);

// Capabilities

static const uint64_t keepable = UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_NET_BIND_SERVICE;

uint64_t CShims_keepable_capabilities(void) { return keepable; }

static uint64_t permitted(void) {
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { 0 };
    if (syscall(SYS_capget, &header, data) < 0) return 0;
    return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

static int set_capabilities(uint64_t permitted, uint64_t effective, uint64_t inheritable) {
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        data[i].permitted = (uint32_t)(permitted >> 32 * i);
        data[i].effective = (uint32_t)(effective >> 32 * i);
        data[i].inheritable = (uint32_t)(inheritable >> 32 * i);
    }
    return (int)CShims_result(syscall(SYS_capset, &header, data));
}

static void clear_ambient(void) { (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); }

int CShims_give_up_new_privileges(void) { return (int)CShims_result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

int CShims_become(const char *name, uid_t user, gid_t group) {
    if (initgroups(name, group) < 0 || setresgid(group, group, group) < 0) return -errno;
    // Those that are kept cannot be joined by others. EINVAL: the kernel knows no more of them.
    for (unsigned long capability = 0; capability < 64; capability++)
        if (!(keepable >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno == EINVAL) break;
    // This thread's: all others lose what they have with their user (capabilities(7), "Effect of user ID changes").
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(user, user, user) < 0) return -errno;
    (void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    clear_ambient();
    return set_capabilities(permitted() & keepable, 0, 0);
}

void CShims_use_capabilities(int used) {
    if (geteuid() == 0) return;
    uint64_t kept = permitted() & keepable;
    if (!used) clear_ambient();
    (void)set_capabilities(kept, used ? kept : 0, 0);
}

void CShims_pass_capabilities(void) {
    if (geteuid() == 0) return;
    uint64_t kept = permitted() & keepable;
    if (set_capabilities(kept, kept, kept) < 0) return;
    for (unsigned long capability = 0; capability < 64; capability++)
        if (kept >> capability & 1) (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
}

// System calls

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOOKS_FOR_LEAKS 1
#endif
#endif

/// Whether threads that begin are to be kept from executing programs.
static atomic_int filtered;

static const uint32_t denied[] = {
#ifndef LOOKS_FOR_LEAKS // which the leak checker of a debug build does with them
    SYS_ptrace,
#endif
    SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_unshare, SYS_setns, SYS_chroot, SYS_pivot_root, SYS_mount,
    SYS_umount2, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname, SYS_setdomainname,
    SYS_syslog, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_personality, SYS_vhangup, SYS_quotactl,
    // Not in the headers of every system that this is built on.
    425 /* io_uring_setup */, 426 /* io_uring_enter */, 427 /* io_uring_register */, 428 /* open_tree */, 429 /* move_mount */,
    430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */, 438 /* pidfd_getfd */, 440 /* process_madvise */,
    442 /* mount_setattr */,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
};

/// A classic BPF program that grows instruction by instruction; seccomp(2), SECCOMP_SET_MODE_FILTER.
struct program {
    struct sock_filter lines[128 + 2 * sizeof denied / sizeof denied[0]];
    unsigned short count;
};

static void add(struct program *p, unsigned code, uint32_t value, uint8_t yes, uint8_t no) {
    p->lines[p->count++] = (struct sock_filter){ .code = (uint16_t)code, .jt = yes, .jf = no, .k = value };
}

static void load(struct program *p, size_t offset) { add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }

static void fail(struct program *p, int code) { add(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)code, 0, 0); }

static void deny(struct program *p, uint32_t call, int code) {
    add(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
    fail(p, code);
}

/// Leaves the number of the call in the accumulator.
static void begin(struct program *p) {
#ifdef NATIVE
    load(p, offsetof(struct seccomp_data, arch));
    add(p, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
    fail(p, EPERM);
#endif
    load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    add(p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1); // x32 has the same calls with other numbers
    fail(p, EPERM);
#endif
}

static int install(struct program *p, unsigned flags) {
    add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    struct sock_fprog whole = { .len = p->count, .filter = p->lines };
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &whole);
    // Positive: the thread that could not take it.
    return result > 0 ? -ESRCH : (int)CShims_result(result);
}

int CShims_filter_calls(int everywhere) {
    struct program p = { .count = 0 };
    begin(&p);
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) deny(&p, denied[i], EPERM);
    // Threads are made without namespaces of their own. clone3 hides its flags in memory: without it the C library uses clone.
    deny(&p, 435 /* clone3 */, ENOSYS);
    const uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID
        | CLONE_NEWNET;
    add(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    load(&p, offsetof(struct seccomp_data, args[0])); // both architectures are little-endian
    add(&p, BPF_JMP | BPF_JSET | BPF_K, namespaces, 0, 1);
    fail(&p, EPERM);
    add(&p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    add(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 6);
    load(&p, offsetof(struct seccomp_data, args[0]));
    const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
    for (uint8_t i = 0; i < 4; i++) add(&p, BPF_JMP | BPF_JEQ | BPF_K, families[i], (uint8_t)(4 - i), 0);
    fail(&p, EAFNOSUPPORT);
    int result = install(&p, everywhere ? SECCOMP_FILTER_FLAG_TSYNC : 0);
    if (result == 0 && everywhere) CShims_filter_threads();
    return result;
}

void CShims_filter_threads(void) { atomic_store(&filtered, 1); }

int CShims_forbid_execution(void) {
    struct program p = { .count = 0 };
    begin(&p);
    deny(&p, SYS_execve, EPERM);
    deny(&p, SYS_execveat, EPERM);
    return install(&p, 0);
}

void CShims_begin_thread(void) {
    if (geteuid() != 0) {
        clear_ambient();
        (void)set_capabilities(0, 0, 0);
    }
    if (atomic_load(&filtered)) (void)CShims_forbid_execution();
}

// Core files

int CShims_limit_core(uint64_t bytes) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) < 0) return -errno;
    limit.rlim_cur = bytes;
    if (limit.rlim_max < bytes) limit.rlim_max = bytes;
    return (int)CShims_result(setrlimit(RLIMIT_CORE, &limit));
}

void CShims_set_dumpable(int dumpable) { (void)prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0); }

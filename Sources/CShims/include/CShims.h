// System calls and macros that Swift cannot import, header only except for the simulation of the tests.
//
// Every call returns its result, or -errno: errno is read in the same C frame as the system call, so nothing that
// Swift inserts between the two (a release, a deinit) can overwrite it. EINTR is retried here and nowhere else.
#pragma once
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "Confinement.h"

// GNU extensions. _GNU_SOURCE itself would give the C library's types other definitions than Swift's Glibc has.
extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int pipe2(int[2], int);
extern int pthread_setname_np(pthread_t, const char *);

static inline long CShims_result(long r) { return r < 0 ? -(long)errno : r; }
#define CSHIMS_RETRY(expression) \
    long r; do { r = (expression); } while (r < 0 && errno == EINTR); return CShims_result(r)

// Tests

/// What the tests have put in the place of the kernel on this thread; NULL: nothing. Debug builds alone ask.
void *CShims_simulation(void);
void CShims_set_simulation(void *kernel);

// Memory

/// Overwrites memory that held a secret; the barrier keeps the compiler from leaving it out.
static inline void CShims_wipe(void *bytes, size_t count) {
    memset(bytes, 0, count);
    __asm__ __volatile__("" : : "r"(bytes) : "memory");
}

// Sockets

/// The system calls themselves: in a process with several threads the C library's recv and send first prepare to be
/// cancelled, which nobody here ever is; it costs 2% of an echo.
static inline long CShims_recv(int fd, void *bytes, size_t count) {
    CSHIMS_RETRY(syscall(SYS_recvfrom, fd, bytes, count, 0, NULL, NULL));
}
/// MSG_NOSIGNAL: a peer that is gone must not raise SIGPIPE.
static inline long CShims_send(int fd, const void *bytes, size_t count) {
    CSHIMS_RETRY(syscall(SYS_sendto, fd, bytes, count, MSG_NOSIGNAL, NULL, 0));
}
static inline int CShims_accept(int fd, struct sockaddr_storage *address, socklen_t *length) {
    int r;
    do { r = accept4(fd, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC); } while (r < 0 && errno == EINTR);
    return (int)CShims_result(r);
}
static inline int CShims_socket(int family) {
    return (int)CShims_result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}
/// A socket for datagrams; a send that waits does so for at most so many milliseconds.
static inline int CShims_datagram_socket(int family, int milliseconds) {
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct timeval wait = { .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000 };
    if (fd >= 0) (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    return (int)CShims_result(fd);
}
static inline long CShims_send_to(int fd, const void *bytes, size_t count, const struct sockaddr_storage *address,
                                  socklen_t length, int waits) {
    CSHIMS_RETRY(sendto(fd, bytes, count, MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT), (const struct sockaddr *)address, length));
}
static inline int CShims_bind(int fd, const struct sockaddr_storage *address, socklen_t length) {
    return (int)CShims_result(bind(fd, (const struct sockaddr *)address, length));
}
/// A unix socket that every user may connect to, as nginx makes it: who may is said by the folder.
static inline int CShims_open_to_all(const char *path) { return (int)CShims_result(chmod(path, 0666)); }
static inline int CShims_listen(int fd, int backlog) { return (int)CShims_result(listen(fd, backlog)); }
static inline int CShims_connect(int fd, const struct sockaddr_storage *address, socklen_t length) {
    return (int)CShims_result(connect(fd, (const struct sockaddr *)address, length));
}
static inline int CShims_shutdown_write(int fd) { return (int)CShims_result(shutdown(fd, SHUT_WR)); }
static inline int CShims_close(int fd) { return (int)CShims_result(close(fd)); }
static inline int CShims_set_option(int fd, int level, int name, int value) {
    return (int)CShims_result(setsockopt(fd, level, name, &value, sizeof value));
}
/// Level and name are constants of netinet/tcp.h and sys/socket.h whose types differ between C libraries.
static inline int CShims_set_nodelay(int fd) { return CShims_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); }
static inline int CShims_set_reuse_address(int fd) { return CShims_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); }
/// A filter that drops a TCP packet with SYN and without ACK, which opens a connection; a listening socket sees them at its
/// own offset 0. Fails for other kinds of sockets.
static inline int CShims_drop_syn(int fd) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),         // the flags
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),      // SYN, ACK
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF),
    };
    struct sock_fprog program = { .len = sizeof code / sizeof *code, .filter = code };
    int family = 0; socklen_t length = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) < 0) return -errno;
    if (family == AF_UNIX) return -EOPNOTSUPP;
    return (int)CShims_result(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}
static inline int CShims_set_reuse_port(int fd) { return CShims_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1); }
static inline int CShims_set_ipv6_only(int fd) { return CShims_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1); }
/// TCP keep-alive: `idle` and `interval` in seconds. tcp(7)
static inline int CShims_set_keepalive(int fd, int idle, int interval, int count) {
    int r = CShims_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (r == 0) r = CShims_set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    if (r == 0) r = CShims_set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    return r == 0 ? CShims_set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, count) : r;
}
static inline int CShims_duplicate(int fd) { return (int)CShims_result(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }
/// The port is chosen when the socket connects, so that it can serve once for each peer: ip(7), Linux 4.2.
static inline int CShims_set_bind_no_port(int fd) { return CShims_set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1); }
/// The pending error of a socket as -errno; 0 is none.
static inline int CShims_take_error(int fd) {
    int value = 0; socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size) < 0 ? -errno : -value;
}
static inline int CShims_local_address(int fd, struct sockaddr_storage *address, socklen_t *length) {
    return (int)CShims_result(getsockname(fd, (struct sockaddr *)address, length));
}

// EPOLLRDHUP stands for POLLRDHUP, which is the same bit but hidden without _GNU_SOURCE.
/// Whether the other side has ended or reset the connection, whatever may still be there to be read.
static inline int CShims_peer_has_ended(int fd) {
    struct pollfd wait = { .fd = fd, .events = EPOLLRDHUP };
    int r;
    do r = poll(&wait, 1, 0); while (r < 0 && errno == EINTR);
    return r > 0 && (wait.revents & (EPOLLRDHUP | POLLHUP | POLLERR)) != 0;
}

// epoll, eventfd, signalfd

static inline int CShims_epoll_create(void) { return (int)CShims_result(epoll_create1(EPOLL_CLOEXEC)); }
static inline int CShims_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t word) {
    struct epoll_event event = { .events = events, .data.u64 = word };
    return (int)CShims_result(epoll_ctl(epoll, operation, fd, &event));
}
/// EINTR is a wake-up without events.
static inline int CShims_epoll_wait(int epoll, struct epoll_event *events, int count, int milliseconds) {
    int r = epoll_wait(epoll, events, count, milliseconds);
    return r < 0 && errno == EINTR ? 0 : (int)CShims_result(r);
}
/// epoll_event is packed: its data word is read here.
static inline uint64_t CShims_event_word(const struct epoll_event *event) { return event->data.u64; }
enum { CShims_EPOLL_ADD = EPOLL_CTL_ADD, CShims_EPOLL_MODIFY = EPOLL_CTL_MOD, CShims_EPOLL_DELETE = EPOLL_CTL_DEL };
static const uint32_t CShims_EPOLLIN = EPOLLIN, CShims_EPOLLOUT = EPOLLOUT,
                      CShims_EPOLLHUP = EPOLLHUP, CShims_EPOLLERR = EPOLLERR, CShims_EPOLLEXCLUSIVE = EPOLLEXCLUSIVE;

static inline int CShims_eventfd(void) { return (int)CShims_result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }
/// Reading it waits until it was signalled.
static inline int CShims_blocking_eventfd(void) { return (int)CShims_result(eventfd(0, EFD_CLOEXEC)); }
/// Reading it waits, and takes one of the signals.
static inline int CShims_semaphore(void) { return (int)CShims_result(eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC)); }
static inline void CShims_eventfd_signal(int fd) { uint64_t one = 1; ssize_t r = write(fd, &one, sizeof one); (void)r; }
static inline void CShims_eventfd_clear(int fd) { uint64_t sum; ssize_t r = read(fd, &sum, sizeof sum); (void)r; }

/// Waits until the descriptor is readable: 1, or 0 after so many milliseconds.
static inline int CShims_wait_readable(int fd, int milliseconds) {
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    CSHIMS_RETRY(poll(&wait, 1, milliseconds));
}

/// Whether the descriptor can be written now without waiting, or is broken.
static inline int CShims_is_writable(int fd) {
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    return poll(&wait, 1, 0) > 0;
}

// Files and logs

static inline int CShims_open(const char *path, int flags, int mode) {
    CSHIMS_RETRY(open(path, flags | O_CLOEXEC, mode));
}
/// A file only to be named, whatever it is: open(2), O_PATH. _GNU_SOURCE would give it its usual name.
static inline int CShims_open_place(const char *path) {
    CSHIMS_RETRY(open(path, __O_PATH | O_NOFOLLOW | O_CLOEXEC));
}
/// SIGPIPE of a peer that is gone is ignored by the process.
static inline long CShims_send_file(int socket, int file, long offset, size_t count) {
    CSHIMS_RETRY(sendfile(socket, file, &(off_t){ offset }, count));
}
/// A folder, to open what is below it: open(2), O_PATH.
static inline int CShims_open_folder(const char *path) {
    CSHIMS_RETRY(open(path, __O_PATH | O_DIRECTORY | O_CLOEXEC));
}
/// Opens what `path` names below a folder, to be read; -EXDEV if it leads out of it, or if it may: an absolute link always does.
/// openat2(2), Linux 5.6
static inline int CShims_open_beneath(int folder, const char *path) {
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    CSHIMS_RETRY(syscall(SYS_openat2, folder, path, &how, sizeof how));
}
/// A file below a folder only to be named, wherever its links lead: openat(2), O_PATH.
static inline int CShims_open_place_at(int folder, const char *path) {
    CSHIMS_RETRY(openat(folder, path, __O_PATH | O_CLOEXEC));
}
/// The path of the file of a descriptor, without its final NUL: its length, or -errno. proc(5)
static inline long CShims_path_of(int fd, char *path, size_t capacity) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return CShims_result(readlink(link, path, capacity));
}
/// Opens the file of a descriptor once more, to be read.
static inline int CShims_open_again(int fd) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    CSHIMS_RETRY(open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}
/// 1: `path` names the file of a descriptor; 0: it names another, or none.
static inline int CShims_is_file(int fd, const char *path) {
    struct stat here, there;
    return fstat(fd, &here) == 0 && lstat(path, &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}
/// Takes the lock of a whole file, for this process: 0, or -EAGAIN when another has it. fcntl(2), F_SETLK; it ends with the
/// process, or when the process closes any descriptor of the file.
static inline int CShims_lock_file(int fd) {
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int r = (int)CShims_result(fcntl(fd, F_SETLK, &lock));
    return r == -EACCES ? -EAGAIN : r;
}
/// Whether a process has the lock of a file: 1, 0 or -errno. `holder` is its id, 0 when it has none in this PID namespace.
static inline int CShims_lock_holder(int fd, pid_t *holder) {
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_GETLK, &lock) < 0) return -errno;
    *holder = lock.l_pid;
    return lock.l_type != F_UNLCK;
}
/// Reads until `count` bytes are there or the file ends.
static inline long CShims_read_at(int fd, void *bytes, size_t count, long offset) {
    size_t done = 0;
    while (done < count) {
        ssize_t result = pread(fd, (char *)bytes + done, count - done, offset + (long)done);
        if (result < 0 && errno == EINTR) continue;
        if (result <= 0) break;
        done += (size_t)result;
    }
    return (long)done;
}
static inline long CShims_read(int fd, void *bytes, size_t count) { CSHIMS_RETRY(read(fd, bytes, count)); }
static inline long CShims_write(int fd, const void *bytes, size_t count) { CSHIMS_RETRY(write(fd, bytes, count)); }

enum { CShims_OTHER_FILE, CShims_REGULAR_FILE, CShims_FOLDER, CShims_SOCKET_FILE };
static inline int CShims_file_kind(const struct stat *status) {
    return S_ISREG(status->st_mode) ? CShims_REGULAR_FILE : S_ISDIR(status->st_mode) ? CShims_FOLDER
        : S_ISSOCK(status->st_mode) ? CShims_SOCKET_FILE : CShims_OTHER_FILE;
}

// Process

/// Files that are written: inotify(7). What it reports is read with CShims_read.
static inline int CShims_inotify(void) { return (int)CShims_result(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }
static inline int CShims_inotify_watch(int fd, const char *folder) {
    uint32_t mask = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
    return (int)CShims_result(inotify_add_watch(fd, folder, mask));
}
static inline int CShims_inotify_forget(int fd, int watch) { return (int)CShims_result(inotify_rm_watch(fd, watch)); }
/// Makes a socket that another process has opened one of ours: not blocking, closed on exec. Fails unless it listens for
/// streams.
static inline int CShims_adopt_listener(int fd) {
    int value = 0; socklen_t length = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length) < 0) return -errno;
    if (value != SOCK_STREAM) return -ESOCKTNOSUPPORT;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) < 0) return -errno;
    if (value == 0) return -EINVAL;
    (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, sizeof value); // of a gateway that listened here before
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
    return 0;
}
static inline int CShims_close_on_exec(int fd) { return (int)CShims_result(fcntl(fd, F_SETFD, FD_CLOEXEC)); }
static inline int CShims_pipe(int *reads, int *writes) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    *reads = ends[0]; *writes = ends[1];
    return 0;
}
/// Runs `program` in a new process, in which `fds` are 3 and the following, and no other above them is open. `environment[process]`
/// is "LISTEN_PID=" and ten digits, which become those of the process. If the program cannot be run, the last of `fds` gets
/// the errno value, an int. Returns the id of the process, or -errno.
int CShims_start_successor(
    const char *program, char *const arguments[], char *const environment[], int process, const int *fds, int count);
/// Ends a child, and waits until it is gone.
static inline void CShims_end(pid_t process) {
    kill(process, SIGKILL);
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
}
extern char **environ;
static inline char **CShims_environment(void) { return environ; }
/// Sends a datagram to a unix socket; "@" begins an abstract name. Never waits.
static inline int CShims_notify(const char *path, const char *text) {
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address.sun_path) return -EINVAL;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    int r = (int)CShims_result(sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, size));
    close(fd);
    return r;
}
static inline int CShims_block_signals(const int *signals, int count) {
    sigset_t set; sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}
/// A descriptor that is readable while a signal of the set waits.
static inline int CShims_signalfd(const int *signals, int count) {
    sigset_t set; sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return (int)CShims_result(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}
/// The next signal of a signalfd; 0: none waits.
static inline int CShims_read_signal(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}
/// The system's words for an errno value.
static inline void CShims_error_text(int code, char *text, size_t size) {
    if (strerror_r(code, text, size) != 0) snprintf(text, size, "error %d", code);
}
static inline void CShims_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }
/// Raises the soft limit of open descriptors to `wanted` (0: to the hard limit); as root the hard limit too.
/// Returns the limit that holds afterwards, or -errno.
static inline long CShims_raise_descriptor_limit(long wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    struct rlimit asked = limit;
    asked.rlim_cur = wanted > 0 ? (rlim_t)wanted : limit.rlim_max;
    if (asked.rlim_cur > asked.rlim_max) asked.rlim_max = asked.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &asked) < 0) return -errno;
    return (long)asked.rlim_cur;
}
/// The soft limit of open descriptors (INT64_MAX: there is none), or -errno.
static inline int64_t CShims_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}
/// How many descriptors are open, or -errno. Linux 6.2 and newer know; before, the list of all has to be read.
static inline int64_t CShims_count_descriptors(void) {
    struct stat status;
    if (stat("/proc/self/fd", &status) < 0) return -errno;
    if (status.st_size > 0) return status.st_size;
    DIR *list = opendir("/proc/self/fd");
    if (list == NULL) return -errno;
    int64_t count = -3; // itself, and two that are no descriptors
    while (readdir(list) != NULL) count++;
    closedir(list);
    return count;
}
/// The CPU time of the process, of user and system together, in microseconds; or -errno.
static inline int64_t CShims_cpu_microseconds(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0) return -errno;
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}
static inline int64_t CShims_monotonic_milliseconds(void) {
    struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
static inline int64_t CShims_monotonic_microseconds(void) {
    struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
static inline int64_t CShims_wall_milliseconds(void) {
    struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
/// Buffers of TLS records come and go all the time: keeps the heap's top instead of giving it back to the kernel.
/// Gives memory that is free back to the system; the heap's locks are held for some milliseconds.
static inline void CShims_trim_allocator(void) { malloc_trim(0); }
static inline void CShims_tune_allocator(void) {
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

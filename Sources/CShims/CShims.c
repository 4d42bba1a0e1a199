#include "CShims.h"

static _Thread_local void *simulation;

void *CShims_simulation(void) { return simulation; }
void CShims_set_simulation(void *kernel) { simulation = kernel; }

// Between fork and execve only calls that are safe in a signal handler: the process that forks has threads.
int CShims_start_successor(
    const char *program, char *const arguments[], char *const environment[], int process, const int *fds, int count) {
    enum { FIRST = 3 };
    pid_t child = fork();
    if (child != 0) return (int)CShims_result(child);
    // First out of the way of the others, then to their places.
    int moved[count];
    for (int i = 0; i < count; i++)
        if ((moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST + count)) < 0) _exit(127);
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], FIRST + i) < 0) _exit(127);
    syscall(SYS_close_range, FIRST + count, ~0U, 0); // all are closed on exec anyhow, except for those of libraries
    char *digit = environment[process] + strlen(environment[process]);
    for (long number = getpid(), i = 0; i < 10; i++, number /= 10) *--digit = (char)('0' + number % 10);
    CShims_pass_capabilities();
    execve(program, arguments, environment);
    int code = errno;
    (void)!write(FIRST + count - 1, &code, sizeof code);
    _exit(127);
}

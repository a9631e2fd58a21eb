/* Preloaded into a server: every flush takes as long as on a slower disk. BENCH_SYNC_DELAY_US: how much longer;
   BENCH_SYNC_COUNT: a file of 8 bytes in which the flushes of all processes are counted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static _Atomic unsigned long *count;
static struct timespec delay;

__attribute__((constructor)) static void begin(void) {
    const char *us = getenv("BENCH_SYNC_DELAY_US"), *path = getenv("BENCH_SYNC_COUNT");
    long n = us ? atol(us) : 0;
    delay.tv_sec = n / 1000000;
    delay.tv_nsec = n % 1000000 * 1000;
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *p = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        count = p == MAP_FAILED ? NULL : p;
        close(fd);
    }
}

static void wait_for_the_disk(void) {
    if (count)
        atomic_fetch_add(count, 1);
    struct timespec left = delay;
    while (nanosleep(&left, &left) != 0) {
    }
}

#define DELAYED(name, parameters, arguments, waits)               \
    int name parameters {                                         \
        static int (*real) parameters;                            \
        if (!real)                                                \
            real = (int (*) parameters)dlsym(RTLD_NEXT, #name);   \
        if (waits)                                                \
            wait_for_the_disk();                                  \
        return real arguments;                                    \
    }

DELAYED(fsync, (int fd), (fd), 1)
DELAYED(fdatasync, (int fd), (fd), 1)
DELAYED(syncfs, (int fd), (fd), 1)
/* only begins the write-out unless it is told to wait */
DELAYED(sync_file_range, (int fd, off64_t offset, off64_t length, unsigned flags), (fd, offset, length, flags),
        flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER))

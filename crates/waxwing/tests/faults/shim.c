/* A disk and a clock that fail when they are told to: loaded with LD_PRELOAD into the
 * server by tests/faults/shim.rs, which writes the knobs below into the file that FAULTS
 * names, at any time.
 *
 * The model. A write is on the disk once an fsync of its file that began after it has
 * succeeded. Until then it is in a cache, which a failed fsync and a cut of the power
 * drop: the bytes and the length of before come back (`dropping`). A fault that has begun
 * lasts until its knob is turned back. Names of files are never lost, nor half of a
 * cache, nor what the file `-shm` holds, which nobody syncs and SQLite makes anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* As in shim.rs. */
enum file { DATABASE = 1, LOG = 2, OTHER = 4, SHARED = 8 };
struct knobs {
  int64_t clock_ms;    /* added to the wall clock */
  int64_t sync_error;  /* errno of fsync; POWER cuts the power; 0 for none */
  int64_t sync_good;   /* syncs that still succeed */
  int64_t sync_ms;     /* each sync takes so much longer */
  int64_t write_error; /* errno of writes, the first of which is done by half; or POWER */
  int64_t write_good;  /* writes that still succeed */
  int64_t files;       /* which files the faults are about: a sum of `enum file` */
  int64_t read_only;   /* 1: the file system takes no writes any more */
  int64_t dropping;    /* 1: what is not synced is dropped by a failed sync or POWER */
  int64_t failed;      /* counted here: calls that failed by a knob */
};
#define POWER (-1)

/* What a write that is not synced has replaced. */
struct undo {
  struct undo *older;
  int file;
  off_t at, length_before;
  size_t kept;
  char bytes[];
};
/* Files by inode; one descriptor of each is kept open, for closing any one of a file's
 * would free the locks on it. */
static struct { dev_t dev; ino_t ino; int fd, kind; } files[32];
static int known, halved;
static struct undo *newest;
static volatile struct knobs *knobs;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_ftruncate)(int, off_t), (*real_open)(const char *, int, ...);
static int (*real_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_open = dlsym(RTLD_NEXT, "open64");
  real_clock = dlsym(RTLD_NEXT, "clock_gettime");
  const char *path = getenv("FAULTS");
  int fd = path ? real_open(path, O_RDWR) : -1;
  void *map = fd < 0 ? MAP_FAILED
                     : mmap(NULL, sizeof(struct knobs), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) abort();
  close(fd);
  knobs = map;
}

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int kind_of(int fd) {
  char link[32] = "/proc/self/fd/", path[4096], digits[12];
  int n = 0;
  for (int rest = fd; rest || !n; rest /= 10) digits[n++] = (char)('0' + rest % 10);
  for (size_t at = strlen(link); n; at++) link[at] = digits[--n];
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  if (ends_with(path, "-shm")) return SHARED;
  if (ends_with(path, "-wal")) return LOG;
  return ends_with(path, ".db") ? DATABASE : OTHER;
}

/* The number of a file, which gets one when it is first seen. */
static int file_of(int fd) {
  struct stat it;
  if (fstat(fd, &it)) abort();
  for (int n = 0; n < known; n++)
    if (files[n].dev == it.st_dev && files[n].ino == it.st_ino) return n;
  if (known == sizeof files / sizeof *files) abort();
  files[known].dev = it.st_dev;
  files[known].ino = it.st_ino;
  files[known].kind = kind_of(fd);
  files[known].fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return known++;
}

static void remember(int file, off_t at, size_t length) {
  struct stat it;
  int fd = files[file].fd;
  if (!knobs->dropping || files[file].kind == SHARED) return;
  if (fstat(fd, &it)) abort();
  size_t kept = at >= it.st_size ? 0 : (size_t)(it.st_size - at);
  if (kept > length) kept = length;
  struct undo *undo = malloc(sizeof *undo + kept);
  if (!undo) abort();
  *undo = (struct undo){newest, file, at, it.st_size, kept};
  if (pread(fd, undo->bytes, kept, at) != (ssize_t)kept) abort();
  newest = undo;
}

/* Forgets what writes to a file replaced, putting it back first if `back`; -1: all files. */
static void settle(int file, int back) {
  for (struct undo **link = &newest; *link;) {
    struct undo *undo = *link;
    if (file >= 0 && undo->file != file) {
      link = &undo->older;
      continue;
    }
    int fd = files[undo->file].fd;
    if (back && (real_pwrite(fd, undo->bytes, undo->kept, undo->at) != (ssize_t)undo->kept ||
                 real_ftruncate(fd, undo->length_before)))
      abort();
    *link = undo->older;
    free(undo);
  }
}

/* Whether a fault comes true now; ends the process if it is a cut of the power. */
static int strikes(int file, volatile int64_t *error, volatile int64_t *good) {
  if (!*error || !(files[file].kind & knobs->files)) return 0;
  if (*good > 0) return --*good, 0;
  knobs->failed++;
  if (*error == POWER) {
    settle(-1, 1);
    kill(getpid(), SIGKILL);
    pause();
  }
  errno = (int)*error;
  return 1;
}

static int refuses(void) {
  if (!knobs->read_only) return 0;
  knobs->failed++;
  errno = EROFS;
  return 1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
  ssize_t written = -1;
  pthread_mutex_lock(&mutex);
  int file = file_of(fd);
  if (files[file].kind == SHARED) {
    written = real_pwrite(fd, bytes, count, at);
  } else if (!refuses()) {
    remember(file, at, count);
    int fails = strikes(file, &knobs->write_error, &knobs->write_good);
    if (!fails) {
      halved = 0;
      written = real_pwrite(fd, bytes, count, at);
    } else if (!halved && count > 1) {
      halved = 1;
      written = real_pwrite(fd, bytes, count / 2, at);
    } /* else errno says why */
  }
  pthread_mutex_unlock(&mutex);
  return written;
}

int ftruncate64(int fd, off_t length) {
  int done = -1;
  pthread_mutex_lock(&mutex);
  int file = file_of(fd);
  if (!refuses()) {
    remember(file, length, SIZE_MAX / 2);
    done = real_ftruncate(fd, length);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

int fsync(int fd) {
  int64_t ms = knobs->sync_ms;
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
  pthread_mutex_lock(&mutex);
  int file = file_of(fd), done = -1;
  if (strikes(file, &knobs->sync_error, &knobs->sync_good)) {
    int why = errno;
    settle(file, 1);
    errno = why;
  } else if (!(done = real_fsync(fd))) {
    settle(file, 0);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if ((flags & O_ACCMODE) != O_RDONLY && strncmp(path, "/dev/", 5) && refuses()) return -1;
  return real_open(path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int done = real_clock(clock, time);
  if (!done && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t ms = knobs->clock_ms;
    time->tv_sec += ms / 1000;
    time->tv_nsec += ms % 1000 * 1000000;
    if (time->tv_nsec >= 1000000000) time->tv_sec++, time->tv_nsec -= 1000000000;
    if (time->tv_nsec < 0) time->tv_sec--, time->tv_nsec += 1000000000;
  }
  return done;
}

// Loaded before the C library: while the file that FAILING_FLUSH_FILE names is there, the disk fails to flush.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int flush(const char *name, int file) {
  const char *switchFile = getenv("FAILING_FLUSH_FILE");
  if (switchFile != NULL && access(switchFile, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}

int fdatasync(int file) { return flush("fdatasync", file); }
int fsync(int file) { return flush("fsync", file); }

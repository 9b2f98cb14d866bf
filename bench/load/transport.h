// How bytes get to the broker and back: TCP, or TLS over it when an authority's certificate is given.
#ifndef TRANSPORT_H
#define TRANSPORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
  int fd;
  bool waitsForWritable;
  void *tls;  // the connection in TLS; NULL without
} Transport;

// Wants TLS from now on. Returns what is wrong, or NULL.
const char *useTls(const char *authorityFile, bool resumes);

// Begins to connect to 127.0.0.1. Returns what is wrong, or NULL.
const char *transportOpen(Transport *transport, int port);

// Returns the bytes taken; 0 when it has to wait, -1 when the connection is broken (errno may say why).
ssize_t transportWrite(Transport *transport, const uint8_t *bytes, size_t count);

// Returns the bytes read; 0 when it has to wait, -1 when the connection is broken, -2 when the broker closed it.
ssize_t transportRead(Transport *transport, uint8_t *bytes, size_t count);

// Whether bytes wait that the kernel does not know of any more.
bool transportHasMore(const Transport *transport);

// Whether a session to resume is there; true when none is wanted.
bool canResume(void);

// Handshakes that resumed a session.
uint32_t resumedCount(void);
#endif

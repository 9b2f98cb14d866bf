#define _GNU_SOURCE
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>

static SSL_CTX *context;
static SSL_SESSION *session;
static bool isResuming;
static uint32_t resumed;
#endif

const char *transportOpen(Transport *transport, int port) {
  transport->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (transport->fd < 0) return "no socket";
  int on = 1;
  setsockopt(transport->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(transport->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    return "no connection";
  }
  transport->waitsForWritable = true;
#ifdef WITH_TLS
  if (context == NULL) return NULL;
  SSL *tls = SSL_new(context);
  if (tls == NULL || SSL_set_fd(tls, transport->fd) != 1) return "no TLS";
  SSL_set_connect_state(tls);
  SSL_set1_host(tls, "localhost");
  if (isResuming && session != NULL) {
    // A copy: a new ticket on this connection ends the use of the one it came with.
    SSL_SESSION *own = SSL_SESSION_dup(session);
    SSL_set_session(tls, own);
    SSL_SESSION_free(own);
  }
  transport->tls = tls;
#endif
  return NULL;
}

#ifdef WITH_TLS
static int keepSession(SSL *tls, SSL_SESSION *offered) {
  (void)tls;
  if (session != NULL) return 0;
  session = offered;
  return 1;  // its reference is ours now
}

static void countResumed(const SSL *tls, int where, int result) {
  (void)result;
  if ((where & SSL_CB_HANDSHAKE_DONE) && SSL_session_reused((SSL *)tls)) resumed++;
}

const char *useTls(const char *authorityFile, bool resumes) {
  context = SSL_CTX_new(TLS_client_method());
  if (context == NULL) return "OpenSSL does not start";
  if (SSL_CTX_load_verify_locations(context, authorityFile, NULL) != 1) return "the authority's file cannot be read";
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  isResuming = resumes;
  SSL_CTX_set_session_cache_mode(context, resumes ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
  if (resumes) SSL_CTX_sess_set_new_cb(context, keepSession);
  SSL_CTX_set_info_callback(context, countResumed);
  return NULL;
}

// The result of an SSL_read or SSL_write that moved nothing, in our words.
static ssize_t tlsOutcome(Transport *transport, int result) {
  int reason = SSL_get_error(transport->tls, result);
  transport->waitsForWritable = reason == SSL_ERROR_WANT_WRITE;
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return 0;
  return reason == SSL_ERROR_ZERO_RETURN ? -2 : -1;
}

bool transportHasMore(const Transport *transport) { return transport->tls != NULL && SSL_pending(transport->tls) > 0; }
bool canResume(void) { return !isResuming || session != NULL; }
uint32_t resumedCount(void) { return resumed; }

static ssize_t tlsWrite(Transport *transport, const uint8_t *bytes, size_t count) {
  size_t taken = 0;
  transport->waitsForWritable = false;
  while (taken < count) {  // a record at a time
    ERR_clear_error();
    errno = 0;
    int result = SSL_write(transport->tls, bytes + taken, count - taken > INT32_MAX ? INT32_MAX : (int)(count - taken));
    if (result > 0) {
      taken += result;
      continue;
    }
    ssize_t outcome = tlsOutcome(transport, result);
    return outcome < 0 ? -1 : (ssize_t)taken;
  }
  return taken;
}

static ssize_t tlsRead(Transport *transport, uint8_t *bytes, size_t count) {
  size_t taken = 0;
  while (taken < count) {  // a record at a time
    ERR_clear_error();
    errno = 0;
    int result = SSL_read(transport->tls, bytes + taken, count - taken);
    if (result > 0) {
      taken += result;
      continue;
    }
    ssize_t outcome = tlsOutcome(transport, result);
    return taken > 0 ? (ssize_t)taken : outcome;
  }
  return taken;
}
#else
const char *useTls(const char *authorityFile, bool resumes) {
  (void)authorityFile, (void)resumes;
  return "this generator was compiled without OpenSSL: install its headers (libssl-dev)";
}
bool transportHasMore(const Transport *transport) {
  (void)transport;
  return false;
}
bool canResume(void) { return true; }
uint32_t resumedCount(void) { return 0; }
#endif

ssize_t transportWrite(Transport *transport, const uint8_t *bytes, size_t count) {
#ifdef WITH_TLS
  if (transport->tls != NULL) return tlsWrite(transport, bytes, count);
#endif
  ssize_t taken = send(transport->fd, bytes, count, MSG_NOSIGNAL);
  if (taken < 0 && errno != EAGAIN) return -1;
  transport->waitsForWritable = taken < 0 || (size_t)taken < count;
  return taken < 0 ? 0 : taken;
}

ssize_t transportRead(Transport *transport, uint8_t *bytes, size_t count) {
#ifdef WITH_TLS
  if (transport->tls != NULL) return tlsRead(transport, bytes, count);
#endif
  ssize_t taken = read(transport->fd, bytes, count);
  if (taken > 0) return taken;
  if (taken == 0) return -2;
  return errno == EAGAIN ? 0 : -1;
}

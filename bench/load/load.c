// A neutral load generator for MQTT 3.1.1 and 5.0 brokers on this machine. One thread, one epoll loop, no dependency but
// OpenSSL for loads in TLS.
//
//   streams   the messages of one topic, numbered from 0 by their one publisher
//   clients   publishers (each owns a range of streams) and subscribers (each expects a fixed set of streams)
//
// A payload says its stream, its number in it and when it was due, so a subscriber knows what is lost, twice or out of
// order: in its first 16 bytes, or, when the payload is a text of a file, as digits where that says `{mark}`. Publishers are closed loops: at most `window` messages wait for their
// acknowledgement and at most `ahead` for their delivery, and nothing is written before `batch` messages fit. With
// `rate` they are paced instead, and latency counts from the moment a message was due. All a client has to say in one
// round of the loop leaves in one write, so that the generator does not become the limit.
//
// The result is one JSON object on stdout. Exit codes: 0 measured, 1 could not run, 2 the broker broke the protocol.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "template.h"
#include "transport.h"

enum { CONNECT = 1, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, DISCONNECT = 14 };
enum { headerBytes = 16, payloadBytesMax = 65536, inputBytes = 256 * 1024, outputBytesMax = 1024 * 1024 };
enum { eventsMax = 512, filterBytesMax = 96, wildcardGroups = 100, filtersPerSubscriber = 10 };
enum { setupSecondsMax = 30 };
static const int64_t second = 1000000000, millisecond = 1000000;

// --- What is asked for -----------------------------------------------------------------------------------------------

static const char *mode = "p2p";
static int64_t port = 1883, version = 4, publishers = 1, subscribers = 1, topics = 0, qos = 0, size = 64;
static int64_t window = 100, ahead = 0, batch = 0, rate = 0, messages = 0, persistent = 0, brokerPid = 0;
static int64_t retain = 0, resume = 0;
static int64_t warmupMilliseconds = 500, milliseconds = 2000, quietMilliseconds = 3000, parallel = 50;

static const char *topicTemplate = "", *payloadFile = "", *authorityFile = "", *payloadTemplate;
static const char *publisherUser = "", *subscriberUser = "", *password = "";

typedef struct {
  const char *name, *meaning;
  int64_t *value, least, most;
} Option;

typedef struct {
  const char *name, *meaning;
  const char **value;
} TextOption;

static const TextOption textOptions[] = {
    {"topic", "Topic Name, with {n} for the number of the stream", &topicTemplate},
    {"payload", "file with the payload, with {mark} once, and {n}", &payloadFile},
    {"ca", "file with the authority of the broker's certificate: TLS 1.3", &authorityFile},
    {"publisher-user", "User Name of publishers, with {n} for their number", &publisherUser},
    {"subscriber-user", "User Name of subscribers, with {n} for their first stream", &subscriberUser},
    {"password", "of all users", &password},
};
enum { textOptionCount = sizeof textOptions / sizeof textOptions[0] };

static const Option options[] = {
    {"port", "of the broker, on 127.0.0.1", &port, 1, 65535},
    {"version", "4 is MQTT 3.1.1, 5 is MQTT 5.0", &version, 4, 5},
    {"publishers", "in p2p and connect: pairs, or connections", &publishers, 1, 20000},
    {"subscribers", "of fan-in and fan-out", &subscribers, 1, 20000},
    {"topics", "of routes (0: 10,000), and of fan-in (0: one for each publisher)", &topics, 0, 1000000},
    {"qos", "of messages and subscriptions", &qos, 0, 2},
    {"size", "payload bytes", &size, headerBytes, payloadBytesMax},
    {"window", "unacknowledged messages per publisher (QoS 0: undelivered)", &window, 1, 16000},
    {"ahead", "undelivered messages per publisher; 0: window, at QoS 1 and 2 ten times that", &ahead, 0, 160000},
    {"batch", "messages that must fit before a publisher writes; 0: a quarter of the window", &batch, 0, 16000},
    {"rate", "messages per second of all publishers; 0: as fast as the windows let them", &rate, 0, 1000000},
    {"messages", "in all; 0: until the time is over", &messages, 0, 1000000000},
    {"retain", "1: RETAIN in every PUBLISH", &retain, 0, 1},
    {"resume", "1: all but the first handshake resume its TLS session", &resume, 0, 1},
    {"persistent", "1: Sessions that outlive their connections", &persistent, 0, 1},
    {"pid", "of the broker, to read its CPU time and memory", &brokerPid, 0, INT32_MAX},
    {"warmup", "milliseconds before measuring", &warmupMilliseconds, 0, 60000},
    {"time", "milliseconds to measure", &milliseconds, 1, 600000},
    {"quiet", "milliseconds without a delivery after which what is missing is lost", &quietMilliseconds, 1, 60000},
    {"parallel", "handshakes at a time", &parallel, 1, 1000},
};
enum { optionCount = sizeof options / sizeof options[0] };

// --- What there is ---------------------------------------------------------------------------------------------------

typedef struct Client Client;

typedef struct {
  Client *publisher;
  uint32_t sent;
  uint8_t *packet;  // its PUBLISH; Packet Identifier, number and time are patched in
  uint32_t packetBytes, identifierAt, markAt;
} Stream;

typedef struct {
  uint8_t *bytes;
  size_t start, end, capacity;
} Output;

typedef enum { OPENING, AWAITING_CONNACK, AWAITING_SUBACK, READY } Stage;
typedef enum { FREE, AWAITING_PUBACK, AWAITING_PUBREC, AWAITING_PUBCOMP } Flow;

struct Client {
  Transport transport;
  Stage stage;
  bool isDirty, isInterestedInWritable;
  const char *user;
  uint32_t userNumber;
  Output output;
  uint8_t *tail;  // the beginning of a packet that is not whole yet
  size_t tailBytes, tailCapacity;

  uint32_t firstStream, streamCount, nextStream;  // as publisher
  uint32_t unacknowledged, nextIdentifier;
  int64_t undelivered;
  uint8_t *flows;  // by Packet Identifier

  char (*filters)[filterBytesMax];  // as subscriber: streams first, first + stride, …
  uint32_t filterCount, expectedFirst, expectedStride, expectedCount;
  uint32_t *expected;  // the next number of each
};

static Client *clients;
static Stream *streams;
static uint32_t clientCount, streamCount, publisherCount, openedCount, readyCount, fanOut = 1, identifiers;

static Client **dirty;
static uint32_t dirtyCount;
static int loop, pacer;
static int64_t now;
static uint8_t input[inputBytes];

static bool publishing, measuring;
static uint64_t sent, delivered, lost, duplicated, unacknowledgedTotal;
static int64_t undeliveredTotal, nextDue;
static uint32_t nextPublisher;
static int64_t payloadMarkAt;  // of a payload from a file
static uint64_t measuredSent, measuredDelivered, latencies[64 * 16], latencyCount;

typedef struct {
  int64_t at;
  double brokerCpuSeconds, generatorCpuSeconds;
} Reading;

static void fail(int code, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
static void fail(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "load: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  exit(code);
}
#define cannotRun(...) fail(1, __VA_ARGS__)
#define protocolBroken(...) fail(2, __VA_ARGS__)

static void *allocate(size_t count, size_t bytes) {
  void *memory = calloc(count, bytes);
  if (memory == NULL) cannotRun("out of memory");
  return memory;
}

static void readClock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  now = time.tv_sec * second + time.tv_nsec;
}

// --- Bytes out -------------------------------------------------------------------------------------------------------

static void markDirty(Client *client) {
  if (client->isDirty) return;
  client->isDirty = true;
  dirty[dirtyCount++] = client;
}

// Room for `count` bytes at the end of what the client has to say.
static uint8_t *append(Client *client, size_t count) {
  Output *output = &client->output;
  if (output->end + count > output->capacity) {
    memmove(output->bytes, output->bytes + output->start, output->end - output->start);
    output->end -= output->start;
    output->start = 0;
    if (output->end + count > output->capacity) {
      output->capacity = (output->end + count) * 2;
      output->bytes = realloc(output->bytes, output->capacity);
      if (output->bytes == NULL) cannotRun("out of memory");
    }
  }
  uint8_t *at = output->bytes + output->end;
  output->end += count;
  markDirty(client);
  return at;
}

static uint8_t *putTwoBytes(uint8_t *at, uint32_t value) {
  at[0] = value >> 8;
  at[1] = value;
  return at + 2;
}

static uint8_t *putString(uint8_t *at, const char *text) {
  size_t length = strlen(text);
  memcpy(putTwoBytes(at, length), text, length);
  return at + 2 + length;
}

static uint8_t *putVariableByteInteger(uint8_t *at, uint32_t value) {
  do {
    *at++ = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);
    value >>= 7;
  } while (value > 0);
  return at;
}

static void sendAcknowledgement(Client *client, int type, uint32_t identifier) {
  uint8_t *at = append(client, 4);
  at[0] = type << 4 | (type == PUBREL ? 2 : 0);
  at[1] = 2;
  putTwoBytes(at + 2, identifier);
}

static void sendPacket(Client *client, int firstByte, const uint8_t *body, size_t bodyBytes) {
  uint8_t header[5] = {firstByte};
  size_t count = putVariableByteInteger(header + 1, bodyBytes) - header;
  uint8_t *at = append(client, count + bodyBytes);
  memcpy(at, header, count);
  memcpy(at + count, body, bodyBytes);
}

static void sendConnect(Client *client) {
  uint8_t body[1024], *at = putString(body, "MQTT");
  char user[256];
  size_t userBytes = fillNumber(user, sizeof user, client->user, client->userNumber);
  if (userBytes >= sizeof user || strlen(password) >= sizeof user) cannotRun("a user name or password is too long");
  *at++ = version;
  *at++ = (persistent ? 0 : 2) | (userBytes > 0 ? 0xc0 : 0);
  at = putTwoBytes(at, 0);  // no Keep Alive: a run is short
  if (version == 5 && persistent) {
    const uint8_t sessionExpiryInterval[] = {5, 0x11, 0, 0, 0x0e, 0x10};
    memcpy(at, sessionExpiryInterval, sizeof sessionExpiryInterval);
    at += sizeof sessionExpiryInterval;
  } else if (version == 5) {
    *at++ = 0;
  }
  char clientIdentifier[24];
  snprintf(clientIdentifier, sizeof clientIdentifier, "load-%u", (uint32_t)(client - clients));
  at = putString(at, clientIdentifier);
  if (userBytes > 0) at = putString(putString(at, user), password);
  sendPacket(client, CONNECT << 4, body, at - body);
}

static void sendSubscribe(Client *client) {
  uint8_t *body = allocate(client->filterCount * (filterBytesMax + 3) + 3, 1), *at = putTwoBytes(body, 1);
  if (version == 5) *at++ = 0;
  for (uint32_t i = 0; i < client->filterCount; i++) {
    at = putString(at, client->filters[i]);
    *at++ = qos;
  }
  sendPacket(client, SUBSCRIBE << 4 | 2, body, at - body);
  free(body);
}

static void flush(Client *client) {
  Output *output = &client->output;
  if (output->start < output->end) {
    ssize_t count = transportWrite(&client->transport, output->bytes + output->start, output->end - output->start);
    if (count < 0) fail(client->stage == OPENING ? 1 : 2, "writing to the broker: %s", strerror(errno));
    if (count > 0) {
      output->start += count;
      if (client->stage == OPENING) client->stage = AWAITING_CONNACK;
    }
    if (output->start == output->end) output->start = output->end = 0;
  }
  bool waits = output->start < output->end && client->transport.waitsForWritable;
  if (waits == client->isInterestedInWritable) return;
  client->isInterestedInWritable = waits;
  struct epoll_event interest = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = client};
  epoll_ctl(loop, EPOLL_CTL_MOD, client->transport.fd, &interest);
}

// --- Publishing ------------------------------------------------------------------------------------------------------

static void publish(Client *client, int64_t due) {
  Stream *stream = &streams[client->firstStream + client->nextStream];
  if (++client->nextStream == client->streamCount) client->nextStream = 0;
  uint8_t *packet = append(client, stream->packetBytes);
  memcpy(packet, stream->packet, stream->packetBytes);
  if (payloadTemplate == NULL) {
    memcpy(packet + stream->markAt + 4, &stream->sent, 4);
    memcpy(packet + stream->markAt + 8, &due, 8);
  } else {
    writeMark(packet + stream->markAt, (Mark){.stream = stream - streams, .number = stream->sent, .due = due});
  }
  stream->sent++;
  sent++;
  client->undelivered += fanOut;
  undeliveredTotal += fanOut;
  if (qos == 0) return;
  putTwoBytes(packet + stream->identifierAt, client->nextIdentifier);
  client->flows[client->nextIdentifier] = qos == 1 ? AWAITING_PUBACK : AWAITING_PUBREC;
  client->nextIdentifier = client->nextIdentifier == identifiers ? 1 : client->nextIdentifier + 1;
  client->unacknowledged++;
  unacknowledgedTotal++;
}

// How many messages the publisher may send now.
static int64_t roomOf(const Client *client) {
  int64_t room = ahead - (client->undelivered + fanOut - 1) / fanOut;
  if (qos > 0) {
    int64_t quota = window - client->unacknowledged;
    if (quota < room) room = quota;
    if (client->flows[client->nextIdentifier] != FREE) room = 0;
  }
  if (messages > 0 && (int64_t)(messages - sent) < room) room = messages - sent;
  return room;
}

static void publishBatch(Client *client) {
  int64_t room = roomOf(client);
  bool isLast = messages > 0 && (int64_t)(messages - sent) == room;
  if (room < batch && !isLast) return;
  if (client->output.end - client->output.start > outputBytesMax) return;
  while (room-- > 0 && (qos == 0 || client->flows[client->nextIdentifier] == FREE)) publish(client, now);
}

static void armPacer(int64_t at) {
  struct itimerspec timer = {.it_value = {at / second, at % second}};
  timerfd_settime(pacer, TFD_TIMER_ABSTIME, &timer, NULL);
}

static void publishWhatIsDue(void) {
  uint64_t expirations;
  if (read(pacer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) cannotRun("timer: %s", strerror(errno));
  while (publishing && nextDue <= now) {
    Client *client = &clients[nextPublisher];
    if (roomOf(client) <= 0) break;  // stays due, so that its latency counts the wait
    nextPublisher = (nextPublisher + 1) % publisherCount;
    publish(client, nextDue);
    nextDue += second / rate;
  }
  if (publishing) armPacer(nextDue > now ? nextDue : now + millisecond);
}

// --- Packets in ------------------------------------------------------------------------------------------------------

static void recordLatency(int64_t nanoseconds) {
  uint64_t value = nanoseconds < 16 ? 16 : nanoseconds;
  int power = 63 - __builtin_clzll(value);
  latencies[power * 16 + ((value >> (power - 4)) & 15)]++;
  latencyCount++;
}

static Mark readMarkOf(const uint8_t *payload) {
  if (payloadTemplate != NULL) return readMark(payload + payloadMarkAt);
  Mark mark;
  memcpy(&mark.stream, payload, 4);
  memcpy(&mark.number, payload + 4, 4);
  memcpy(&mark.due, payload + 8, 8);
  return mark;
}

static void deliver(Client *client, const uint8_t *payload) {
  Mark mark = readMarkOf(payload);
  uint32_t index = mark.stream, number = mark.number;
  uint32_t offset = index - client->expectedFirst;
  uint32_t slot = client->expectedStride > 1 ? offset / client->expectedStride : offset;
  if (slot >= client->expectedCount || slot * client->expectedStride != offset) {
    protocolBroken("a message of topic %u came to a subscriber that did not ask for it", index);
  }
  Stream *stream = &streams[index];
  if (number >= stream->sent) protocolBroken("a message came that was never sent");
  uint32_t *expected = &client->expected[slot];
  if (number < *expected) {
    duplicated++;
    return;
  }
  uint32_t count = number - *expected + 1;
  *expected = number + 1;
  lost += count - 1;
  delivered++;
  undeliveredTotal -= count;
  stream->publisher->undelivered -= count;
  markDirty(stream->publisher);
  if (measuring) recordLatency(now - mark.due);
}

static uint32_t twoBytes(const uint8_t *at) { return at[0] << 8 | at[1]; }

// Returns the value, and in `at` where it ended; -1 when the bytes end before it does.
static int64_t variableByteInteger(const uint8_t **at, const uint8_t *end) {
  uint32_t value = 0;
  for (int shift = 0; shift < 28; shift += 7) {
    if (*at >= end) return -1;
    uint8_t byte = *(*at)++;
    value |= (uint32_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  protocolBroken("a malformed Variable Byte Integer");
}

static void receivePublish(Client *client, uint8_t flags, const uint8_t *body, const uint8_t *end) {
  if (((flags >> 1) & 3) != qos) protocolBroken("a PUBLISH with QoS %d, not %d", (flags >> 1) & 3, (int)qos);
  if ((flags & 9) != 0) protocolBroken("a PUBLISH with DUP or RETAIN");
  if (end - body < 2) protocolBroken("a PUBLISH without Topic Name");
  const uint8_t *at = body + 2 + twoBytes(body);
  uint32_t identifier = 0;
  if (qos > 0 && end - at >= 2) {
    identifier = twoBytes(at);
    at += 2;
  }
  if (version == 5) {
    int64_t propertyBytes = variableByteInteger(&at, end);
    if (propertyBytes < 0) protocolBroken("a PUBLISH without properties");
    at += propertyBytes;
  }
  if (end - at != size) protocolBroken("a payload of %d bytes, not %d", (int)(end - at), (int)size);
  deliver(client, at);
  if (qos == 1) sendAcknowledgement(client, PUBACK, identifier);
  if (qos == 2) sendAcknowledgement(client, PUBREC, identifier);
}

static void receiveAcknowledgement(Client *client, int type, const uint8_t *body, const uint8_t *end) {
  if (end - body < 2) protocolBroken("an acknowledgement of %d bytes", (int)(end - body));
  if (end - body > 2 && body[2] >= 0x80) protocolBroken("Reason Code 0x%02x in packet type %d", body[2], type);
  uint32_t identifier = twoBytes(body);
  if (type == PUBREL) {  // we are the receiver
    sendAcknowledgement(client, PUBCOMP, identifier);
    return;
  }
  Flow wanted = type == PUBACK ? AWAITING_PUBACK : type == PUBREC ? AWAITING_PUBREC : AWAITING_PUBCOMP;
  if (client->flows == NULL || identifier > identifiers || client->flows[identifier] != wanted) {
    protocolBroken("packet type %d for Packet Identifier %u, which does not wait for it", type, identifier);
  }
  if (type == PUBREC) {
    client->flows[identifier] = AWAITING_PUBCOMP;
    sendAcknowledgement(client, PUBREL, identifier);
    return;
  }
  client->flows[identifier] = FREE;
  client->unacknowledged--;
  unacknowledgedTotal--;
  markDirty(client);
}

// Receive Maximum is the one property of a CONNACK that binds us.
static void honourReceiveMaximum(const uint8_t *at, const uint8_t *end) {
  int64_t propertyBytes = variableByteInteger(&at, end);
  if (propertyBytes < 0 || at + propertyBytes != end) protocolBroken("a CONNACK with malformed properties");
  while (at < end) {
    uint8_t identifier = *at++;
    if (identifier == 0x21) {
      uint32_t receiveMaximum = twoBytes(at);
      if (qos > 0 && receiveMaximum < window) cannotRun("the window is above Receive Maximum (%u)", receiveMaximum);
      at += 2;
    } else if (identifier == 0x13 || identifier == 0x22) {
      at += 2;
    } else if (identifier == 0x11 || identifier == 0x27) {
      at += 4;
    } else if (identifier >= 0x24 && identifier <= 0x2a && identifier != 0x26) {
      at += 1;
    } else {
      at += 2 + twoBytes(at);
      if (identifier == 0x26) at += 2 + twoBytes(at);
    }
  }
}

static void becomeReady(Client *client) {
  client->stage = READY;
  readyCount++;
}

static void receiveConnack(Client *client, const uint8_t *body, const uint8_t *end) {
  if (client->stage != AWAITING_CONNACK || end - body < 2) protocolBroken("an unexpected CONNACK");
  if (body[1] != 0) protocolBroken("CONNACK with code 0x%02x", body[1]);
  if (version == 5) honourReceiveMaximum(body + 2, end);
  if (client->filterCount == 0) {
    becomeReady(client);
    return;
  }
  client->stage = AWAITING_SUBACK;
  sendSubscribe(client);
}

static void receiveSuback(Client *client, const uint8_t *body, const uint8_t *end) {
  const uint8_t *at = body + 2;
  if (version == 5) {
    int64_t propertyBytes = variableByteInteger(&at, end);
    at += propertyBytes < 0 ? 0 : propertyBytes;
  }
  if (client->stage != AWAITING_SUBACK || end - at != client->filterCount) protocolBroken("an unexpected SUBACK");
  for (; at < end; at++) {
    if (*at != qos) protocolBroken("SUBACK with code 0x%02x", *at);
  }
  becomeReady(client);
}

static void receivePacket(Client *client, uint8_t first, const uint8_t *body, const uint8_t *end) {
  int type = first >> 4;
  switch (type) {
    case PUBLISH:
      receivePublish(client, first & 15, body, end);
      break;
    case PUBACK:
    case PUBREC:
    case PUBREL:
    case PUBCOMP:
      receiveAcknowledgement(client, type, body, end);
      break;
    case CONNACK:
      receiveConnack(client, body, end);
      break;
    case SUBACK:
      receiveSuback(client, body, end);
      break;
    case DISCONNECT:
      protocolBroken("DISCONNECT with Reason Code 0x%02x", end > body ? body[0] : 0);
    default:
      protocolBroken("an unexpected packet of type %d", type);
  }
}

static void keepTail(Client *client, const uint8_t *bytes, size_t count) {
  if (count > client->tailCapacity) {
    client->tailCapacity = count * 2;
    client->tail = realloc(client->tail, client->tailCapacity);
    if (client->tail == NULL) cannotRun("out of memory");
  }
  if (count > 0) memcpy(client->tail, bytes, count);
  client->tailBytes = count;
}

static void receive(Client *client) {
  if (client->tailBytes > 0) memcpy(input, client->tail, client->tailBytes);
  ssize_t count = transportRead(&client->transport, input + client->tailBytes, inputBytes - client->tailBytes);
  if (count == 0) return;
  if (count == -1 && client->stage == OPENING) cannotRun("connecting: %s", strerror(errno));
  if (count == -1) protocolBroken("a connection broke: %s", errno == 0 ? "TLS" : strerror(errno));
  if (count < 0) protocolBroken("the broker closed a connection");
  const uint8_t *at = input, *end = input + client->tailBytes + count;
  while (end - at >= 2) {
    const uint8_t *body = at + 1;
    int64_t remainingLength = variableByteInteger(&body, end);
    if (remainingLength > inputBytes / 2) protocolBroken("a packet of %d bytes", (int)remainingLength);
    if (remainingLength < 0 || end - body < remainingLength) break;
    receivePacket(client, *at, body, body + remainingLength);
    at = body + remainingLength;
  }
  keepTail(client, at, end - at);
}

// --- The loop --------------------------------------------------------------------------------------------------------

static void openClient(Client *client) {
  const char *problem = transportOpen(&client->transport, port);
  if (problem != NULL) cannotRun("connecting: %s: %s", problem, strerror(errno));
  client->stage = OPENING;
  client->isInterestedInWritable = true;
  struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT, .data.ptr = client};
  if (epoll_ctl(loop, EPOLL_CTL_ADD, client->transport.fd, &interest) < 0) cannotRun("epoll: %s", strerror(errno));
  sendConnect(client);
}

static void turn(int timeoutMilliseconds) {
  struct epoll_event events[eventsMax];
  int count = epoll_wait(loop, events, eventsMax, timeoutMilliseconds);
  readClock();
  for (int i = 0; i < count; i++) {
    Client *client = events[i].data.ptr;
    if (client == NULL) {
      publishWhatIsDue();
      continue;
    }
    if (events[i].events & ~EPOLLOUT) {
      do receive(client);
      while (transportHasMore(&client->transport));
    }
    // What TLS reads may let it write.
    if ((events[i].events & EPOLLOUT) || client->output.start < client->output.end) markDirty(client);
  }
  for (uint32_t i = 0; i < dirtyCount; i++) {
    Client *client = dirty[i];
    if (publishing && rate == 0 && client->streamCount > 0) publishBatch(client);
    client->isDirty = false;
    flush(client);
  }
  dirtyCount = 0;
}

static void connectAll(void) {
  readClock();
  int64_t deadline = now + setupSecondsMax * second;
  while (readyCount < clientCount) {
    int64_t atOnce = canResume() ? parallel : 1;
    while (openedCount < clientCount && openedCount - readyCount < atOnce) openClient(&clients[openedCount++]);
    turn(100);
    if (now > deadline) cannotRun("%u of %u clients are ready after %d s", readyCount, clientCount, setupSecondsMax);
  }
}

static void runUntil(int64_t deadline) {
  while (now < deadline && !(messages > 0 && sent == (uint64_t)messages)) {
    int64_t left = (deadline - now) / millisecond + 1;
    turn(left > 100 ? 100 : (int)left);
  }
}

// Until all is delivered and acknowledged, or nothing has moved for a while.
static void drain(void) {
  int64_t movedAt = now;
  uint64_t before = delivered + duplicated + lost;
  while ((undeliveredTotal > 0 || unacknowledgedTotal > 0) && now - movedAt < quietMilliseconds * millisecond) {
    turn(quietMilliseconds < 100 ? (int)quietMilliseconds : 100);
    if (delivered + duplicated + lost != before) movedAt = now;
    before = delivered + duplicated + lost;
  }
}

// What comes twice may come last.
static void linger(void) {
  int64_t until = now + second / 20;
  while (now < until) turn(10);
}

// --- The scenarios ---------------------------------------------------------------------------------------------------

static void topicOf(uint32_t stream, char *topicName) {
  if (*topicTemplate != 0) {
    fillNumber(topicName, filterBytesMax, topicTemplate, stream);
  } else if (strcmp(mode, "routes") == 0) {
    snprintf(topicName, filterBytesMax, "load/%u/s%u", stream, stream % wildcardGroups);
  } else {
    snprintf(topicName, filterBytesMax, "load/%u", stream);
  }
}

// The bytes that follow its Topic Name; the place of what tells messages apart in `markAt`.
static uint8_t *payloadOf(uint32_t index, int64_t *markAt) {
  if (payloadTemplate != NULL) {
    size_t count = 0;
    uint8_t *text = fillPayload(payloadTemplate, index, &count, markAt);
    if (text == NULL) cannotRun("out of memory");
    if (*markAt < 0) cannotRun("%s does not say {mark} exactly once", payloadFile);
    size = count;
    payloadMarkAt = *markAt;
    return text;
  }
  uint8_t *bytes = allocate(size, 1);
  memcpy(bytes, &index, 4);
  for (int64_t i = headerBytes; i < size; i++) bytes[i] = 'a' + i % 26;
  *markAt = 0;
  return bytes;
}

static void encodePublish(Stream *stream, uint32_t index) {
  char topicName[filterBytesMax];
  topicOf(index, topicName);
  int64_t markAt = 0;
  uint8_t *payload = payloadOf(index, &markAt);
  uint32_t bodyBytes = 2 + strlen(topicName) + (qos > 0 ? 2 : 0) + (version == 5 ? 1 : 0) + size;
  stream->packet = allocate(bodyBytes + 5, 1);
  stream->packet[0] = PUBLISH << 4 | qos << 1 | retain;
  uint8_t *at = putString(putVariableByteInteger(stream->packet + 1, bodyBytes), topicName);
  stream->identifierAt = at - stream->packet;
  if (qos > 0) at += 2;
  if (version == 5) *at++ = 0;
  memcpy(at, payload, size);
  free(payload);
  stream->markAt = at + markAt - stream->packet;
  stream->packetBytes = at + size - stream->packet;
}

static void addPublishers(uint32_t count, uint32_t streamsEach) {
  publisherCount = count;
  for (uint32_t i = 0; i < count; i++) {
    Client *client = &clients[clientCount++];
    client->firstStream = i * streamsEach;
    client->streamCount = streamsEach;
    client->user = publisherUser;
    client->userNumber = i;
    client->nextIdentifier = 1;
    client->flows = allocate(identifiers + 1, 1);
    for (uint32_t j = 0; j < streamsEach; j++) {
      streams[streamCount].publisher = client;
      encodePublish(&streams[streamCount], streamCount);
      streamCount++;
    }
  }
}

// With a wildcard, that one filter matches all its streams; without, there is one filter for each.
static void addSubscriber(const char *wildcard, uint32_t first, uint32_t stride, uint32_t count) {
  Client *client = &clients[clientCount++];
  client->user = subscriberUser;
  client->userNumber = first;
  client->expectedFirst = first;
  client->expectedStride = stride;
  client->expectedCount = count;
  client->expected = allocate(count, sizeof *client->expected);
  client->filterCount = wildcard == NULL ? count : 1;
  client->filters = allocate(client->filterCount, filterBytesMax);
  if (wildcard != NULL) snprintf(client->filters[0], filterBytesMax, "%s", wildcard);
  for (uint32_t i = 0; wildcard == NULL && i < count; i++) topicOf(first + i * stride, client->filters[i]);
}

static void plan(void) {
  bool isRoutes = strcmp(mode, "routes") == 0;
  if (topics == 0) topics = isRoutes ? 10000 : publishers;
  if (topics % publishers != 0) cannotRun("topics do not divide among publishers");
  if (isRoutes && topics < wildcardGroups * filtersPerSubscriber) cannotRun("routes has at least 1,000 topics");
  uint32_t exact = topics / filtersPerSubscriber;
  clients = allocate(2 * publishers + subscribers + exact + wildcardGroups, sizeof *clients);
  streams = allocate(publishers + topics, sizeof *streams);
  dirty = allocate(2 * publishers + subscribers + exact + wildcardGroups, sizeof *dirty);
  if (strcmp(mode, "fan-in") == 0) {
    char filter[filterBytesMax] = "load/+";
    if (*topicTemplate != 0) fillWildcard(filter, sizeof filter, topicTemplate);
    addPublishers(publishers, topics / publishers);
    for (int64_t i = 0; i < subscribers; i++) addSubscriber(filter, 0, 1, topics);
    fanOut = subscribers;
  } else if (strcmp(mode, "fan-out") == 0) {
    addPublishers(1, 1);
    for (int64_t i = 0; i < subscribers; i++) addSubscriber(NULL, 0, 1, 1);
    fanOut = subscribers;
  } else if (strcmp(mode, "p2p") == 0) {
    addPublishers(publishers, 1);
    for (int64_t i = 0; i < publishers; i++) addSubscriber(NULL, i, 1, 1);
  } else if (isRoutes) {
    if (*topicTemplate != 0) cannotRun("routes has topics of its own");
    if (topics % wildcardGroups != 0) cannotRun("topics do not divide among the wildcards");
    addPublishers(publishers, topics / publishers);
    for (uint32_t i = 0; i < exact; i++) addSubscriber(NULL, i * filtersPerSubscriber, 1, filtersPerSubscriber);
    for (uint32_t i = 0; i < wildcardGroups; i++) {
      char filter[filterBytesMax];
      snprintf(filter, sizeof filter, "load/+/s%u", i);
      addSubscriber(filter, i, wildcardGroups, topics / wildcardGroups);
    }
    fanOut = 2;
  } else if (strcmp(mode, "connect") == 0) {
    clientCount = publishers;
    for (uint32_t i = 0; i < clientCount; i++) clients[i] = (Client){.user = publisherUser, .userNumber = i};
  } else {
    cannotRun("no mode %s", mode);
  }
}

// --- The result ------------------------------------------------------------------------------------------------------

static double brokerCpuSeconds(void) {
  if (brokerPid == 0) return 0;
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)brokerPid);
  FILE *file = fopen(path, "r");
  if (file == NULL) cannotRun("%s: %s", path, strerror(errno));
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  unsigned long user = 0, system = 0;
  const char *afterName = strrchr(text, ')');
  if (afterName == NULL || sscanf(afterName, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
    cannotRun("%s cannot be read", path);
  }
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static long brokerKilobytes(const char *field) {
  char path[64], line[256];
  long kilobytes = 0;
  if (brokerPid == 0) return 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)brokerPid);
  FILE *file = fopen(path, "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, field, strlen(field)) == 0) kilobytes = atol(line + strlen(field));
  }
  if (file != NULL) fclose(file);
  return kilobytes;
}

static Reading takeReading(void) {
  struct rusage own;
  getrusage(RUSAGE_SELF, &own);
  double seconds = own.ru_utime.tv_sec + own.ru_stime.tv_sec + (own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
  readClock();
  return (Reading){.at = now, .brokerCpuSeconds = brokerCpuSeconds(), .generatorCpuSeconds = seconds};
}

// In microseconds; the upper edge of its bucket, which is a sixteenth of a power of two wide.
static double latencyAt(double share) {
  uint64_t rank = (uint64_t)(share * (double)latencyCount), seen = 0;
  for (int i = 0; i < 64 * 16; i++) {
    seen += latencies[i];
    if (seen > rank) return (double)((uint64_t)(17 + i % 16) << (i / 16)) / 16 / 1000;
  }
  return 0;
}

static void report(Reading from, Reading to, long idleKilobytes) {
  printf("{\"mode\":\"%s\",\"version\":%d,\"qos\":%d,\"size\":%d,", mode, (int)version, (int)qos, (int)size);
  printf("\"clients\":%u,\"seconds\":%.6f,", clientCount, (double)(to.at - from.at) / second);
  printf("\"sent\":%lu,\"delivered\":%lu,", measuredSent, measuredDelivered);
  printf("\"lost\":%lu,\"duplicated\":%lu,", lost, duplicated);
  printf("\"unacknowledged\":%lu,", unacknowledgedTotal);
  printf("\"brokerCpuSeconds\":%.3f,", to.brokerCpuSeconds - from.brokerCpuSeconds);
  printf("\"generatorCpuSeconds\":%.3f,", to.generatorCpuSeconds - from.generatorCpuSeconds);
  printf("\"brokerKilobytes\":%ld,\"brokerKilobytesMax\":%ld,", brokerKilobytes("VmRSS:"), brokerKilobytes("VmHWM:"));
  printf("\"brokerKilobytesBefore\":%ld,\"resumed\":%u,", idleKilobytes, resumedCount());
  printf("\"latencyMicroseconds\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f}}\n", latencyAt(0.5),
         latencyAt(0.9), latencyAt(0.99), latencyAt(0.999));
}

static void runMessages(long idleKilobytes) {
  publishing = true;
  nextDue = now;
  if (rate > 0) armPacer(now + 1);
  for (uint32_t i = 0; rate == 0 && i < publisherCount; i++) markDirty(&clients[i]);
  turn(0);
  if (messages == 0) runUntil(now + warmupMilliseconds * millisecond);
  measuring = true;
  Reading from = takeReading();
  uint64_t sentBefore = messages == 0 ? sent : 0, deliveredBefore = messages == 0 ? delivered : 0;
  runUntil(now + milliseconds * millisecond);
  if (messages > 0) drain();
  Reading to = takeReading();
  measuredSent = sent - sentBefore;
  measuredDelivered = delivered - deliveredBefore;
  measuring = publishing = false;
  if (messages == 0) drain();
  linger();
  for (uint32_t i = 0; i < clientCount; i++) {
    for (uint32_t j = 0; j < clients[i].expectedCount; j++) {
      lost += streams[clients[i].expectedFirst + j * clients[i].expectedStride].sent - clients[i].expected[j];
    }
  }
  report(from, to, idleKilobytes);
}

static void usage(void) {
  printf("load MODE [--OPTION VALUE]…   MODE: fan-in, fan-out, p2p, routes, connect\n");
  for (int i = 0; i < optionCount; i++) {
    printf("  --%-16s %s (%ld)\n", options[i].name, options[i].meaning, *options[i].value);
  }
  for (int i = 0; i < textOptionCount; i++) printf("  --%-16s %s\n", textOptions[i].name, textOptions[i].meaning);
  exit(0);
}

static bool parseText(const char *name, const char *value) {
  for (int i = 0; i < textOptionCount; i++) {
    if (strcmp(name, textOptions[i].name) != 0) continue;
    if (value == NULL) cannotRun("--%s needs a value", name);
    *textOptions[i].value = value;
    return true;
  }
  return false;
}

static void parseNumber(const char *name, const char *value) {
  const Option *option = options;
  while (option < options + optionCount && strcmp(name, option->name)) option++;
  if (option == options + optionCount) cannotRun("no option --%s; see --help", name);
  char *end = "?";
  int64_t number = value != NULL ? strtoll(value, &end, 10) : 0;
  if (*end != 0 || number < option->least || number > option->most) {
    cannotRun("--%s is a number from %ld to %ld", name, option->least, option->most);
  }
  *option->value = number;
}

static void readPayload(void) {
  if (*payloadFile == 0) return;
  FILE *file = fopen(payloadFile, "r");
  if (file == NULL) cannotRun("%s: %s", payloadFile, strerror(errno));
  char *text = allocate(payloadBytesMax + 1, 1);
  size_t count = fread(text, 1, payloadBytesMax, file);
  fclose(file);
  if (count > 0 && text[count - 1] == '\n') text[count - 1] = 0;  // an editor's
  payloadTemplate = text;
}

static void parseOptions(int count, char **words) {
  if (count < 2 || strcmp(words[1], "--help") == 0) usage();
  mode = words[1];
  for (int i = 2; i < count; i += 2) {
    const char *value = i + 1 < count ? words[i + 1] : NULL;
    if (strncmp(words[i], "--", 2) != 0) cannotRun("no option %s; see --help", words[i]);
    if (!parseText(words[i] + 2, value)) parseNumber(words[i] + 2, value);
  }
  readPayload();
  const char *problem = *authorityFile == 0 ? NULL : useTls(authorityFile, resume);
  if (problem != NULL) cannotRun("%s", problem);
  if (ahead == 0) ahead = qos == 0 ? window : window * 10;
  if (batch == 0) batch = window / 4 > 1 ? window / 4 : 1;
  if (batch > window) cannotRun("a batch is at most a window");
  identifiers = window * 4;
}

int main(int count, char **words) {
  parseOptions(count, words);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  plan();
  loop = epoll_create1(EPOLL_CLOEXEC);
  pacer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};
  if (loop < 0 || pacer < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, pacer, &interest) < 0) cannotRun("epoll: %s", strerror(errno));
  long idleKilobytes = brokerKilobytes("VmRSS:");
  Reading from = takeReading();
  connectAll();
  if (strcmp(mode, "connect") == 0) {
    report(from, takeReading(), idleKilobytes);
  } else {
    runMessages(idleKilobytes);
  }
  return 0;
}

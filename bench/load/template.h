// Topics, names and payloads with something to be filled in: `{n}` the number of a stream, `{mark}` what tells one message
// of it from another.
#ifndef TEMPLATE_H
#define TEMPLATE_H
#include <stddef.h>
#include <stdint.h>

enum { markDigits = 36 };

// What a message says about itself.
typedef struct {
  uint32_t stream, number;
  int64_t due;  // nanoseconds
} Mark;

// `{n}` as six digits. Returns the length; `into` may be NULL to ask for it.
size_t fillNumber(char *into, size_t capacity, const char *template, uint32_t stream);

// The same with `+` in its place.
size_t fillWildcard(char *into, size_t capacity, const char *template);

// A payload: `{n}` and `{mark}` are filled in, the latter with zeros. `markAt` is -1 when there is not exactly one.
uint8_t *fillPayload(const char *template, uint32_t stream, size_t *count, int64_t *markAt);

// As digits, so that it can stand in JSON.
void writeMark(uint8_t *at, Mark mark);
Mark readMark(const uint8_t *at);
#endif

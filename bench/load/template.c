#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { streamDigits = 7, numberDigits = 10, dueDigits = 19 };

static size_t fill(char *into, size_t capacity, const char *template, const char *number) {
  size_t length = 0;
  const char *at = template;
  while (*at != 0) {
    size_t step = 1, count = 1;
    const char *from = at;
    if (strncmp(at, "{n}", 3) == 0) {
      step = 3;
      from = number;
      count = strlen(number);
    }
    if (into != NULL && length + count < capacity) memcpy(into + length, from, count);
    length += count;
    at += step;
  }
  if (into != NULL && capacity > 0) into[length < capacity ? length : capacity - 1] = 0;
  return length;
}

size_t fillNumber(char *into, size_t capacity, const char *template, uint32_t stream) {
  char number[16];
  snprintf(number, sizeof number, "%06u", stream);
  return fill(into, capacity, template, number);
}

size_t fillWildcard(char *into, size_t capacity, const char *template) { return fill(into, capacity, template, "+"); }

uint8_t *fillPayload(const char *template, uint32_t stream, size_t *count, int64_t *markAt) {
  static const char hole[] = "{mark}";
  size_t length = fillNumber(NULL, 0, template, stream);
  char *text = malloc(length + markDigits + 1);
  if (text == NULL) return NULL;
  fillNumber(text, length + 1, template, stream);
  char *mark = strstr(text, hole);
  *markAt = mark == NULL || strstr(mark + 1, hole) != NULL ? -1 : mark - text;
  *count = length;
  if (*markAt < 0) return (uint8_t *)text;
  memmove(mark + markDigits, mark + sizeof hole - 1, strlen(mark + sizeof hole - 1) + 1);
  memset(mark, '0', markDigits);
  *count = strlen(text);
  return (uint8_t *)text;
}

static uint8_t *putDigits(uint8_t *at, int digits, uint64_t value) {
  for (int i = digits - 1; i >= 0; i--) {
    at[i] = '0' + value % 10;
    value /= 10;
  }
  return at + digits;
}

static uint64_t takeDigits(const uint8_t **at, int digits) {
  uint64_t value = 0;
  for (int i = 0; i < digits; i++) value = value * 10 + (uint64_t)(*(*at)++ - '0');
  return value;
}

void writeMark(uint8_t *at, Mark mark) {
  at = putDigits(at, streamDigits, mark.stream);
  at = putDigits(at, numberDigits, mark.number);
  putDigits(at, dueDigits, mark.due);
}

Mark readMark(const uint8_t *at) {
  Mark mark;
  mark.stream = takeDigits(&at, streamDigits);
  mark.number = takeDigits(&at, numberDigits);
  mark.due = takeDigits(&at, dueDigits);
  return mark;
}

import { messagePropertyFlags } from "./client-properties.ts";
import type { Flag } from "./command.ts";

/** What `pub` publishes, and how. The short ones are those of `mosquitto_pub`. */
export const publishFlags: readonly Flag[] = [
  { name: "topic", short: "t", value: "TOPIC", example: "pets/7/health", summary: "the topic, instead of TOPIC" },
  {
    name: "message",
    short: "m",
    value: "TEXT",
    example: "hello",
    mayBeEmpty: true,
    summary: "the payload, instead of MESSAGE; - is stdin",
  },
  {
    name: "file",
    short: "f",
    value: "FILE",
    example: "photo.jpg",
    completes: "file",
    summary: "the payload is this file",
  },
  { name: "lines", short: "l", summary: "every line of --file or of stdin is a message" },
  {
    name: "batch",
    value: "FILE",
    example: "messages.jsonl",
    completes: "file",
    summary: "messages in JSON: an array, or one a line; - is stdin",
  },
  { name: "qos", short: "q", value: "QOS", example: "1", choices: ["0", "1", "2"], summary: "QoS (0)" },
  { name: "retain", short: "r", summary: "retain it; an empty message clears what was retained" },
  { name: "count", value: "NUMBER", example: "1000", summary: "so many messages in all; at its end it starts again" },
  { name: "repeat", value: "NUMBER", example: "10", summary: "everything so many times" },
  { name: "rate", value: "NUMBER", example: "100", summary: "at most so many a second" },
  { name: "timeout", value: "SECONDS", example: "10", summary: "give up when it is not done by then" },
  { name: "json", summary: "the summary as one JSON object" },
];

/** What 3.1.1 has no place for. */
export const publishFlagsOfVersion5: readonly Flag[] = [
  ...messagePropertyFlags(""),
  {
    name: "topic-alias",
    value: "NUMBER",
    example: "1",
    summary: "Topic Alias; the topic itself is sent once a connection",
  },
  { name: "latency", summary: "stamp messages for sub --latency; the summary says how fast they are acknowledged" },
];

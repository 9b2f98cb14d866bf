import { userPropertyFlag } from "./client-properties.ts";
import type { Flag } from "./command.ts";

/** What `sub` subscribes to, and what it does with messages. The short ones are those of `mosquitto_sub`. */
export const subscribeFlags: readonly Flag[] = [
  {
    name: "topic",
    short: "t",
    value: "TOPIC-FILTER",
    example: "orders/#",
    many: true,
    summary: "a Topic Filter, as well as TOPIC-FILTER",
  },
  { name: "qos", short: "q", value: "QOS", example: "1", choices: ["0", "1", "2"], summary: "at most this QoS (0)" },
  { name: "verbose", short: "v", summary: "write the topic before the payload" },
  { name: "json", summary: "write one JSON object a line, with every Property; the summary too" },
  { name: "format", short: "F", value: "TEXT", example: "%I %t %p", summary: "write a line of one's own; see below" },
  { name: "count", short: "C", value: "NUMBER", example: "1", summary: "end after so many messages" },
  { name: "timeout", short: "W", value: "SECONDS", example: "10", summary: "end after this time" },
  { name: "latency", summary: "say how long messages of pub --latency were under way" },
  {
    name: "persistent",
    short: "c",
    summary: "the Session goes on without us, for a day or --session-expiry; needs --client-id",
  },
];

/** What 3.1.1 has no place for. */
export const subscribeFlagsOfVersion5: readonly Flag[] = [
  { name: "no-local", summary: "No Local: not what this client has published itself" },
  { name: "retain-as-published", summary: "Retain As Published: keep the RETAIN flag of the publisher" },
  {
    name: "retain-handling",
    value: "NUMBER",
    example: "2",
    choices: ["0", "1", "2"],
    summary: "Retained Messages: 0 send them (default), 1 if newly subscribed, 2 never",
  },
  { name: "subscription-identifier", value: "NUMBER", example: "7", summary: "Subscription Identifier" },
  userPropertyFlag("user-property", "User Property of SUBSCRIBE"),
];

import { messagePropertyFlags, userPropertyFlag } from "./client-properties.ts";
import type { Flag } from "./command.ts";

/** How to reach a server and who one is: the flags that `pub` and `sub` share. The short ones are those of Mosquitto. */
const connectFlags: readonly Flag[] = [
  {
    name: "url",
    value: "URL",
    example: "mqtts://localhost:8883",
    summary: "the server (mqtts://localhost:8883): mqtt, mqtts, ws or wss",
  },
  {
    name: "host",
    short: "h",
    value: "HOST",
    example: "localhost",
    summary: "the server by its name, instead of --url",
  },
  {
    name: "port",
    short: "p",
    value: "PORT",
    example: "8883",
    summary: "its port (8883); 1883 is spoken to without TLS",
  },
  {
    name: "protocol-version",
    short: "V",
    value: "VERSION",
    example: "3.1.1",
    choices: ["5", "5.0", "mqttv5", "3.1.1", "mqttv311"],
    summary: "version of MQTT (5)",
  },
  {
    name: "ca",
    value: "FILE",
    example: "ca.crt",
    completes: "file",
    summary: "trust this authority only; else the system's and petstore-data/tls/ca.crt",
  },
  { name: "cert", value: "FILE", example: "client.crt", completes: "file", summary: "certificate of this client" },
  { name: "key", value: "FILE", example: "client.key", completes: "file", summary: "its private key" },
  { name: "user", short: "u", value: "NAME", example: "alice", summary: "user name" },
  {
    name: "password-file",
    value: "FILE",
    example: "password.txt",
    completes: "file",
    summary: "the password is the first line of this file; else it is in PETSTORE_MQTT_PASSWORD",
  },
  {
    name: "password",
    short: "P",
    value: "PASSWORD",
    example: "alice-demo",
    mayBeEmpty: true,
    summary: "the password; beware, everyone on this machine can see it",
  },
  { name: "client-id", short: "i", value: "ID", example: "kitchen", summary: "Client Identifier (made up)" },
  { name: "no-clean-start", summary: "go on with the Session of this Client Identifier, if there is one" },
  { name: "keep-alive", short: "k", value: "SECONDS", example: "60", summary: "Keep Alive (60); 0 for none" },
  {
    name: "reconnect",
    value: "SECONDS",
    example: "30",
    summary: "how long a lost connection is tried again, with growing delay; 0 not at all",
  },
  { name: "quiet", summary: "no summary, no progress; refusals and problems are said all the same" },
];

/** Properties of CONNECT (§3.1.2.11). */
export const connectPropertyFlags: readonly Flag[] = [
  {
    name: "session-expiry",
    short: "x",
    value: "SECONDS",
    example: "3600",
    summary: "Session Expiry Interval; 4294967295 never",
  },
  { name: "receive-maximum", value: "NUMBER", example: "10", summary: "Receive Maximum: QoS 1 and 2 under way to us" },
  { name: "maximum-packet-size", value: "BYTES", example: "65536", summary: "Maximum Packet Size that we take" },
  { name: "topic-alias-maximum", value: "NUMBER", example: "10", summary: "how many Topic Aliases the server may use" },
  { name: "request-response-information", summary: "ask for the Response Information, and say it on stderr" },
  { name: "no-problem-information", summary: "ask for no Reason Strings" },
  userPropertyFlag("connect-user-property", "User Property of CONNECT"),
];

/** The Will Message (§3.1.2.5). */
export const willFlags: readonly Flag[] = [
  { name: "will-topic", value: "TOPIC", example: "devices/kitchen/presence", summary: "Will Topic; leaves a Will" },
  { name: "will-message", value: "TEXT", example: "gone", mayBeEmpty: true, summary: "its payload (empty)" },
  { name: "will-qos", value: "QOS", example: "1", choices: ["0", "1", "2"], summary: "its QoS (0)" },
  { name: "will-retain", summary: "retain it" },
];

/** Properties of the Will (§3.1.3.2). */
export const willPropertyFlags: readonly Flag[] = [
  { name: "will-delay", value: "SECONDS", example: "30", summary: "Will Delay Interval" },
  ...messagePropertyFlags("will-"),
];

/** All of them, in the order of the help. */
export const clientFlags: readonly Flag[] = [
  ...connectFlags,
  ...connectPropertyFlags,
  ...willFlags,
  ...willPropertyFlags,
];

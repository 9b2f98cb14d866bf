import { Buffer } from "node:buffer";
import type { Counters } from "../broker/counters.ts";
import { noUserProperties } from "../mqtt/packet.ts";
import type { Message } from "../session/message.ts";

const prefix = "$SYS/broker/";

/** Load averages: minutes that a value has weight for, and the name of its level. */
const averages: readonly (readonly [minutes: number, name: string])[] = [
  [1, "1min"],
  [5, "5min"],
  [15, "15min"],
];

/** What is read for one round of `$SYS`. */
export interface SysReadings {
  readonly counters: Counters;
  /** Since the start, counted by the shell. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly sockets: number;
  /** CONNECT packets. */
  readonly connects: number;
  readonly deadLetters: number;
  readonly deadLettersLeftOut: number;
  readonly heapBytes: number;
  readonly uptimeSeconds: number;
}

/**
 * The `$SYS/broker/…` topics under Mosquitto's names (mosquitto(8), "Broker Status"), as retained messages of QoS 0; ours
 * are `refused`, `expired` and `dead letters/…`.
 * Loads are exponential moving averages of what happened per minute.
 */
export class SysTopics {
  readonly #publish: (message: Message) => void;
  readonly #version: string;
  /** What each topic said last. */
  readonly #said: Map<string, string> = new Map();
  readonly #averages: Map<string, number> = new Map();
  #lastLoads: readonly (readonly [string, number])[] | undefined = undefined;
  #lastUptimeSeconds = 0;

  constructor(version: string, publish: (message: Message) => void) {
    this.#version = version;
    this.#publish = publish;
  }

  /** Publishes what changed since the last round. */
  update(readings: SysReadings): void {
    this.#say("version", `petstore-mqtt version ${this.#version}`);
    this.#say("uptime", `${Math.floor(readings.uptimeSeconds)} seconds`);
    for (const [topic, value] of totals(readings)) this.#say(topic, String(value));
    const before = this.#lastLoads;
    const current = loads(readings);
    const seconds = readings.uptimeSeconds - this.#lastUptimeSeconds;
    this.#lastLoads = current;
    this.#lastUptimeSeconds = readings.uptimeSeconds;
    if (before === undefined || seconds <= 0) return;
    for (const [index, [topic, total]] of current.entries()) {
      this.#average(topic, ((total - before[index]![1]) * 60) / seconds, seconds);
    }
  }

  #average(topic: string, perMinute: number, seconds: number): void {
    for (const [minutes, name] of averages) {
      const key = `load/${topic}/${name}`;
      const exponent = Math.exp(-seconds / (minutes * 60));
      const average = perMinute + exponent * ((this.#averages.get(key) ?? 0) - perMinute);
      this.#averages.set(key, average);
      this.#say(key, average.toFixed(2));
    }
  }

  #say(topic: string, value: string): void {
    if (this.#said.get(topic) === value) return;
    this.#said.set(topic, value);
    this.#publish(messageOf(prefix + topic, value));
  }
}

function totals(readings: SysReadings): (readonly [string, number])[] {
  const { counters, bytesReceived, bytesSent, deadLetters, deadLettersLeftOut, heapBytes } = readings;
  return [
    ["clients/total", Math.max(counters.sessions, counters.clientsConnected)],
    ["clients/connected", counters.clientsConnected],
    ["clients/disconnected", Math.max(counters.sessions - counters.clientsConnected, 0)],
    ["clients/expired", counters.clientsExpired],
    ["clients/maximum", counters.clientsMaximum],
    ["messages/received", counters.packetsReceived],
    ["messages/sent", counters.packetsSent],
    ["publish/messages/received", counters.publishReceived],
    ["publish/messages/sent", counters.publishSent],
    ["publish/messages/dropped", counters.publishDropped],
    ["publish/messages/refused", counters.publishRefused],
    ["publish/messages/expired", counters.publishExpired],
    ["dead letters/count", deadLetters],
    ["dead letters/left out", deadLettersLeftOut],
    ["publish/bytes/received", counters.publishBytesReceived],
    ["publish/bytes/sent", counters.publishBytesSent],
    ["bytes/received", bytesReceived],
    ["bytes/sent", bytesSent],
    ["subscriptions/count", counters.subscriptions],
    ["shared_subscriptions/count", counters.sharedSubscriptions],
    ["retained messages/count", counters.retainedMessages],
    ["store/messages/count", counters.retainedMessages + counters.queuedMessages],
    ["store/messages/bytes", counters.retainedBytes],
    ["heap/current", heapBytes],
  ];
}

/** What averages are made of: totals since the start. */
function loads({ counters, bytesReceived, bytesSent, sockets, connects }: SysReadings): (readonly [string, number])[] {
  return [
    ["messages/received", counters.packetsReceived],
    ["messages/sent", counters.packetsSent],
    ["publish/received", counters.publishReceived],
    ["publish/sent", counters.publishSent],
    ["publish/dropped", counters.publishDropped],
    ["bytes/received", bytesReceived],
    ["bytes/sent", bytesSent],
    ["sockets", sockets],
    ["connections", connects],
  ];
}

function messageOf(topicName: string, value: string): Message {
  return {
    topicName,
    payload: Buffer.from(value),
    qos: 0,
    retain: true,
    properties: {
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: undefined,
      contentType: undefined,
      responseTopic: undefined,
      correlationData: undefined,
      userProperties: noUserProperties,
    },
    expiresAt: Number.POSITIVE_INFINITY,
  };
}

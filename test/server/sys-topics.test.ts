import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Counters, createCounters } from "../../src/broker/counters.ts";
import { type SysReadings, SysTopics } from "../../src/server/sys-topics.ts";
import type { Message } from "../../src/session/message.ts";

function readings(
  uptimeSeconds: number,
  counters: Partial<Counters> = {},
  replaced: Partial<SysReadings> = {},
): SysReadings {
  return {
    counters: { ...createCounters(), ...counters },
    bytesReceived: 0,
    bytesSent: 0,
    sockets: 0,
    connects: 0,
    deadLetters: 0,
    deadLettersLeftOut: 0,
    heapBytes: 1_000,
    uptimeSeconds,
    ...replaced,
  };
}

function topics(): { sys: SysTopics; said: Map<string, string>; messages: Message[] } {
  const said = new Map<string, string>();
  const messages: Message[] = [];
  const sys = new SysTopics("1.2.3", (message) => {
    messages.push(message);
    said.set(message.topicName, Buffer.from(message.payload).toString());
  });
  return { sys, said, messages };
}

describe("$SYS", () => {
  test("says version, uptime and totals under Mosquitto's names, retained", () => {
    const { sys, said, messages } = topics();
    const counters = { sessions: 5, clientsConnected: 3, clientsMaximum: 4, packetsReceived: 10, retainedMessages: 2 };
    sys.update(readings(61.7, counters, { bytesReceived: 99 }));
    assert.equal(said.get("$SYS/broker/version"), "petstore-mqtt version 1.2.3");
    assert.equal(said.get("$SYS/broker/uptime"), "61 seconds");
    assert.equal(said.get("$SYS/broker/clients/total"), "5");
    assert.equal(said.get("$SYS/broker/clients/connected"), "3");
    assert.equal(said.get("$SYS/broker/clients/disconnected"), "2");
    assert.equal(said.get("$SYS/broker/clients/maximum"), "4");
    assert.equal(said.get("$SYS/broker/messages/received"), "10");
    assert.equal(said.get("$SYS/broker/retained messages/count"), "2");
    assert.equal(said.get("$SYS/broker/bytes/received"), "99");
    assert.ok(messages.every((message) => message.retain && message.qos === 0));
  });

  test("says only what changed", () => {
    const { sys, messages } = topics();
    sys.update(readings(10));
    messages.length = 0;
    sys.update(readings(10));
    assert.equal(messages.length, 0);
    sys.update(readings(10, { subscriptions: 1 }));
    assert.deepEqual(
      messages.map((message) => message.topicName),
      ["$SYS/broker/subscriptions/count"],
    );
  });

  test("a load comes near to the rate per minute, the faster the shorter its average", () => {
    const { sys, said } = topics();
    const counters = createCounters();
    // One object that changes, as the broker's does.
    sys.update({ ...readings(0), counters });
    for (let second = 10; second <= 60; second += 10) {
      counters.publishReceived += 20;
      sys.update({ ...readings(second), counters });
    }
    const load = (name: string): number => Number(said.get(`$SYS/broker/load/publish/received/${name}`));
    assert.equal(load("1min"), Number((120 * (1 - Math.exp(-1))).toFixed(2)));
    assert.equal(load("5min"), Number((120 * (1 - Math.exp(-1 / 5))).toFixed(2)));
    assert.equal(load("15min"), Number((120 * (1 - Math.exp(-1 / 15))).toFixed(2)));
    assert.equal(said.get("$SYS/broker/load/publish/sent/1min"), "0.00");
  });
});

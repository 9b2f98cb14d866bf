import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MessageCache } from "../../src/broker/message-cache.ts";
import type { KeepMessage } from "../../src/broker/mutation.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";

const payload = new Uint8Array(64);

function kept(number: number): KeepMessage {
  const message = {
    topicName: "t",
    payload,
    qos: 1,
    retain: false,
    properties: noPublishProperties,
    expiresAt: Number.POSITIVE_INFINITY,
  } as const;
  return { kind: "keepMessage", number, message, targets: [] };
}

describe("the message cache", () => {
  test("forgets the oldest when it is full", () => {
    const cache = new MessageCache(2_000);
    for (let number = 1; number <= 100; number += 1) cache.add(kept(number));
    assert.equal(cache.get(1), undefined);
    assert.equal(cache.get(90), undefined);
    assert.equal(cache.get(100)?.number, 100);
    assert.equal(cache.get(98)?.number, 98);
  });

  test("keeps nothing when it may not", () => {
    const cache = new MessageCache(0);
    cache.add(kept(1));
    assert.equal(cache.get(1), undefined);
  });

  // A queue of a million messages for an absent Session filled at a twentieth of the speed before.
  test("forgets as fast when it holds very many", () => {
    const cache = new MessageCache(128 * 1_048_576);
    const startedAt = performance.now();
    for (let number = 1; number <= 700_000; number += 1) cache.add(kept(number));
    assert.equal(cache.get(1), undefined);
    const seconds = (performance.now() - startedAt) / 1_000;
    assert.ok(seconds < 5, `${seconds} s`);
  });
});

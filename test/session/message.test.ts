import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { copyBytes, keep, messageBytes } from "../../src/session/message.ts";

test("what is kept of a message has bytes of its own, also when they came as a Buffer", () => {
  const chunk = Buffer.from("payload and correlation");
  const kept = keep({
    topicName: "t",
    payload: chunk.subarray(0, 7),
    qos: 1,
    retain: false,
    properties: { ...noPublishProperties, correlationData: chunk.subarray(12) },
    expiresAt: Number.POSITIVE_INFINITY,
  });
  chunk.fill(0);
  assert.equal(Buffer.from(kept.payload).toString(), "payload");
  assert.equal(Buffer.from(kept.properties.correlationData ?? []).toString(), "correlation");
  assert.equal(kept.payload.buffer.byteLength, 7);
});

test("a copy of bytes is no view", () => {
  const bytes = Buffer.from([1, 2, 3]);
  const copy = copyBytes(bytes);
  bytes[0] = 9;
  assert.deepEqual([...copy], [1, 2, 3]);
});

test("a message counts for its payload, names and properties", () => {
  const bare = { topicName: "ab", payload: new Uint8Array(10), qos: 0, retain: false, expiresAt: 0 } as const;
  const plain = messageBytes({ ...bare, properties: noPublishProperties });
  const rich = messageBytes({
    ...bare,
    properties: {
      ...noPublishProperties,
      contentType: "text",
      responseTopic: "r/t",
      correlationData: new Uint8Array(5),
      userProperties: [["name", "value"]],
    },
  });
  assert.equal(rich - plain, 4 + 3 + 5 + 32 + 9);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../src/broker/connection.ts";
import { formatPacket, parsePacket } from "../../src/mqtt/notation.ts";
import type { Publish } from "../../src/mqtt/packet.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { SharedPublish } from "../../src/mqtt/shared-publish.ts";
import { decoded, encoded, RecordingOutbox } from "../../src/testing/recording-outbox.ts";

function connectionOf(clientId: string, version: ProtocolVersion = ProtocolVersion.V5): Connection {
  const connection = new Connection();
  connection.clientId = clientId;
  connection.protocolVersion = version;
  return connection;
}

test("every verb is recorded in its order and reads as a line", () => {
  const outbox = new RecordingOutbox();
  const a = connectionOf("a");
  const b = connectionOf("b");
  const { properties } = parsePacket("PUBLISH") as Publish;
  const shared = new SharedPublish(5, 1, false, "t", properties, undefined, [], Buffer.from("x"));
  outbox.pause(a);
  outbox.send(a, parsePacket("PINGRESP"));
  outbox.sendAfterCommit(a, parsePacket("PUBACK #1 0x10"));
  outbox.deliver(a, shared, 7, false);
  outbox.deliverAfterCommit(b, shared, 8, true);
  outbox.persist({ kind: "settle", number: 3, owner: 4 });
  outbox.fetch(4, [1, 2]);
  outbox.confirmAfterCommit({ settled: () => {} }, 0x10);
  outbox.resume(a);
  outbox.close(a);
  outbox.observe({ kind: "queueOverflow", clientId: "a", dropped: 1 });
  assert.deepEqual(outbox.lines(), [
    "a pause",
    "a < PINGRESP",
    "a < PUBACK #1 0x10 (after commit)",
    'a < PUBLISH q1 #7 "t" payload="x"',
    'b < PUBLISH q1 #8 dup "t" payload="x" (after commit)',
    'persist {"kind":"settle","number":3,"owner":4}',
    "fetch 4: 1, 2",
    "confirm 16 (after commit)",
    "a resume",
    "a close",
    'observe {"kind":"queueOverflow","clientId":"a","dropped":1}',
  ]);
  assert.deepEqual(outbox.packets(b).map(formatPacket), ['PUBLISH q1 #8 dup "t" payload="x"']);
  assert.equal(outbox.take().length, 11);
  assert.deepEqual(outbox.records, []);
});

test("a packet is recorded as the connection's version can say it", () => {
  const outbox = new RecordingOutbox();
  const old = connectionOf("old", ProtocolVersion.V311);
  outbox.send(old, parsePacket('PUBACK #1 0x87 reasonString="no"'));
  assert.deepEqual(outbox.lines(), ["old < PUBACK #1"]);
});

test("what the sending verbs return can be chosen per connection", () => {
  const outbox = new RecordingOutbox();
  const slow = connectionOf("slow");
  outbox.hasRoom = (connection) => connection !== slow;
  assert.equal(outbox.send(slow, parsePacket("PINGRESP")), false);
  assert.equal(outbox.send(connectionOf("fast"), parsePacket("PINGRESP")), true);
});

test("bytes that are not exactly one packet are an error", () => {
  const bytes = encoded(parsePacket("PINGRESP"), 5);
  assert.deepEqual(decoded(bytes, 5), parsePacket("PINGRESP"));
  assert.throws(() => decoded(bytes.subarray(0, 1), 5), /No whole packet/);
  assert.throws(() => decoded(Buffer.concat([bytes, bytes]), 5), /More than one packet/);
});

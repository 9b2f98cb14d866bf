import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../src/broker/connection.ts";
import type { Mutation } from "../../src/broker/mutation.ts";
import { parsePacket } from "../../src/mqtt/notation.ts";
import { brokenPromise } from "../../src/testing/promise-check.ts";
import { RecordingOutbox } from "../../src/testing/recording-outbox.ts";

const connection = new Connection();
const received: Mutation = { kind: "keepReceived", session: 1, packetIdentifier: 5 };
const settled: Mutation = { kind: "settle", number: 1, owner: 1 };
const deleted: Mutation = { kind: "deleteGroup", group: 1 };

function said(speak: (outbox: RecordingOutbox) => void): string | undefined {
  const outbox = new RecordingOutbox();
  speak(outbox);
  return brokenPromise(outbox.records);
}

test("a promise behind a durable change must wait for the commit", () => {
  const sentence = said((outbox) => {
    outbox.persist(received);
    outbox.send(connection, parsePacket("PUBREC #5"));
  });
  assert.equal(sentence, "PUBREC does not wait for the commit of keepReceived");
  assert.equal(
    said((outbox) => {
      outbox.persist(received);
      outbox.sendAfterCommit(connection, parsePacket("PUBREC #5"));
    }),
    undefined,
  );
});

test("what promises nothing and what came before the change need not wait", () => {
  const sentence = said((outbox) => {
    outbox.send(connection, parsePacket("PUBACK #1"));
    outbox.persist(settled);
    outbox.send(connection, parsePacket("PUBACK #2"));
    outbox.persist(deleted);
    outbox.send(connection, parsePacket("PINGRESP"));
    outbox.send(connection, parsePacket('PUBLISH "t"'));
    outbox.send(connection, parsePacket('PUBLISH q1 #1 "t"'));
  });
  assert.equal(sentence, undefined);
});

test("a QoS 1 or 2 PUBLISH must wait for the row of its Packet Identifier, and not for those of others", () => {
  const bind = (packetIdentifier: number): Mutation => ({
    kind: "bindPacketIdentifier",
    number: 1,
    owner: 1,
    session: packetIdentifier === 0 ? 0 : 1,
    qos: 1,
    packetIdentifier,
    stage: "published",
  });
  const afterRows = (...rows: readonly Mutation[]): string | undefined =>
    said((outbox) => {
      for (const row of rows) outbox.persist(row);
      outbox.send(connection, parsePacket('PUBLISH q1 #1 "t"'));
    });
  assert.equal(afterRows(bind(1)), "PUBLISH does not wait for the commit of bindPacketIdentifier");
  // A retained message to a Session that is not durable, while a shared group takes back what another member had.
  assert.equal(afterRows(bind(0), bind(2)), undefined);
});

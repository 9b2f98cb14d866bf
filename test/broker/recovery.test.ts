import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { QueuedMessage, Target } from "../../src/broker/mutation.ts";
import { keepFor, message, session, subscription, target, will } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

const never = 0xffff_ffff;
const group = 5;

function queued(number: number, ...targets: readonly Target[]): QueuedMessage {
  return { kind: "queuedMessage", number, bytes: 200, targets };
}

function ofGroup(replaced: Partial<Target>): Target {
  return target(group, { kind: "group", qos: 2, ...replaced });
}

describe("after a restart", () => {
  test("what waited for a group that is no more is settled", () => {
    const stage = new BrokerStage();
    stage.recover([queued(1, ofGroup({})), queued(2, ofGroup({ session: 9, packetIdentifier: 4 }))], 0);
    assert.deepEqual(stage.persisted(), [
      { kind: "settle", number: 1, owner: group },
      { kind: "settle", number: 2, owner: group },
    ]);
    assert.equal(stage.broker.counters.queuedMessages, 0);
  });

  test("a Session that ended with the process takes what waited for it off the count", () => {
    const stage = new BrokerStage();
    const ended = session(1, { disconnectedAt: 0, sessionExpiryIntervalSeconds: 0 });
    stage.recover([ended, queued(1, target(1, { packetIdentifier: 3 })), queued(2, target(1))], 2);
    const { queuedMessages, sessions } = stage.broker.counters;
    assert.deepEqual({ queuedMessages, sessions }, { queuedMessages: 0, sessions: 0 });
  });

  test("what waited for a Session that is no more is settled", () => {
    const stage = new BrokerStage();
    stage.recover([queued(1, target(9))], 0);
    assert.deepEqual(stage.persisted(), [{ kind: "settle", number: 1, owner: 9 }]);
  });

  test("QoS 2 in flight of a member that left its group is completed by it, and QoS 1 is for the others", () => {
    const stage = new BrokerStage();
    stage.recover(
      [
        session(1, { clientId: "left", disconnectedAt: 1, sessionExpiryIntervalSeconds: never, principalName: "" }),
        session(2, { clientId: "stays", disconnectedAt: 1, sessionExpiryIntervalSeconds: never, principalName: "" }),
        subscription(2, "$share/g/t", { group }),
        queued(1, ofGroup({ session: 1, packetIdentifier: 7, stage: "received" })),
        queued(2, ofGroup({ session: 1, packetIdentifier: 8, qos: 1 })),
      ],
      2,
    );
    const left = stage.connect("CONNECT left sessionExpiryInterval=100", 3);
    assert.deepEqual(
      stage.sent().filter((line) => !line.includes("CONNACK")),
      ["left < PUBREL #7 (after commit)"],
    );
    stage.connect("CONNECT stays sessionExpiryInterval=100", 3);
    stage.fetched((number) => keepFor(number, [group], { qos: 1 }), 3);
    assert.deepEqual(stage.sent(), ['stays < PUBLISH q1 #1 "orders/17/status" payload="shipped" (after commit)']);
    // Its last member goes, and only what still waits goes with the group.
    stage.receive(left, ["PUBCOMP #7"], 4);
    assert.deepEqual(stage.persisted(), [{ kind: "settle", number: 1, owner: group }]);
  });

  test("the Packet Identifier of QoS 1 that is for the others is free in the store too, or two messages would have it", () => {
    const stage = new BrokerStage();
    const rows = [
      session(1, { clientId: "left" }),
      session(2, { clientId: "stays" }),
      subscription(2, "$share/g/t", { group }),
    ];
    stage.recover([...rows, queued(1, ofGroup({ qos: 1, session: 1, packetIdentifier: 2 }))], 0);
    assert.deepEqual(
      stage.persisted().filter(({ kind }) => kind === "bindPacketIdentifier"),
      [
        {
          kind: "bindPacketIdentifier",
          number: 1,
          owner: group,
          qos: 1,
          session: 0,
          packetIdentifier: 0,
          stage: "published",
        },
      ],
    );
  });

  test("a Session whose clock has come is gone, and its Will is out, for a Client that is back before anybody looked", () => {
    const stage = new BrokerStage({ sliceMax: 1 });
    const watcher = { clientId: "watcher", disconnectedAt: 1, sessionExpiryIntervalSeconds: never, principalName: "" };
    stage.recover(
      [
        session(1, { clientId: "late", disconnectedAt: 1, sessionExpiryIntervalSeconds: 10, principalName: "" }),
        will(1, { dueAt: 5_000 }),
        session(2, watcher),
        subscription(2, "clients/gone"),
      ],
      60_000,
    );
    stage.connect("CONNECT late sessionExpiryInterval=10", 60_000);
    const rows = stage.persisted().map(({ kind }) => kind);
    assert.ok(rows.includes("deleteSession") && rows.includes("keepMessage"), rows.join(" "));
    assert.equal(stage.broker.counters.clientsExpired, 1);
  });

  test("a Will whose delay is over is published, though its Client comes back before anybody looked", () => {
    const stage = new BrokerStage();
    stage.recover(
      [
        session(1, { clientId: "late", disconnectedAt: 1, sessionExpiryIntervalSeconds: never, principalName: "" }),
        will(1, { dueAt: 5_000 }),
      ],
      60_000,
    );
    const late = stage.connect("CONNECT late sessionExpiryInterval=10", 60_000);
    assert.ok(stage.persisted().some(({ kind }) => kind === "putRetained"));
    assert.equal(late.session?.number, 1);
  });
});

describe("bodies that come from the store", () => {
  const rows = [
    session(1, { clientId: "c", disconnectedAt: 1, sessionExpiryIntervalSeconds: never, principalName: "" }),
    subscription(1, "t"),
  ];

  test("a message that was settled meanwhile is passed over, in flight or waiting", () => {
    const stage = new BrokerStage();
    stage.recover([...rows, queued(1, target(1, { session: 1, packetIdentifier: 3 })), queued(2, target(1))], 2);
    const c = stage.connect("CONNECT c sessionExpiryInterval=100", 3);
    assert.deepEqual(
      stage.fetched(() => undefined, 3),
      [1],
    );
    assert.deepEqual(
      stage.fetched(() => undefined, 3),
      [2],
    );
    assert.deepEqual(stage.sent(), []);
    assert.equal(stage.broker.counters.queuedMessages, 0);
    assert.equal(c.session?.fetched.size, 0);
  });

  test("no more of them are kept than one fetch brings, and none when nothing waits", () => {
    const stage = new BrokerStage({ messageCacheBytesMax: 0, inFlightMax: 1 });
    stage.recover([...rows, queued(1, target(1)), queued(2, target(1))], 2);
    const c = stage.connect("CONNECT c sessionExpiryInterval=100", 3);
    assert.deepEqual(
      stage.fetched((number) => keepFor(number, [1]), 3),
      [1, 2],
    );
    assert.equal(c.session?.fetched.size, 1);
    stage.receive(c, ["PUBACK #1"], 4);
    assert.equal(c.session?.fetched.size, 0);
    stage.receive(c, ["PUBACK #2"], 4);
    assert.equal(stage.broker.counters.queuedMessages, 0);
  });

  test("a body of a group's message that came too late is not kept", () => {
    const stage = new BrokerStage({ messageCacheBytesMax: 0, queueMessagesMax: 1 });
    stage.recover([...rows, subscription(1, "$share/g/t", { group }), queued(1, target(group, { kind: "group" }))], 2);
    const c = stage.connect("CONNECT c sessionExpiryInterval=100", 3);
    const [member] = c.session?.groups ?? [];
    const asked = stage.outbox.take().find((record) => record.verb === "fetch");
    assert.ok(asked?.verb === "fetch" && member !== undefined);
    // Its place in the queue is taken by a later one, which is sent at once.
    member.pending.shift();
    stage.broker.fetched(group, [keepFor(1, [group], message())], 3);
    assert.equal(member.fetched.size, 0);
  });

  test("what is acknowledged before it was sent again is not sent again", () => {
    const stage = new BrokerStage();
    const bound = [1, 2].map((number) => queued(number, target(1, { session: 1, packetIdentifier: number })));
    stage.recover([...rows, ...bound], 2);
    const c = stage.connect("CONNECT c sessionExpiryInterval=100 receiveMaximum=1", 3);
    stage.fetched((number) => keepFor(number, [1]), 3);
    assert.equal(stage.sent().length, 1);
    stage.receive(c, ["PUBACK #2", "PUBACK #1"], 4);
    assert.deepEqual(stage.sent(), []);
    assert.equal(stage.broker.counters.queuedMessages, 0);
  });
});

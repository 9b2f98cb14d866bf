import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Connection } from "../../src/broker/connection.ts";
import { message } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "./stage.ts";

/** Subscribes to each filter by itself; the Reason Codes. */
function subscribe(stage: BrokerStage, connection: Connection, filters: readonly string[]): string[] {
  stage.outbox.take();
  stage.receive(
    connection,
    filters.map((filter, index) => `SUBSCRIBE #${index + 1} "${filter}" q0`),
  );
  return stage.sent().map((line) => /SUBACK #\d+ (0x..)/.exec(line)?.[1] ?? line);
}

describe("the memory of subscriptions", () => {
  // 256 for each, its text, 160 for each level of those with wildcards.
  const wild = 256 + 3 + 2 * 160;

  test("it is bounded per Session, and filters without wildcards cost no levels", () => {
    const stage = new BrokerStage({ subscriptionBytesPerSessionMax: 2 * wild });
    const one = stage.connect("CONNECT one clean");
    assert.deepEqual(subscribe(stage, one, ["a/+", "b/+", "c"]), ["0x00", "0x00", "0x97"]);
    const other = stage.connect("CONNECT other clean");
    assert.deepEqual(subscribe(stage, other, ["a/b/c/d/e", "b/+"]), ["0x00", "0x00"]);
  });

  test("a subscription that is replaced or ended makes room", () => {
    const stage = new BrokerStage({ subscriptionBytesPerSessionMax: wild });
    const one = stage.connect("CONNECT one clean");
    assert.deepEqual(subscribe(stage, one, ["a/+", "a/+", "b/+"]), ["0x00", "0x00", "0x97"]);
    stage.receive(one, ['UNSUBSCRIBE #9 "a/+"']);
    assert.deepEqual(subscribe(stage, one, ["b/+"]), ["0x00"]);
  });

  test("a Shared Subscription counts like another one, for each member", () => {
    const stage = new BrokerStage({ subscriptionBytesPerSessionMax: wild });
    const one = stage.connect("CONNECT one clean");
    assert.deepEqual(subscribe(stage, one, ["$share/g/a/+", "b/+"]), ["0x00", "0x97"]);
    stage.receive(one, ['UNSUBSCRIBE #9 "$share/g/a/+"']);
    assert.deepEqual(subscribe(stage, one, ["b/+"]), ["0x00"]);
  });

  test("above the bound of all, who has less than an even part may still subscribe", () => {
    const stage = new BrokerStage({ subscriptionBytesMax: 4 * wild });
    const greedy = stage.connect("CONNECT greedy clean");
    const filters = ["a/+", "b/+", "c/+", "d/+", "e/+"];
    assert.deepEqual(subscribe(stage, greedy, filters), ["0x00", "0x00", "0x00", "0x00", "0x97"]);
    const other = stage.connect("CONNECT other clean");
    assert.deepEqual(subscribe(stage, other, filters), ["0x00", "0x00", "0x97", "0x97", "0x97"]);
  });

  test("the end of a Session gives all of it back", () => {
    const stage = new BrokerStage({ subscriptionBytesMax: 4 * wild, wildcardShapesMax: 1 });
    const filters = ["a/+", "b/+", "c/+", "d/+"];
    for (let round = 0; round < 3; round += 1) {
      const one = stage.connect("CONNECT one clean");
      assert.deepEqual(subscribe(stage, one, filters), ["0x00", "0x00", "0x00", "0x00"]);
      stage.broker.closed(one, 0);
    }
  });

  test("subscriptions that a store kept count", () => {
    const stage = new BrokerStage({ subscriptionBytesPerSessionMax: wild });
    const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscription = { ...options, subscriptionIdentifier: 0, isFiltered: false };
    const session = { session: 5, tenant: 0, clientId: "one", principalName: "", sessionExpiryIntervalSeconds: 100 };
    stage.recover(
      [
        { kind: "putSession", ...session, disconnectedAt: 1 },
        { kind: "putSubscription", session: 5, topicFilter: "a/+", subscription, group: 0 },
      ],
      10,
    );
    const one = stage.connect("CONNECT one sessionExpiryInterval=100", 20);
    assert.deepEqual(subscribe(stage, one, ["b/+"]), ["0x97"]);
  });
});

describe("the shapes of filters with wildcards", () => {
  test("they are bounded per Session, however many filters have the same", () => {
    const stage = new BrokerStage({ wildcardShapesPerSessionMax: 2 });
    const one = stage.connect("CONNECT one clean");
    const filters = ["a/+", "b/+", "+/a", "c/+", "a/#", "+", "a/b/c"];
    assert.deepEqual(subscribe(stage, one, filters), ["0x00", "0x00", "0x00", "0x00", "0x97", "0x97", "0x00"]);
  });

  test("they are bounded over all Sessions: a known one is granted, a new one is not", () => {
    const stage = new BrokerStage({ wildcardShapesMax: 2 });
    const one = stage.connect("CONNECT one clean");
    assert.deepEqual(subscribe(stage, one, ["a/+", "+/a"]), ["0x00", "0x00"]);
    const other = stage.connect("CONNECT other clean");
    assert.deepEqual(subscribe(stage, other, ["b/+", "b/#", "+/b"]), ["0x00", "0x97", "0x00"]);
    stage.receive(one, ['UNSUBSCRIBE #9 "+/a"']);
    // The other one still has it.
    assert.deepEqual(subscribe(stage, other, ["b/#"]), ["0x97"]);
    stage.receive(other, ['UNSUBSCRIBE #9 "+/b"']);
    assert.deepEqual(subscribe(stage, other, ["b/#"]), ["0x00"]);
  });
});

test("a SUBSCRIBE with more filters than subscriptionsMax is answered for each, and observed once", () => {
  const stage = new BrokerStage({ subscriptionsMax: 2 });
  const one = stage.connect("CONNECT one clean requestProblemInformation=0");
  stage.outbox.take();
  stage.receive(one, ['SUBSCRIBE #1 "a" q1, "a" q0, "a" q1, "b" q1, "c" q1']);
  const observed = stage.outbox.lines().filter((line) => line.startsWith("observe"));
  assert.equal(observed.length, 1);
  assert.match(observed[0]!, /subscribeRefused.*topic filters in one SUBSCRIBE \(subscriptionsMax\)/);
  assert.deepEqual(stage.sent(), ["one < SUBACK #1 0x01 0x00 0x97 0x97 0x97"]);
});

describe("the memory of all queues", () => {
  const body = "x".repeat(600);

  function publish(stage: BrokerStage, topicName: string, count: number): void {
    for (let sent = 0; sent < count; sent += 1) {
      stage.broker.publish(undefined, message({ topicName, payload: Buffer.from(body) }), undefined, 0);
    }
  }

  function silent(stage: BrokerStage, name: string): Connection {
    const connection = stage.connect(`CONNECT ${name} clean receiveMaximum=1`);
    stage.receive(connection, [`SUBSCRIBE #1 "${name}" q1`]);
    publish(stage, name, 1);
    return connection;
  }

  /** How many messages come until nothing waits any more. */
  function drained(stage: BrokerStage, connection: Connection): number {
    for (let came = 0; ; ) {
      const sent = stage.sent().filter((line) => line.includes("PUBLISH"));
      if (sent.length === 0) return came;
      came += sent.length;
      for (const line of sent) stage.receive(connection, [`PUBACK ${/#\d+/.exec(line)?.[0]}`]);
    }
  }

  test("above the bound the queue that has more than an even part drops its oldest, and others do not", () => {
    // One waiting message counts for about 740 bytes.
    const stage = new BrokerStage({ queuedBytesMax: 8_000 });
    const greedy = silent(stage, "greedy");
    const modest = silent(stage, "modest");
    publish(stage, "greedy", 30);
    publish(stage, "modest", 3);
    assert.ok(stage.broker.counters.publishDropped >= 20);
    const dropped = stage.broker.counters.publishDropped;
    publish(stage, "modest", 1);
    assert.equal(stage.broker.counters.publishDropped, dropped);
    stage.sent();
    stage.receive(modest, ["PUBACK #1"]);
    assert.equal(drained(stage, modest), 4);
    stage.receive(greedy, ["PUBACK #1"]);
    assert.equal(drained(stage, greedy), 30 - dropped);
    assert.equal(stage.broker.counters.queuedMessages, 0);
  });

  test("a Session that ends gives its part back", () => {
    const stage = new BrokerStage({ queuedBytesMax: 8_000 });
    for (let round = 0; round < 3; round += 1) {
      const greedy = silent(stage, "greedy");
      publish(stage, "greedy", 10);
      stage.broker.closed(greedy, 0);
    }
    assert.equal(stage.broker.counters.publishDropped, 0);
  });

  test("a shared group that ends gives its part back", () => {
    const stage = new BrokerStage({ queuedBytesMax: 8_000 });
    for (let round = 0; round < 3; round += 1) {
      const member = stage.connect("CONNECT member clean receiveMaximum=1");
      stage.receive(member, ['SUBSCRIBE #1 "$share/g/t" q1']);
      publish(stage, "t", 11);
      stage.broker.closed(member, 0);
    }
    assert.equal(stage.broker.counters.publishDropped, 0);
  });

  test("what waits on disk does not count", () => {
    const stage = new BrokerStage({ queuedBytesMax: 8_000 });
    const away = stage.connect("CONNECT away sessionExpiryInterval=100");
    stage.receive(away, ['SUBSCRIBE #1 "t" q1']);
    stage.broker.closed(away, 0);
    publish(stage, "t", 100);
    assert.equal(stage.broker.counters.publishDropped, 0);
  });

  test("a message above an even part is dropped where nothing waits yet", () => {
    const stage = new BrokerStage({ queuedBytesMax: 800 });
    const one = silent(stage, "one");
    const other = silent(stage, "other");
    publish(stage, "one", 1);
    publish(stage, "other", 1);
    assert.equal(stage.broker.counters.publishDropped, 1);
    stage.sent();
    stage.receive(other, ["PUBACK #1"]);
    assert.equal(drained(stage, other), 0);
    stage.receive(one, ["PUBACK #1"]);
    assert.equal(drained(stage, one), 1);
  });
});

describe("the memory of all Wills", () => {
  const line = (name: string) => `CONNECT ${name} sessionExpiryInterval=100 will(q0 "w" payload="${"x".repeat(100)}")`;

  test("above the bound a CONNECT with a Will is refused with 0x97, one without is not", () => {
    const stage = new BrokerStage({ willBytesMax: 500 });
    stage.connect(line("one"));
    stage.connect(line("two"));
    stage.sent();
    stage.connect(line("three"));
    assert.match(stage.sent()[0]!, /three < CONNACK 0x97 reasonString="Wills of more than 500 bytes \(willBytesMax\)"/);
    stage.connect("CONNECT four");
    assert.match(stage.sent()[0]!, /four < CONNACK 0x00/);
  });

  test("a Will that is published, removed or replaced makes room", () => {
    const stage = new BrokerStage({ willBytesMax: 250 });
    stage.connect(line("one"));
    const again = stage.connect(line("one"));
    stage.sent();
    stage.receive(again, ["DISCONNECT"]);
    const other = stage.connect(line("other"));
    stage.broker.closed(other, 0);
    stage.sent();
    stage.connect(line("third"));
    assert.match(stage.sent()[0]!, /third < CONNACK 0x00/);
  });
});

test("Retained Messages for many new subscriptions go out in slices that all of them share, in turn", () => {
  const stage = new BrokerStage({ sliceMax: 10 });
  for (let index = 0; index < 60; index += 1) {
    const retained = message({ topicName: String(index), qos: 0, retain: true });
    stage.broker.publish(undefined, retained, undefined, 0);
  }
  const names = ["a", "b", "c"];
  for (const name of names) stage.receive(stage.connect(`CONNECT ${name} clean`), ['SUBSCRIBE #1 "#" q0']);
  stage.sent();
  const came = new Map(names.map((name) => [name, 0]));
  for (let slices = 0; stage.broker.nextDeadline() === 0; slices += 1) {
    assert.ok(slices < 60);
    stage.broker.elapsed(0);
    const sent = stage.sent();
    assert.ok(sent.length <= 10, `${sent.length} in one slice`);
    for (const line of sent) came.set(line[0]!, came.get(line[0]!)! + 1);
  }
  // The rest came with the SUBACK.
  for (const name of names) assert.ok(came.get(name)! > 40, `${came.get(name)} for ${name}`);
});

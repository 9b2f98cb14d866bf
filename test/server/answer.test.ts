import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { answer, type Row } from "../../src/server/answer.ts";
import type { Question } from "../../src/server/question.ts";
import type { StoredMessage } from "../../src/store/store.ts";
import { message, target } from "../../src/testing/store-rows.ts";
import { BrokerStage } from "../broker/stage.ts";

const everything: Question = { about: "sessions", name: "", whole: false, skip: 0, limit: 0 };

interface Heard {
  readonly rows: Row[];
  readonly slices: number;
  /** How often others had their turn meanwhile. */
  readonly turns: number;
}

async function ask(
  stage: BrokerStage,
  question: Partial<Question>,
  sliceMax = 1_000,
  stored: readonly (StoredMessage | undefined)[] = [],
): Promise<Heard | undefined> {
  const read = async (numbers: readonly number[]): Promise<(StoredMessage | undefined)[]> => {
    return numbers.map((number) => stored.find((each) => each?.number === number));
  };
  const asked = {
    inspection: stage.broker.inspect(0),
    store: { read },
    refusals: undefined,
    sliceMax,
    now: () => 5_000,
  };
  const slices = answer({ ...everything, ...question }, asked);
  if (slices === undefined) return undefined;
  const rows: Row[] = [];
  let count = 0;
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns += 1) await setImmediate();
  })();
  for await (const slice of slices) {
    rows.push(...slice);
    count += 1;
  }
  isOver = true;
  await others;
  return { rows, slices: count, turns };
}

function clientIds(heard: Heard | undefined): unknown[] {
  return (heard?.rows ?? []).map((row) => "clientId" in row && row.clientId);
}

test("a long list comes in slices, and others have their turn between them", async () => {
  const stage = new BrokerStage();
  for (let index = 0; index < 95; index += 1) stage.connect(`CONNECT c${index}`);
  const heard = await ask(stage, {}, 10);
  assert.equal(heard?.rows.length, 95);
  assert.equal(heard?.slices, 10);
  assert.ok((heard?.turns ?? 0) >= 9, `${heard?.turns} turns`);
});

test("skip and limit cut a page out, also across slices", async () => {
  const stage = new BrokerStage();
  for (let index = 0; index < 9; index += 1) stage.connect(`CONNECT c${index}`);
  assert.deepEqual(clientIds(await ask(stage, { skip: 2, limit: 3 }, 2)), ["c2", "c3", "c4"]);
  assert.deepEqual(clientIds(await ask(stage, { skip: 8, limit: 3 }, 2)), ["c8"]);
  assert.deepEqual(clientIds(await ask(stage, { skip: 9 })), []);
});

test("a session's own row stands before those of its subscriptions", async () => {
  const stage = new BrokerStage();
  const client = stage.connect('CONNECT a will("w" payload="gone") sessionExpiryInterval=100');
  stage.receive(client, ['SUBSCRIBE #1 subscriptionIdentifier=4 "x" q1 noLocal, "y" q0 retainHandling=2']);
  const heard = await ask(stage, { about: "session", name: "a", skip: 1 });
  assert.deepEqual(heard?.rows, [
    {
      clientId: "a",
      user: "",
      connected: true,
      durable: true,
      subscriptions: 2,
      waiting: 0,
      inFlight: 0,
      dropped: 0,
      sessionExpirySeconds: 100,
      expiresAt: null,
      willTopicName: "w",
    },
    {
      topicFilter: "y",
      qos: 0,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 2,
      subscriptionIdentifier: 4,
    },
  ]);
  stage.broker.closed(client, 1_000);
  const [row] = (await ask(stage, {}))?.rows ?? [];
  assert.equal(row !== undefined && "expiresAt" in row && row.expiresAt, "1970-01-01T00:01:41.000Z");
});

for (const about of ["session", "queue", "retainedMessage"] as const) {
  test(`about a ${about} that there is not there is no answer`, async () => {
    assert.equal(await ask(new BrokerStage(), { about, name: "nothing" }), undefined);
  });
}

test("a retained message that has expired is not shown", async () => {
  const stage = new BrokerStage();
  for (const [topicName, expiresAt] of [
    ["a", 4_999],
    ["b", 5_001],
  ] as const) {
    stage.broker.publish(undefined, message({ topicName, retain: true, expiresAt }), undefined, 0);
  }
  const heard = await ask(stage, { about: "retained", name: "#" });
  assert.deepEqual(
    heard?.rows.map((row) => "topicName" in row && row.topicName),
    ["b"],
  );
  assert.equal(await ask(stage, { about: "retainedMessage", name: "a" }), undefined);
});

test("bodies that are not in memory are read from the store; one that was settled meanwhile is left out", async () => {
  const stage = new BrokerStage();
  const session = { tenant: 0, principalName: "", sessionExpiryIntervalSeconds: 100, disconnectedAt: 1 } as const;
  const queued = (number: number) => ({ kind: "queuedMessage", number, bytes: 1, targets: [target(7)] }) as const;
  stage.recover([{ kind: "putSession", session: 7, clientId: "away", ...session }, queued(8), queued(9)], 2);
  const body = message({ qos: 2, payload: Uint8Array.of(0xff) });
  const stored = [{ number: 9, message: body, targets: [target(6, { qos: 0 }), target(7, { qos: 1 })] }];
  const heard = await ask(stage, { about: "queue", name: "away", whole: true }, 1_000, stored);
  assert.deepEqual(heard?.rows, [
    {
      number: 9,
      state: "waiting",
      packetIdentifier: null,
      topicName: "orders/17/status",
      qos: 1,
      retain: false,
      bytes: 1,
      publishedAt: null,
      expiresAt: null,
      properties: {},
      payloadBase64: "/w==",
    },
  ]);
});

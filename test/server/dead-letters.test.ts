import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { pino } from "pino";
import type { Observation } from "../../src/broker/observation.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { DeadLetters, type DeadLettersOptions } from "../../src/server/dead-letters.ts";
import { createMemoryDeadLetters, type DeadLetterStore, deadLetterCauses } from "../../src/store/dead-letters.ts";
import type { StoredMessage } from "../../src/store/store.ts";
import { message } from "../../src/testing/store-rows.ts";

type Loss = Extract<Observation, { kind: "publishRefused" | "messageLost" }>;

const principal = { tenant: 0, name: "alice", roles: [], clientId: "c" };
const limits = { deadLettersMax: 100_000, deadLetterBytesMax: 67_108_864 };

function refused(payload: Uint8Array = Buffer.from("x"), deadLetter = true): Loss {
  return {
    kind: "publishRefused",
    clientId: "c",
    userName: "alice",
    topicName: "t",
    reasonCode: ReasonCode.PayloadFormatInvalid,
    reason: "no",
    place: "",
    deadLetter,
    principal,
    message: message({ topicName: "t", payload }),
  };
}

const inStoreOnly: Loss = { kind: "messageLost", cause: "overflowed", clientId: "s", number: 7, message: undefined };

describe("dead letters", () => {
  let letters: DeadLetterStore;
  let logged: { level: number; msg: string }[];
  beforeEach(() => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
    letters = createMemoryDeadLetters(limits);
    logged = [];
  });
  afterEach(() => mock.timers.reset());

  function open(replaced: Partial<DeadLettersOptions> = {}): DeadLetters {
    return new DeadLetters({
      letters,
      causes: deadLetterCauses,
      deadLettersPerSecondMax: 10,
      deadLetterBytesMax: limits.deadLetterBytesMax,
      store: { read: () => Promise.resolve([undefined]) },
      log: pino({ level: "warn" }, { write: (line: string) => logged.push(JSON.parse(line)) }),
      ...replaced,
    });
  }

  test("keep a copy of what holds only during the call", async () => {
    const dead = open();
    const payload = Buffer.from("before");
    dead.take(refused(payload));
    payload.fill("x");
    await dead.write();
    const letter = await letters.read(1);
    assert.equal(Buffer.from(letter!.message.payload).toString(), "before");
    assert.equal(letter!.principal?.name, "alice");
    assert.equal(letter!.at, 1_000_000);
  });

  test("above a rate they are counted and not kept, and people hear of it once", async () => {
    const dead = open();
    for (let step = 0; step < 100_000; step += 1) dead.take(refused());
    await dead.write();
    assert.equal(letters.count, 10);
    assert.equal(dead.leftOut, 99_990);
    mock.timers.setTime(1_001_000);
    for (let step = 0; step < 11; step += 1) dead.take(refused());
    await dead.write();
    assert.equal(letters.count, 20);
    assert.deepEqual(
      logged.map(({ level }) => level),
      [40],
    );
  });

  test("a flood of one cause leaves the others their rate", async () => {
    const dead = open({ deadLettersPerSecondMax: 1 });
    for (let step = 0; step < 5; step += 1) dead.take(refused());
    dead.take({ ...inStoreOnly, cause: "expired", message: message({ topicName: "e" }) });
    await dead.write();
    assert.equal((await letters.read(2))?.cause, "expired");
  });

  test("what waits to be written has a bound in bytes", async () => {
    const dead = open({ deadLettersPerSecondMax: 1_000 });
    for (let step = 0; step < 40; step += 1) dead.take(refused(Buffer.alloc(1_000_000)));
    assert.ok(dead.count < 10, String(dead.count));
    assert.equal(dead.count + dead.leftOut, 40);
    await dead.close();
  });

  test("a cause that is not wanted is not kept, and not counted as left out", async () => {
    const dead = open({ causes: ["expired"] });
    dead.take(refused());
    dead.take(refused(undefined, false));
    await dead.write();
    assert.equal(letters.count + dead.leftOut, 0);
  });

  test("a body that is in the store only is read at once, before the commit that settles it", async () => {
    const asked: (readonly number[])[] = [];
    const stored: StoredMessage = { number: 7, message: message({ topicName: "stored" }), targets: [] };
    const dead = open({
      store: {
        read: (numbers) => {
          asked.push(numbers);
          return Promise.resolve([stored]);
        },
      },
    });
    dead.take(inStoreOnly);
    assert.deepEqual(asked, [[7]]);
    await Promise.resolve();
    await dead.write();
    assert.equal((await letters.read(1))?.message.topicName, "stored");
  });

  test("a body that cannot be read any more is left out", async () => {
    const dead = open();
    dead.take(inStoreOnly);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(dead.leftOut, 1);
    await dead.close();
  });

  test("a disk that takes none costs the letters, and nothing else", async () => {
    const full = { ...letters, count: 0, add: () => Promise.reject(new Error("ENOSPC")), close: async () => {} };
    const dead = open({ letters: full as unknown as DeadLetterStore });
    dead.take(refused());
    await dead.write();
    assert.equal(dead.leftOut, 1);
    assert.match(logged[0]?.msg ?? "", /1 dead letters could not be written; they are lost/);
    await dead.close();
  });
});

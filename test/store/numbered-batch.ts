import assert from "node:assert/strict";
import type { Mutation } from "../../src/broker/mutation.ts";
import type { Store } from "../../src/store/store.ts";
import { keepFor, retained, session, settle, subscription, will } from "../../src/testing/store-rows.ts";
import { stateOf } from "../../src/testing/store-state.ts";

/** How many messages are not settled at any time. */
const open = 10;

/** One batch that touches every table; what a store must hold after it follows from its number. */
export function batchOf(number: number): readonly Mutation[] {
  const body = new Uint8Array((number * 7_919) % 20_000).fill(number);
  return [
    session(1, { disconnectedAt: number }),
    subscription(1, `of/${number}`),
    { kind: "deleteSubscription", session: 1, topicFilter: `of/${number - 1}` },
    { kind: "keepReceived", session: 1, packetIdentifier: 1 + (number % 2) },
    { kind: "releaseReceived", session: 1, packetIdentifier: 1 + ((number + 1) % 2) },
    will(1, { dueAt: number }),
    retained("last", number, { payload: body }),
    { kind: "alive", at: number },
    keepFor(number, [1], { payload: body }),
    settle(number - open, 1),
  ];
}

/** Checks that a store holds some batch whole and nothing of another; gives back its number. */
export async function numberIn(store: Store): Promise<number> {
  const { rows, messages, lastNumber: number } = await stateOf(store);
  if (number === 0) return 0;
  const first = Math.max(1, number - open + 1);
  const numbers = Array.from({ length: number - first + 1 }, (_, index) => first + index);
  assert.deepEqual([...messages.keys()], numbers);
  assert.deepEqual([...rows.keys()].sort(), [
    "alive",
    "putSession 1",
    "putWill 1",
    `received 1 ${1 + (number % 2)}`,
    "retained 0 last",
    `subscription 1 of/${number}`,
  ]);
  assert.equal((rows.get("alive") as { at: number }).at, number);
  assert.equal((rows.get("putSession 1") as { disconnectedAt: number }).disconnectedAt, number);
  assert.equal((rows.get("putWill 1") as { dueAt: number }).dueAt, number);
  assert.equal((rows.get("retained 0 last") as { stamp: number }).stamp, number);
  for (const stored of await store.read(numbers)) {
    const body = (stored!.number * 7_919) % 20_000;
    assert.deepEqual(stored?.message.payload, new Uint8Array(body).fill(stored!.number));
  }
  return number;
}

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Mutation, Target } from "../../src/broker/mutation.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { bind, keepFor, retained, session, settle, subscription, target, will } from "../../src/testing/store-rows.ts";
import { readOf, stateOf } from "../../src/testing/store-state.ts";

/** What is done next; the numbers choose among what there is. */
interface Step {
  readonly kind: "begin" | "group" | "end" | "keep" | "settle" | "bind" | "row" | "commit" | "reopen";
  readonly choice: number;
  readonly many: readonly number[];
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom("begin", "group") },
    { weight: 1, arbitrary: fc.constantFrom("end", "reopen") },
    { weight: 12, arbitrary: fc.constantFrom("keep", "settle", "settle", "bind", "row") },
    { weight: 4, arbitrary: fc.constant("commit") },
  ) as fc.Arbitrary<Step["kind"]>,
  choice: fc.nat(1_000),
  many: fc.array(fc.nat(1_000), { maxLength: 5 }),
});

test("whatever is committed, both engines hold the same, also when they are opened again", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 300, size: "max" }), run), {
    numRuns: Number(process.env["STORE_MODEL_RUNS"] ?? 25),
  });
});

async function run(steps: readonly Step[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "petstore-mqtt-"));
  let store: Store = (await openEmbeddedStore(directory)).store;
  const reference = createMemoryStore();
  const author = new Author();
  try {
    await stateOf(store);
    for (const { kind, choice, many } of steps) {
      if (kind !== "commit" && kind !== "reopen") {
        author.write(kind, choice, many);
        continue;
      }
      const batch = author.batch.splice(0);
      for (let time = choice % 3 === 0 ? 2 : 1; time > 0; time -= 1) {
        await store.commit(batch);
        await reference.commit(batch);
      }
      if (kind === "commit") continue;
      await store.close();
      store = (await openEmbeddedStore(directory)).store;
      assert.deepEqual(await stateOf(store), await stateOf(reference));
      const numbers = many.map((number) => number % (author.number + 1));
      assert.deepEqual((await store.read(numbers)).map(readOf), (await reference.read(numbers)).map(readOf));
    }
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}

/** Writes batches that the core could have written. */
class Author {
  readonly batch: Mutation[] = [];
  number = 0;
  #owner = 0;
  readonly #sessions: number[] = [];
  /** Group → the Session that is its member. */
  readonly #groups = new Map<number, number>();

  write(kind: Exclude<Step["kind"], "commit" | "reopen">, choice: number, many: readonly number[]): void {
    const chosen = this.#sessions[choice % this.#sessions.length];
    if (kind === "begin" || chosen === undefined) this.#begin(choice);
    else if (kind === "group") this.#group(chosen);
    else if (kind === "end") this.#end(chosen, choice);
    else if (kind === "keep") this.#keep(choice, many);
    else if (kind === "row") this.#row(chosen, choice, many);
    else this.#flow(kind, choice, many);
  }

  #begin(choice: number): void {
    this.#owner += 1;
    this.#sessions.push(this.#owner);
    this.batch.push(session(this.#owner, { disconnectedAt: choice }));
  }

  #group(member: number): void {
    this.#owner += 1;
    this.#groups.set(this.#owner, member);
    this.batch.push(subscription(member, `$share/${this.#owner}/#`, { group: this.#owner }));
  }

  #end(chosen: number, choice: number): void {
    const groups = [...this.#groups].filter(([, member]) => member === chosen).map(([group]) => group);
    if (choice % 2 === 0) {
      this.#sessions.splice(this.#sessions.indexOf(chosen), 1);
      this.batch.push({ kind: "deleteSession", session: chosen });
    }
    for (const group of groups) {
      this.#groups.delete(group);
      const topicFilter = `$share/${group}/#`;
      this.batch.push({ kind: "deleteSubscription", session: chosen, topicFilter }, { kind: "deleteGroup", group });
    }
  }

  #keep(choice: number, many: readonly number[]): void {
    this.number += 1 + (choice % 2);
    const owners = new Map<number, Target>();
    const all = [...this.#sessions, ...this.#groups.keys()];
    for (const number of [choice, ...many]) {
      const owner = all[number % all.length] ?? 0;
      const member = this.#groups.get(owner);
      const bound = number % 3 === 0 ? { session: member ?? owner, packetIdentifier: number + 1 } : {};
      owners.set(owner, target(owner, { kind: member === undefined ? "session" : "group", ...bound }));
    }
    const payload = new Uint8Array(choice % 7 === 0 ? 40_000 : choice);
    this.batch.push({ ...keepFor(this.number, [], { payload }), targets: [...owners.values()] });
  }

  /** Also of what was never kept, or was settled before. */
  #flow(kind: "settle" | "bind", choice: number, many: readonly number[]): void {
    if (this.number === 0) return;
    const all = [...this.#sessions, ...this.#groups.keys()];
    for (const number of [choice, ...many].map((chosen) => 1 + (chosen % this.number))) {
      const owner = all[choice % all.length] ?? 0;
      const member = this.#groups.get(owner) ?? owner;
      if (kind === "settle") this.batch.push(settle(number, owner));
      else this.batch.push(bind(number, owner, { session: member, packetIdentifier: choice, stage: "received" }));
    }
  }

  #row(chosen: number, choice: number, many: readonly number[]): void {
    const packetIdentifier = 1 + (choice % 5);
    const topicName = `t/${choice % 5}`;
    this.number += 1;
    const rows: readonly Mutation[] = [
      { kind: "keepReceived", session: chosen, packetIdentifier },
      { kind: "releaseReceived", session: chosen, packetIdentifier },
      subscription(chosen, topicName),
      { kind: "deleteSubscription", session: chosen, topicFilter: topicName },
      will(chosen, { dueAt: choice }),
      { kind: "deleteWill", session: chosen },
      retained(topicName, this.number),
      { kind: "deleteRetained", tenant: 0, topicName },
      { kind: "alive", at: choice },
    ];
    for (const number of [choice, ...many]) this.batch.push(rows[number % rows.length]!);
  }
}

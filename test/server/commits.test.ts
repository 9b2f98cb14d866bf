import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { Mutation } from "../../src/broker/mutation.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { bytesOf, publish, range } from "../net/pair.ts";
import { stage } from "./stage.ts";

const one = bytesOf([publish(0)]).length;

function mutation(number: number): Mutation {
  return { kind: "settle", number, owner: 1 };
}

/** Lets everything run that needs no socket. */
function turnPasses(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

describe("a commit", () => {
  test("a promise leaves after it, what stands behind it too, other connections at once", async () => {
    const { turn, store, connect, close } = stage();
    const [first, second] = [await connect(), await connect()];
    turn.now();
    turn.send(first.connection, publish(0));
    turn.persist(mutation(1));
    turn.sendAfterCommit(first.connection, publish(1));
    turn.send(first.connection, publish(2));
    turn.send(second.connection, publish(9));
    await Promise.all([first.bytes(one), second.bytes(one), store.asked(1)]);
    await turnPasses();
    assert.equal(first.received().length, one);
    store.keep();
    await first.bytes(3 * one);
    assert.ok(first.received().equals(bytesOf([publish(0), publish(1), publish(2)])));
    close();
  });

  test("a promise with nothing to wait for is a plain send, and asks the store for nothing", async () => {
    const { turn, store, connect, close } = stage();
    const { connection, bytes } = await connect();
    turn.sendAfterCommit(connection, publish(0));
    await bytes(one);
    assert.equal(store.commits.length, 0);
    close();
  });

  test("a promise without rows of its own waits for the commit in flight", async () => {
    const { turn, store, connect, close } = stage();
    const { connection, bytes, received } = await connect();
    turn.now();
    turn.persist(mutation(1));
    await store.asked(1);
    turn.sendAfterCommit(connection, publish(0));
    await turnPasses();
    assert.equal(received().length, 0);
    store.keep();
    await bytes(one);
    close();
  });

  test("one is in flight and one collects", async () => {
    const { turn, store, close } = stage();
    turn.now();
    turn.persist(mutation(1));
    await store.asked(1);
    for (const number of [2, 3]) {
      turn.now();
      turn.persist(mutation(number));
      await turnPasses();
    }
    assert.equal(store.commits.length, 1);
    store.keep();
    await store.asked(2);
    assert.deepEqual(store.commits[1], [mutation(2), mutation(3)]);
    close();
  });

  test("is cut at 5,000 changes, but never inside a verb", async () => {
    const { turn, broker, store, connect, close } = stage();
    const { client } = await connect();
    broker.onReceived = () => {
      for (const number of range(3_000)) turn.persist(mutation(number));
    };
    client.write(bytesOf(range(5).map((number) => publish(number))));
    const sizes: number[] = [];
    for (const count of range(3)) {
      await store.asked(count + 1);
      sizes.push(store.commits[count]!.length);
      store.keep();
    }
    assert.deepEqual(sizes, [6_000, 6_000, 3_000]);
    close();
  });

  test("a refused one is tried again, the same and first in line, and its promises wait", async () => {
    const { turn, broker, store, failures, logged, connect, close } = stage();
    const { connection, bytes, received } = await connect();
    turn.now();
    turn.persist(mutation(1));
    turn.sendAfterCommit(connection, publish(1));
    await store.asked(1);
    turn.now();
    turn.persist(mutation(2));
    turn.sendAfterCommit(connection, publish(2));
    store.refuse(new Error("disk full"));
    await broker.verb("refusing");
    await store.asked(2);
    store.refuse(new Error("disk full"));
    await store.asked(3);
    assert.deepEqual(store.commits, [[mutation(1)], [mutation(1)], [mutation(1)]]);
    assert.equal(received().length, 0);
    store.keep();
    await broker.verb("ready");
    await bytes(one);
    assert.ok(received().equals(bytesOf([publish(1)])));
    await store.asked(4);
    assert.deepEqual(store.commits[3], [mutation(2)]);
    store.keep();
    await bytes(2 * one);
    assert.equal(broker.heard.filter((word) => word === "refusing").length, 1, "said once per spell");
    assert.deepEqual(
      logged.map((line) => line.level),
      [50, 30],
    );
    assert.deepEqual(failures, []);
    close();
  });

  test("an error that is final ends the process", async () => {
    const { turn, store, failures, close } = stage();
    turn.now();
    turn.persist(mutation(1));
    await store.asked(1);
    const error = Object.assign(new Error("flush failed"), { final: true });
    store.refuse(error);
    await turnPasses();
    assert.deepEqual(failures, [error]);
    assert.equal(store.commits.length, 1);
    close();
  });

  test("while too much waits for it, no connection is read", async () => {
    const { turn, broker, store, connect, close } = stage(undefined, { unflushedBytesMax: 1_000 });
    const { client } = await connect();
    broker.onReceived = () => {
      for (const number of range(10)) turn.persist(mutation(number));
    };
    client.write(bytesOf(range(3).map((number) => publish(number))));
    await store.asked(1);
    await turnPasses();
    assert.equal(broker.times.length, 1);
    assert.ok(!turn.mayRead);
    store.keep();
    await broker.verb("received", 2);
    await store.asked(2);
    store.keep();
    await broker.verb("received", 3);
    close();
  });

  test("a ticket is settled after it, or in the turn's end when there is none", async () => {
    const { turn, store, close } = stage();
    const settled: number[] = [];
    const ticket = { settled: (reasonCode: number) => settled.push(reasonCode) };
    turn.now();
    turn.confirmAfterCommit(ticket, ReasonCode.NoMatchingSubscribers);
    assert.deepEqual(settled, []);
    await turnPasses();
    assert.deepEqual(settled, [ReasonCode.NoMatchingSubscribers]);
    turn.now();
    turn.persist(mutation(1));
    turn.confirmAfterCommit(ticket, ReasonCode.Success);
    await store.asked(1);
    await turnPasses();
    assert.equal(settled.length, 1);
    store.keep();
    await turnPasses();
    assert.deepEqual(settled, [ReasonCode.NoMatchingSubscribers, ReasonCode.Success]);
    close();
  });

  test("settled waits for all of them", async () => {
    const { turn, store, close } = stage();
    turn.now();
    turn.persist(mutation(1));
    let isSettled = false;
    const settled = turn.settled().then(() => {
      isSettled = true;
    });
    turn.persist(mutation(2));
    store.keep();
    await turnPasses();
    assert.ok(!isSettled);
    store.keep();
    await settled;
    assert.deepEqual(store.commits, [[mutation(1)], [mutation(2)]]);
    close();
  });

  test("close comes behind what waits for it", async () => {
    const { turn, store, connect, close } = stage();
    const { connection, client, received } = await connect();
    turn.now();
    turn.persist(mutation(1));
    turn.sendAfterCommit(connection, publish(1));
    turn.close(connection);
    await store.asked(1);
    store.keep();
    await once(client, "end");
    assert.ok(received().equals(bytesOf([publish(1)])));
    close();
  });
});

describe("a fetch", () => {
  test("all of a turn are one read, answered to each owner", async () => {
    const { turn, broker, store, close } = stage();
    const message = {} as never;
    store.onRead = async (numbers) =>
      numbers.map((number) => (number === 2 ? undefined : { number, message, targets: [] }));
    turn.now();
    turn.fetch(7, [1, 2]);
    turn.fetch(8, [3]);
    await broker.verb("fetched", 2);
    assert.deepEqual(store.reads, [[1, 2, 3]]);
    assert.deepEqual(broker.fetches, [
      [7, [1, undefined]],
      [8, [3]],
    ]);
    close();
  });

  test("waits for the commit of what it asks for", async () => {
    const { turn, broker, store, close } = stage();
    turn.now();
    turn.persist(mutation(1));
    turn.fetch(7, [1]);
    await store.asked(1);
    await turnPasses();
    assert.deepEqual(store.reads, []);
    store.keep();
    await broker.verb("fetched");
    close();
  });

  test("that failed is tried again", async () => {
    const { turn, broker, store, close } = stage();
    let tries = 0;
    store.onRead = async (numbers) => {
      tries += 1;
      if (tries < 3) throw new Error("cannot read");
      return numbers.map(() => undefined);
    };
    turn.now();
    turn.fetch(7, [1]);
    await broker.verb("fetched");
    assert.equal(tries, 3);
    close();
  });
});

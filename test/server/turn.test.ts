import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesOf, numberOf, publish, range } from "../net/pair.ts";
import { stage } from "./stage.ts";

const one = bytesOf([publish(0)]).length;

/** Lets everything run that needs no socket. */
function turnPasses(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

describe("a turn", () => {
  test("ten thousand small packets are answered in few writes", async () => {
    const { turn, broker, connect, close } = stage();
    broker.onReceived = (connection, packet) => {
      turn.send(connection, packet);
    };
    const { client, bytes, writes } = await connect();
    const sent = bytesOf(range(10_000).map((number) => publish(number)));
    client.write(sent);
    assert.ok((await bytes(sent.length)).equals(sent));
    assert.ok(writes() <= 20, `${writes()} writes`);
    close();
  });

  test("what is sent to one connection by many verbs leaves in one write", async () => {
    const { turn, connect, close } = stage();
    const { connection, bytes, writes } = await connect();
    turn.now();
    for (const number of range(50)) turn.send(connection, publish(number));
    assert.equal(writes(), 0);
    await bytes(50 * one);
    assert.equal(writes(), 1);
    close();
  });

  test("it has one time, and the next one is not earlier", async () => {
    const { turn, broker, connect, close } = stage();
    const { client } = await connect();
    client.write(bytesOf(range(3).map((number) => publish(number))));
    await broker.verb("received", 3);
    assert.equal(new Set(broker.times).size, 1);
    await turnPasses();
    assert.ok(turn.now() >= broker.times[0]!);
    assert.ok(Math.abs(turn.now() - Date.now()) < 5_000);
    close();
  });

  test("drained is told in the next turn, never from inside a verb", async () => {
    const { turn, broker, connect, close } = stage();
    const { connection, client, bytes } = await connect(10_000);
    client.pause();
    let inside = false;
    broker.onDrained = () => assert.ok(!inside);
    inside = true;
    while (turn.send(connection, publish(0, 1_000))) turn.now();
    inside = false;
    client.resume();
    await broker.verb("drained");
    await bytes(10_000);
    close();
  });

  test("resumed in the verb that paused it, a connection goes on in the turn's end", async () => {
    const { turn, broker, connect, close } = stage();
    const order: string[] = [];
    broker.onReceived = (connection, packet) => {
      order.push(`begin ${numberOf(packet)}`);
      turn.pause(connection);
      turn.resume(connection);
      order.push(`end ${numberOf(packet)}`);
    };
    const { client } = await connect();
    client.write(bytesOf([publish(0), publish(1)]));
    await broker.verb("received", 2);
    assert.deepEqual(order, ["begin 0", "end 0", "begin 1", "end 1"]);
    close();
  });

  test("a paused connection is read again after resume", async () => {
    const { turn, broker, connect, close } = stage();
    broker.onReceived = (connection) => turn.pause(connection);
    const { client, connection } = await connect();
    client.write(bytesOf([publish(0), publish(1)]));
    await broker.verb("received");
    await turnPasses();
    assert.equal(broker.times.length, 1);
    turn.resume(connection);
    await broker.verb("received", 2);
    close();
  });

  test("the broker's deadline is kept, and looked for again after each turn", async () => {
    const { turn, broker, close } = stage();
    const deadline = turn.now() + 20;
    broker.deadline = deadline;
    let elapsedAt = 0;
    broker.onElapsed = () => {
      elapsedAt = turn.now();
      broker.deadline = Number.POSITIVE_INFINITY;
    };
    await broker.verb("elapsed");
    assert.ok(elapsedAt >= deadline);
    broker.deadline = turn.now();
    await broker.verb("elapsed", 2);
    close();
  });
});

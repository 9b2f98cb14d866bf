import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generatorMissing, type LoadResult, runGenerator } from "../../bench/load/generator.ts";
import { type Faults, startForwardingBroker } from "./forwarding-broker.ts";

const messages = 200;

describe("the load generator", { skip: generatorMissing() ?? false }, () => {
  test("finds nothing wrong with a broker that forwards every message once", async () => {
    const { sent, delivered, lost, duplicated, unacknowledged } = await load("p2p", {}, { publishers: 4 });
    assert.deepEqual(
      { sent, delivered, lost, duplicated, unacknowledged },
      { sent: messages, delivered: messages, lost: 0, duplicated: 0, unacknowledged: 0 },
    );
  });

  test("counts a message that never came", async () => {
    const { delivered, lost, duplicated } = await load("p2p", { lose: 77 }, { publishers: 4 });
    assert.deepEqual({ delivered, lost, duplicated }, { delivered: messages - 1, lost: 1, duplicated: 0 });
  });

  test("counts the last message of all as lost when nothing follows that would show the gap", async () => {
    const { delivered, lost } = await load("p2p", { lose: messages }, { publishers: 1 });
    assert.deepEqual({ delivered, lost }, { delivered: messages - 1, lost: 1 });
  });

  test("counts a message that came twice", async () => {
    const { delivered, lost, duplicated } = await load("fan-out", { repeat: 50 }, { subscribers: 4 });
    assert.deepEqual({ delivered, lost, duplicated }, { delivered: messages * 4, lost: 0, duplicated: 1 });
  });

  test("counts a message that came after its successor as a gap and a repetition", async () => {
    const { lost, duplicated } = await load("p2p", { delay: 33 }, { publishers: 1 });
    assert.deepEqual({ lost, duplicated }, { lost: 1, duplicated: 1 });
  });

  test("stops at an acknowledgement that nothing waits for", async () => {
    await assert.rejects(
      load("p2p", { misacknowledge: 10 }, { publishers: 1, qos: 1, window: 20 }),
      /packet type 4 for Packet Identifier 60000, which does not wait for it/,
    );
  });

  test("stops at a subscription that was refused", async () => {
    await assert.rejects(load("p2p", { subackCode: 0x80 }, { publishers: 1 }), /SUBACK with code 0x80/);
  });

  test("stops at a message that a connection did not ask for", async () => {
    await assert.rejects(load("p2p", { misroute: 5 }, { publishers: 2 }), /to a subscriber that did not ask for it/);
  });

  test("says which option it does not know", async () => {
    await assert.rejects(runGenerator("p2p", { colour: 1 }), /no option --colour/);
  });
});

async function load(mode: string, faults: Faults, options: Readonly<Record<string, number>>): Promise<LoadResult> {
  const broker = await startForwardingBroker(faults);
  try {
    return await runGenerator(mode, { port: broker.port, messages, window: 40, quiet: 500, ...options });
  } finally {
    await broker.close();
  }
}

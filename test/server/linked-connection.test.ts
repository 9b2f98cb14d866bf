import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { AuthenticationRequest, Verdict } from "../../src/broker/authentication.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { bytesOf, publish } from "../net/pair.ts";
import { stage } from "./stage.ts";

const pingresp = { type: PacketType.Pingresp } as const;
const one = bytesOf([publish(0)]).length;

/** Lets everything run that needs no socket. */
function turnPasses(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

describe("authentication", () => {
  const request: AuthenticationRequest = {
    step: "connect",
    protocolVersion: ProtocolVersion.V5,
    clientId: "c",
    userName: "u",
    password: Buffer.from("secret"),
    authenticationMethod: undefined,
    authenticationData: undefined,
  };
  const principal = { tenant: 0, name: "u", roles: [], clientId: "c" };
  const accept: Verdict = { kind: "accept", principal, authenticationData: undefined };

  test("its answer is the verdict on what was asked", async () => {
    const asked: AuthenticationRequest[] = [];
    const { turn, broker, connect, close } = stage(async (heard) => {
      asked.push(heard);
      return accept;
    });
    const { connection } = await connect();
    turn.authenticate(connection, request);
    await broker.verb("verdict");
    assert.deepEqual(broker.verdicts, [accept]);
    assert.deepEqual(asked, [request]);
    close();
  });

  for (const [name, authenticate] of [
    ["rejects", () => Promise.reject(new Error("down"))],
    ["throws", () => assert.fail("down")],
  ] as const) {
    test(`that ${name} is logged and refused with 0x88`, async () => {
      const { turn, broker, logged, connect, close } = stage(authenticate);
      const { connection } = await connect();
      turn.authenticate(connection, request);
      await broker.verb("verdict");
      const [verdict] = broker.verdicts;
      assert.equal(verdict?.kind === "refuse" && verdict.reasonCode, ReasonCode.ServerUnavailable);
      assert.equal(logged[0]?.level, 50);
      close();
    });
  }

  test("is not answered to a connection that is gone", async () => {
    let answer: (verdict: Verdict) => void = () => {};
    const { turn, broker, connect, close } = stage(() => new Promise((resolve) => (answer = resolve)));
    const { connection } = await connect();
    turn.authenticate(connection, request);
    turn.close(connection);
    answer(accept);
    await turnPasses();
    assert.deepEqual(broker.verdicts, []);
    close();
  });
});

describe("an error", () => {
  test("in a handler is logged with its stack and ends that connection only", async () => {
    const { turn, broker, logged, connect, close } = stage();
    const [bad, good] = [await connect(), await connect()];
    broker.onReceived = (connection, packet) => {
      if (connection === bad.connection) throw new TypeError("a bug");
      turn.send(connection, packet);
    };
    broker.onFailed = (connection) => {
      turn.send(connection, pingresp);
      turn.close(connection);
    };
    bad.client.write(bytesOf([publish(0), publish(1)]));
    await once(bad.client, "end");
    assert.equal(broker.failures.length, 1);
    assert.equal(bad.received().length, 2, "the last word was delivered");
    assert.match(logged[0]?.err?.stack ?? "", /a bug\n.*connection\.test/s);
    good.client.write(bytesOf([publish(2)]));
    await good.bytes(one);
    close();
  });

  test("in answering the first one still ends the connection", async () => {
    const { broker, logged, connect, close } = stage();
    broker.onReceived = () => assert.fail("a bug");
    broker.onFailed = () => assert.fail("another one");
    const { client } = await connect();
    client.write(bytesOf([publish(0)]));
    await once(client, "end");
    assert.equal(logged.length, 2);
    assert.deepEqual(broker.heard, ["opened", "closed"]);
    close();
  });

  test("of the Client is not one of ours: nothing is logged here", async () => {
    const { broker, logged, connect, close } = stage();
    const error = new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.1.0-2", "a second CONNECT");
    broker.onReceived = () => {
      throw error;
    };
    const { client } = await connect();
    client.write(bytesOf([publish(0)]));
    await broker.verb("failed");
    assert.deepEqual(broker.failures, [error]);
    assert.deepEqual(logged, []);
    close();
  });

  test("in a verb that belongs to no connection ends the process", async () => {
    const { turn, broker, failures, close } = stage();
    broker.onElapsed = () => {
      broker.deadline = Number.POSITIVE_INFINITY;
      throw new Error("a bug");
    };
    broker.deadline = turn.now();
    while (failures.length === 0) await turnPasses();
    assert.match(String(failures[0]), /a bug/);
    close();
  });

  test("a lost peer is told to the broker once", async () => {
    const { broker, connect, close } = stage();
    const { client } = await connect();
    client.resetAndDestroy();
    await broker.verb("closed");
    await turnPasses();
    assert.deepEqual(broker.heard, ["opened", "closed"]);
    close();
  });
});

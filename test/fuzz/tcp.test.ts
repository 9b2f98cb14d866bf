import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { type EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { connectAsync, type MqttClient } from "mqtt";
import { corpusBytes } from "../corpus/corpus-bytes.ts";
import { RunningBroker } from "../corpus/running-broker.ts";
import { fuzz } from "./budget.ts";
import { mutatedStream, type VersionedBytes } from "./mutations.ts";

/** What one connection sends: whether a CONNECT first, its bytes, and how they are cut. */
interface Bad {
  readonly isConnected: boolean;
  readonly stream: VersionedBytes;
  readonly sizes: readonly number[];
  /** It is gone at once, and does not wait for an answer. */
  readonly isRude: boolean;
}

/** How long anything may take, ms. */
const answerMillisecondsMax = 10_000;

let broker: RunningBroker;

before(async () => {
  broker = await RunningBroker.start();
});

after(() => broker?.close());

const bad: fc.Arbitrary<Bad> = fc.record({
  isConnected: fc.boolean(),
  stream: mutatedStream,
  sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
  isRude: fc.boolean(),
});

test("whatever comes over TCP, in whatever pieces, a running broker goes on", async (context) => {
  const good = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5, clientId: "honest" });
  try {
    await good.subscribeAsync("honest", { qos: 1 });
    await fuzz(
      context,
      fc.asyncProperty(fc.array(bad, { minLength: 1, maxLength: 4 }), async (many) => {
        await Promise.all(many.map(send));
        await roundTrip(good);
        broker.check();
      }),
    );
  } finally {
    await good.endAsync();
  }
});

async function send({ isConnected, stream: [version, bytes], sizes, isRude }: Bad): Promise<void> {
  const socket = connect({ port: broker.port, host: "127.0.0.1", noDelay: true });
  // It may be closed while we write.
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  const closed = once(socket, "close", { signal: AbortSignal.timeout(answerMillisecondsMax) });
  if (isConnected) socket.write(corpusBytes("10 .. 'MQTT' @@ 02 0000 {} 'bad'", version));
  for (let at = 0, turn = 0; at < bytes.length && socket.writable; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    socket.write(bytes.subarray(at, at + size));
    at += size;
    await nextTurn();
  }
  leave(socket, isRude);
  await closed;
}

function leave(socket: Socket, isRude: boolean): void {
  if (isRude) socket.resetAndDestroy();
  else socket.end();
}

let round = 0;

async function roundTrip(good: MqttClient): Promise<void> {
  round += 1;
  const payload = String(round);
  const came = once(good as unknown as EventEmitter, "message", { signal: AbortSignal.timeout(answerMillisecondsMax) });
  await good.publishAsync("honest", payload, { qos: 1 });
  const [, message] = (await came) as [string, Buffer];
  assert.equal(message.toString(), payload);
}

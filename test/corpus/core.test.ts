import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { CoreStage } from "../../src/testing/core-stage.ts";
import { parseScenario } from "../../src/testing/scenario.ts";
import { playScenario } from "../../src/testing/scenario-run.ts";
import { allGroups } from "./all-groups.ts";
import { CorpusPlayer } from "./player.ts";
import { corpusSettings } from "./settings.ts";

/** Longer than any time-out of the settings, ms. */
const longWait = 60_000;

for (const { name, inputs } of allGroups()) {
  test(`in the core, bad bytes hurt nobody and leave nothing: ${name} (${inputs.length} inputs)`, async () => {
    const stage = new CoreStage(corpusSettings);
    const player = new CorpusPlayer(stage);
    await player.start();
    const before = kept(stage);
    for (const input of inputs) {
      try {
        await player.play(input, () => stage.wait(longWait));
        assert.deepEqual(kept(stage), before, "something was kept");
      } catch (error) {
        throw new Error(`${input.place}: ${input.title}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
}

for (const [name, hex] of [
  ["the last Topic Filter of SUBSCRIBE is malformed", "820c 0001 00 0001 74 01 0002 6323 00"],
  ["the last Shared Subscription has No Local", "8215 0001 00 0001 74 01 000b 2473686172652f672f7373 04"],
  ["SUBSCRIBE ends in the middle of its last Topic Filter", "820a 0001 00 0001 74 01 0009 74"],
] as const) {
  test(`nothing of a bad packet counts, in a Session that stays either: ${name}`, async () => {
    const text = `# ${name}
      b > CONNECT b sessionExpiryInterval=100
      b < CONNACK 0x00 …
      b > x'${hex}'
      b < 1 DISCONNECT
      b < closed
      p > CONNECT p clean
      p < CONNACK 0x00 …
      p > PUBLISH q1 #1 "t" payload="x"
      p < PUBACK #1 0x10
      b > CONNECT b sessionExpiryInterval=100
      b < CONNACK 0x00 sessionPresent …
      b silent`;
    await playScenario(parseScenario(text, name), ProtocolVersion.V5, new CoreStage(corpusSettings));
  });
}

/** What a broker holds of others, without what it only counts. */
function kept({ broker }: CoreStage): Readonly<Record<string, number>> {
  const { connectionsOpen, clientsConnected, sessions, subscriptions, sharedSubscriptions } = broker.counters;
  const { retainedMessages, retainedBytes, queuedMessages } = broker.counters;
  return {
    connectionsOpen,
    clientsConnected,
    sessions,
    subscriptions,
    sharedSubscriptions,
    retainedMessages,
    retainedBytes,
    queuedMessages,
    nextDeadline: broker.nextDeadline(),
  };
}

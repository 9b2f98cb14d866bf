import { after, before, test } from "node:test";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { SocketStage } from "../../src/testing/socket-stage.ts";
import { allGroups } from "./all-groups.ts";
import { CorpusPlayer } from "./player.ts";
import { RunningBroker } from "./running-broker.ts";

let broker: RunningBroker;

before(async () => {
  broker = await RunningBroker.start();
});

after(() => broker?.close());

for (const { name, inputs } of allGroups()) {
  test(`over TCP, bad bytes hurt nobody and leave nothing: ${name} (${inputs.length} inputs)`, async () => {
    const stage = new SocketStage(broker.port);
    try {
      const player = new CorpusPlayer(stage);
      await player.start();
      for (const input of inputs) {
        try {
          await player.play(input, async () => {});
          broker.check();
        } catch (error) {
          const version = input.version === ProtocolVersion.V5 ? "5.0" : "3.1.1";
          const sentence = `${input.place}: ${input.title} (MQTT ${version}): ${(error as Error).message}`;
          throw new Error(sentence, { cause: error });
        }
      }
    } finally {
      stage.close();
    }
    await broker.isIdle();
  });
}

import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { parseScenario } from "../../src/testing/scenario.ts";
import { needsCore, playScenario } from "../../src/testing/scenario-run.ts";
import { type ScenarioSettings, settingsOf } from "../../src/testing/scenario-settings.ts";
import { SocketStage } from "../../src/testing/socket-stage.ts";
import { readScenarios, testName } from "./scenario-files.ts";

let brokers: ChildProcess;

before(() => {
  brokers = fork(join(import.meta.dirname, "broker-process.ts"), { execArgv: ["--import", "tsx"] });
});

after(() => {
  brokers.disconnect();
});

for (const scenario of readScenarios()) {
  if (needsCore(scenario)) continue;
  for (const version of scenario.versions) {
    test(testName(scenario, version), async () => {
      const stage = new SocketStage(await portOf(settingsOf(scenario)));
      try {
        await playScenario(scenario, version, stage);
      } finally {
        stage.close();
      }
    });
  }
}

test("over TCP too, a packet that nobody expected fails [MQTT-4.2-1] [MQTT311-7.1.1-1]", async () => {
  const scenario = parseScenario("# title\nc > CONNECT c clean\nc < CONNACK 0x00 …\nc > PUBREL #1", "s");
  const stage = new SocketStage(await portOf(settingsOf(scenario)));
  try {
    await assert.rejects(playScenario(scenario, ProtocolVersion.V5, stage), /but came: c < PUBCOMP #1 0x92/);
  } finally {
    stage.close();
  }
});

/** The port of a new broker with these settings. */
async function portOf(settings: ScenarioSettings): Promise<number> {
  brokers.send(settings);
  const [port] = (await once(brokers, "message")) as [number];
  return port;
}

import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import type { Scenario } from "../../src/testing/scenario.ts";
import { needsCore, playScenario } from "../../src/testing/scenario-run.ts";
import { SocketStage } from "../../src/testing/socket-stage.ts";
import { startMosquitto } from "./mosquitto-process.ts";
import { readScenarios } from "./scenario-files.ts";

const arrivalMillisecondsMax = 2_000;
const playersMax = 8;

/** How a scenario went with another broker. */
export interface Outcome {
  /** `3.1-connect/first-packet 5`: the file below this directory, and the version. */
  readonly name: string;
  /** Where and how the other broker did something else; undefined when it agrees. */
  readonly difference: string | undefined;
}

/** What can be played with another broker, and how many scenarios cannot and why. */
export interface Applicable {
  readonly scenarios: readonly Scenario[];
  readonly needOurSettings: number;
  readonly needOurCore: number;
}

/** Scenarios that need nothing but a broker: no limit, rule or account of ours, nothing that only the core can play. */
export function applicable(): Applicable {
  const all = readScenarios();
  const needOurCore = all.filter(needsCore);
  const needOurSettings = all.filter((scenario) => !needsCore(scenario) && scenario.headers.length > 0);
  return {
    scenarios: all.filter((scenario) => !needsCore(scenario) && scenario.headers.length === 0),
    needOurCore: needOurCore.length,
    needOurSettings: needOurSettings.length,
  };
}

/**
 * Plays them, each with a Mosquitto of its own, so that none finds what another one left behind.
 *
 * @param arrivalMilliseconds how long something that must come may take
 */
export async function playWithMosquitto(
  scenarios: readonly Scenario[],
  arrivalMilliseconds: number = arrivalMillisecondsMax,
): Promise<readonly Outcome[]> {
  const waiting = scenarios.flatMap((scenario) => scenario.versions.map((version) => ({ scenario, version })));
  const outcomes: Outcome[] = [];
  const player = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { scenario, version } = next;
      outcomes.push({
        name: nameOf(scenario, version),
        difference: await differenceOf(scenario, version, arrivalMilliseconds),
      });
    }
  };
  await Promise.all(Array.from({ length: playersMax }, player));
  return outcomes.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `3.1-connect/first-packet`, with ` 5.0` or ` 3.1.1` behind it when one version is meant. */
export function nameOf({ file }: Scenario, version?: ProtocolVersion): string {
  const [, name = file] = /([^/]+\/[^/]+)\.scenario$/.exec(file) ?? [];
  if (version === undefined) return name;
  return `${name} ${version === ProtocolVersion.V5 ? "5.0" : "3.1.1"}`;
}

async function differenceOf(
  scenario: Scenario,
  version: ProtocolVersion,
  arrivalMilliseconds: number,
): Promise<string | undefined> {
  const broker = await startMosquitto();
  const stage = new SocketStage(broker.port, arrivalMilliseconds);
  try {
    await playScenario(scenario, version, stage);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    stage.close();
    await broker.stop();
  }
}

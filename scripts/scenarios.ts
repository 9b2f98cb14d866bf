// Plays the scenarios with another broker and prints where it does something else than we expect.
//   npm run scenarios -- --broker mosquitto
//   npm run scenarios -- --broker mosquitto --only 4.3-qos
import { parseArgs } from "node:util";
import { mosquittoVersion } from "../test/scenarios/mosquitto-process.ts";
import { applicable, playWithMosquitto } from "../test/scenarios/other-broker.ts";

const { values } = parseArgs({ options: { broker: { type: "string" }, only: { type: "string", default: "" } } });
const version = mosquittoVersion();

if (values.broker !== "mosquitto") {
  fail("the broker is missing or not known; say --broker mosquitto");
} else if (version === undefined) {
  fail("there is no Mosquitto here; on Debian: apt install mosquitto");
} else {
  const { scenarios, needOurCore, needOurSettings } = applicable();
  const outcomes = await playWithMosquitto(scenarios.filter(({ file }) => file.includes(values.only)));
  const different = outcomes.filter((outcome) => outcome.difference !== undefined);
  for (const { name, difference } of different) console.log(`${name}\n  ${difference?.replaceAll("\n", "\n  ")}`);
  console.log(
    `Mosquitto ${version}: ${outcomes.length} played, ${different.length} differ; ` +
      `not played: ${needOurCore} that only the core can play, ${needOurSettings} with our settings`,
  );
}

function fail(sentence: string): void {
  console.error(sentence);
  process.exitCode = 1;
}

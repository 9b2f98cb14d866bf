import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, mosquittoVersionListed } from "./mosquitto-differences.ts";
import { mosquittoVersion } from "./mosquitto-process.ts";
import { applicable, nameOf, type Outcome, playWithMosquitto } from "./other-broker.ts";

/** What a busy machine may need for an answer that a free one gives at once, ms. */
const patienceMilliseconds = 15_000;

test("a difference is listed once, and its scenario exists and can be played", () => {
  const names = applicable().scenarios.flatMap((one) => [
    nameOf(one),
    ...one.versions.map((version) => nameOf(one, version)),
  ]);
  const listed = differences.flatMap(({ scenarios }) => scenarios);
  assert.deepEqual(
    listed.filter((name, index) => listed.indexOf(name) !== index || !names.includes(name)),
    [],
  );
});

test("Mosquitto plays every scenario as we expect it, but for the differences that are listed", {
  skip: skipReason(),
}, async () => {
  const { scenarios } = applicable();
  const outcomes = await playWithMosquitto(scenarios);
  const suspects = scenarios.filter((one) => outcomes.some((outcome) => isOf(outcome, nameOf(one)) && isNew(outcome)));
  const unexplained = (await playWithMosquitto(suspects, patienceMilliseconds)).filter(isNew);
  const vanished = outcomes.filter(
    (outcome) => outcome.difference === undefined && listedFor(outcome)?.varies === false,
  );
  assert.deepEqual(
    [
      ...unexplained.map(({ name, difference }) => `${name} differs and is not listed: ${difference}`),
      ...vanished.map(({ name }) => `${name} is listed and goes as expected`),
    ],
    [],
  );
});

function skipReason(): string | false {
  const version = mosquittoVersion();
  if (version === undefined) return "there is no mosquitto; on Debian: apt install mosquitto";
  if (version === mosquittoVersionListed) return false;
  return `mosquitto is ${version}, and mosquitto-differences.ts is about ${mosquittoVersionListed}`;
}

/** Another way of playing than ours that nobody has explained. */
function isNew(outcome: Outcome): boolean {
  return outcome.difference !== undefined && listedFor(outcome) === undefined;
}

function listedFor(outcome: Outcome): { readonly varies: boolean } | undefined {
  const found = differences.find(({ scenarios }) => scenarios.some((name) => isOf(outcome, name)));
  return found === undefined ? undefined : { varies: found.varies === true };
}

/** Whether the name, with or without a version, means this play. */
function isOf({ name }: Outcome, listed: string): boolean {
  return name === listed || name.startsWith(`${listed} `);
}

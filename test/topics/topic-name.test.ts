import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { levelCount, topicNameProblem, topicSizeProblem } from "../../src/topics/topic-name.ts";
import { topicNames } from "./arbitraries.ts";

const limits = { topicLevelsMax: 200, topicBytesMax: 65_535 };

test("names of the specification's examples are good", () => {
  for (const topicName of [
    "/",
    "/finance",
    "Accounts payable",
    "sport/tennis/player1",
    "$SYS/uptime",
    "a//b",
    "雨/🐕",
  ]) {
    equal(topicNameProblem(topicName, limits), undefined, topicName);
  }
});

test("a Topic Name has at least one character [MQTT-4.7.3-1] [MQTT311-4.7.3-1]", () => {
  match(topicNameProblem("", limits) ?? "", /at least one character/);
});

test("a Topic Name has no wildcards, wherever they stand [MQTT-4.7.0-1] [MQTT311-4.7.1-1]", () => {
  for (const topicName of ["+", "#", "a/+", "a/#", "a+b/c", "a/b#"]) {
    match(topicNameProblem(topicName, limits) ?? "", /no wildcards/, topicName);
  }
});

test("a Topic Name of exactly topicLevelsMax levels is good, one level more is not", () => {
  equal(topicNameProblem("/".repeat(199), limits), undefined);
  match(topicNameProblem("/".repeat(200), limits) ?? "", /More than 200 levels \(topicLevelsMax\)/);
  match(topicNameProblem(`${"level/".repeat(200)}x`, limits) ?? "", /topicLevelsMax/);
  equal(topicNameProblem("a", { ...limits, topicLevelsMax: 1 }), undefined);
  match(topicNameProblem("/", { ...limits, topicLevelsMax: 1 }) ?? "", /topicLevelsMax/);
});

test("topicBytesMax counts UTF-8 bytes, not characters [MQTT-4.7.3-3] [MQTT311-4.7.3-3]", () => {
  const narrow = { ...limits, topicBytesMax: 12 };
  for (const [unit, count] of [
    ["a", 12],
    ["ü", 6],
    ["雨", 4],
    ["🐕", 3],
  ] as const) {
    equal(topicNameProblem(unit.repeat(count), narrow), undefined, unit);
    match(topicNameProblem(unit.repeat(count + 1), narrow) ?? "", /Longer than 12 bytes \(topicBytesMax\)/, unit);
  }
});

test("a Topic Filter is measured like a name, wildcards and all", () => {
  const narrow = { topicLevelsMax: 3, topicBytesMax: 20 };
  equal(topicSizeProblem("+/+/#", narrow), undefined);
  match(topicSizeProblem("+/+/+/#", narrow) ?? "", /More than 3 levels \(topicLevelsMax\)/);
  match(topicSizeProblem("雨".repeat(7), narrow) ?? "", /Longer than 20 bytes \(topicBytesMax\)/);
});

test("there is one level more than there are slashes", () => {
  fc.assert(fc.property(topicNames, (topicName) => equal(levelCount(topicName), topicName.split("/").length)));
});

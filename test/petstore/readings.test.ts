import assert from "node:assert/strict";
import { test } from "node:test";
import { readDeviceMessage } from "../../src/petstore/readings.ts";
import { someDay } from "./stage.ts";

const minute = 60_000;
const at = (minutes: number): string => new Date(someDay + minutes * minute).toISOString();

test("a batch is put in the order of time; what has no time was measured now, and nothing later than now", () => {
  const batch = [
    { heartRate: 3, at: at(-1) },
    { heartRate: 1, at: at(-9) },
    { heartRate: 4 },
    { heartRate: 5, at: at(60) },
    { heartRate: 2, at: at(-5) },
  ];
  const message = readDeviceMessage("pets/milo/health", JSON.stringify(batch), someDay);
  assert.ok(message?.kind === "health" && message.id === "milo");
  assert.deepEqual(
    message.readings.map(({ heartRate }) => heartRate),
    [1, 2, 3, 4, 5],
  );
  assert.equal(message.readings.at(-1)?.at, someDay);
});

test("one reading is a batch of one, at every topic of devices", () => {
  const location = readDeviceMessage("pets/7/location", '{"lat":52.5,"lng":13.4}', someDay);
  assert.deepEqual(location, { kind: "location", id: "7", readings: [{ lat: 52.5, lng: 13.4, at: someDay }] });
  const feeder = readDeviceMessage("feeders/f/status", '{"foodLevel":50}', someDay);
  assert.deepEqual(feeder, { kind: "feeder", id: "f", readings: [{ foodLevel: 50, at: someDay }] });
  const presence = readDeviceMessage("devices/d/presence", '{"state":"online","firmware":"1.4.2","at":"x"}', someDay);
  assert.deepEqual(presence, { kind: "presence", id: "d", presence: { state: "online", firmware: "1.4.2" } });
});

test("what is no reading is none, whatever it is", () => {
  const topics = [
    "pets/milo/health",
    "pets/milo/location",
    "feeders/f/status",
    "devices/d/presence",
    "a",
    "pets/milo/x",
  ];
  const texts = [
    "",
    "{",
    "null",
    "1",
    "[]",
    "[null,[]]",
    '"x"',
    "{}",
    '{"heartRate":"x"}',
    '{"lat":1}',
    '{"state":"gone"}',
  ];
  for (const topicName of topics) {
    for (const text of texts)
      assert.equal(readDeviceMessage(topicName, text, someDay), undefined, `${topicName} ${text}`);
  }
  const mixed = readDeviceMessage("pets/milo/health", '[{"heartRate":1},{"heartRate":null},7]', someDay);
  assert.equal(mixed?.kind === "health" && mixed.readings.length, 1);
});

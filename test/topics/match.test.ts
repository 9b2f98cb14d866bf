import { equal } from "node:assert/strict";
import { test } from "node:test";
import { matches } from "../../src/topics/match.ts";
import { matchCases } from "./match-cases.ts";

for (const { topicFilter, matching, others } of matchCases) {
  // [MQTT-4.7.2-1] [MQTT-4.7.3-4] [MQTT311-4.7.2-1] [MQTT311-4.7.3-4]
  test(`the filter ${JSON.stringify(topicFilter)} matches what §4.7 says and nothing else`, () => {
    for (const topicName of matching) equal(matches(topicFilter, topicName), true, topicName);
    for (const topicName of others) equal(matches(topicFilter, topicName), false, topicName);
  });
}

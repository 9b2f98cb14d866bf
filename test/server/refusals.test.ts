import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../../src/broker/observation.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { Refusals } from "../../src/server/refusals.ts";
import { message } from "../../src/testing/store-rows.ts";

const principal = { tenant: 0, name: "alice", roles: [], clientId: "c" };

function refused(replaced: { topicName?: string; payload?: Uint8Array; reason?: string } = {}): Observation {
  const { topicName = "t", payload = Buffer.from("x"), reason = "no" } = replaced;
  return {
    kind: "publishRefused",
    clientId: "c",
    userName: "alice",
    topicName,
    reasonCode: ReasonCode.PayloadFormatInvalid,
    reason,
    place: "api.yaml:3:1",
    deadLetter: false,
    principal,
    message: message({ topicName, payload }),
  };
}

test("the same refusal again is one row with a count, and shows the last", () => {
  const refusals = new Refusals(10);
  for (let step = 0; step < 5; step += 1) refusals.take(refused({ reason: `no ${step}` }));
  refusals.take(refused({ topicName: "u" }));
  const [first, second, ...rest] = refusals.rows(0);
  assert.deepEqual([first?.topic, first?.count, first?.reason], ["t", 5, "no 4"]);
  assert.deepEqual([second?.topic, second?.count], ["u", 1]);
  assert.deepEqual(rest, []);
});

test("the one longest ago is forgotten", () => {
  const refusals = new Refusals(2);
  for (const topicName of ["a", "b", "a", "c"]) refusals.take(refused({ topicName }));
  assert.deepEqual(
    refusals.rows(0).map(({ topic }) => topic),
    ["a", "c"],
  );
  assert.deepEqual(
    refusals.rows(3).map(({ topic }) => topic),
    ["c"],
  );
});

test("of a payload its head is kept, as a copy and without half a character", () => {
  const refusals = new Refusals(2);
  const payload = Buffer.from(`${"a".repeat(127)}ü${"b".repeat(1_000)}`);
  refusals.take(refused({ payload }));
  payload.fill(0);
  const [row] = refusals.rows(0);
  assert.equal(row?.payloadHead, `${"a".repeat(127)}…`);
  assert.equal(row?.payloadBytes, 1_129);
});

test("subscriptions, connections and Wills have rows of their own; what is only observed says so", () => {
  const refusals = new Refusals(10);
  const where = { clientId: "c", userName: "alice", reasonCode: ReasonCode.NotAuthorized, reason: "no", place: "" };
  const properties = { ...message().properties };
  const will = {
    topicName: "lost",
    payload: Buffer.from("bye"),
    qos: 1,
    retain: false,
    delayIntervalSeconds: 0,
    properties,
  } as const;
  refusals.take({ kind: "subscribeRefused", topicFilter: "#", ...where });
  refusals.take({ kind: "connectRefused", will: undefined, ...where });
  refusals.take({ kind: "connectRefused", will, ...where });
  const rule = { reasonCode: ReasonCode.NotAuthorized, reasonString: "would not", place: "api.yaml:9:1" };
  refusals.observed(principal, rule, message({ topicName: "t" }));
  assert.deepEqual(
    refusals.rows(0).map(({ what, topic, observed, payloadHead }) => [what, topic, observed, payloadHead]),
    [
      ["subscribe", "#", false, null],
      ["connect", null, false, null],
      ["will", "lost", false, "bye"],
      ["publish", "t", true, "shipped"],
    ],
  );
});

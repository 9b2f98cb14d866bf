import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreStage } from "../../src/testing/core-stage.ts";
import { parseScenario, ScenarioError } from "../../src/testing/scenario.ts";
import { needsCore, playScenario } from "../../src/testing/scenario-run.ts";
import { policyOf, settingsOf, verdictOf } from "../../src/testing/scenario-settings.ts";

async function play(...lines: readonly string[]): Promise<void> {
  const scenario = parseScenario(["# title", ...lines].join("\n"), "s");
  for (const version of scenario.versions) await playScenario(scenario, version, new CoreStage(settingsOf(scenario)));
}

function failsWith(message: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ScenarioError);
    assert.equal(error.message, message);
    return true;
  };
}

const greeted = ["c > CONNECT c clean", "c < CONNACK 0x00 …"];

test("a scenario that comes true passes", async () => {
  await play("version: both", ...greeted, "c > PINGREQ", "c < PINGRESP", "c silent");
});

test("another packet than the expected one fails with both as text", async () => {
  await assert.rejects(
    play(...greeted, 'c > PUBLISH q1 #1 "t"', "c < PUBACK #1"),
    failsWith("s:5: expected: c < PUBACK #1\n  but came: c < PUBACK #1 0x10\n  (MQTT 5.0)"),
  );
});

test("a packet that does not come fails", async () => {
  await assert.rejects(
    play(...greeted, "c < PINGRESP"),
    failsWith("s:4: expected: c < PINGRESP\n  but came: nothing\n  (MQTT 5.0)"),
  );
});

test("a packet that nobody expected fails at the next step, and at the end", async () => {
  const message = (line: number) =>
    failsWith(`s:${line}: before this step nothing more was expected\n  but came: c < PINGRESP\n  (MQTT 5.0)`);
  await assert.rejects(play(...greeted, "c > PINGREQ", "c silent"), message(5));
  await assert.rejects(play(...greeted, "c > PINGREQ"), message(4));
});

test("an end that nobody expected fails, and an expected one that does not come too", async () => {
  await assert.rejects(
    play("version: 4", ...greeted, "c > x'0000'", "c silent"),
    failsWith("s:6: before this step nothing more was expected\n  but came: c < closed\n  (MQTT 3.1.1)"),
  );
  await assert.rejects(
    play(...greeted, "c < closed"),
    failsWith("s:4: expected: c < closed\n  but came: nothing\n  (MQTT 5.0)"),
  );
});

test("without … every Property is compared, with it those that are named, and =? demands one", async () => {
  const connect = "c > CONNECT c clean";
  await assert.rejects(play(connect, "c < CONNACK 0x00"), ScenarioError);
  await assert.rejects(play(connect, "c < CONNACK 0x00 receiveMaximum=1 …"), ScenarioError);
  await assert.rejects(play(connect, "c < CONNACK 0x00 assignedClientIdentifier=? …"), ScenarioError);
  await play(connect, "c < CONNACK 0x00 receiveMaximum=100 topicAliasMaximum=? …");
});

test("a bound Packet Identifier must come again, and an unbound one cannot be sent", async () => {
  const subscribed = [
    ...greeted,
    'c > SUBSCRIBE #1 "t" q1',
    "c < SUBACK #1 0x01",
    "p > CONNECT p clean",
    "p < CONNACK 0x00 …",
  ];
  const first = [...subscribed, 'p > PUBLISH q1 #1 "t"', "p < PUBACK #1", 'c < PUBLISH q1 #m "t"'];
  await play(...first, "c > PUBACK #m");
  await assert.rejects(
    play(...first, 'p > PUBLISH q1 #1 "t"', "p < PUBACK #1", 'c < PUBLISH q1 #m "t"'),
    failsWith('s:13: expected: c < PUBLISH q1 #1 "t"\n  but came: c < PUBLISH q1 #2 "t"\n  (MQTT 5.0)'),
  );
  await assert.rejects(play(...greeted, "c > PUBACK #x"), failsWith("s:4: #x was not received before\n  (MQTT 5.0)"));
});

test("a count wants exactly so many packets of one type", async () => {
  const pings = [...greeted, "c > PINGREQ & PINGREQ"];
  await play(...pings, "c < 2 PINGRESP");
  await assert.rejects(play(...pings, "c < 1 PINGRESP"), ScenarioError);
  await assert.rejects(
    play(...pings, "c < 3 PINGRESP"),
    failsWith("s:5: expected: c < PINGRESP, number 3 of 3\n  but came: nothing\n  (MQTT 5.0)"),
  );
});

test("packets in one piece stand between &, that means nothing inside quotes", () => {
  const { steps } = parseScenario('# title\nc > PUBLISH "a & \\" & b" & PINGREQ', "s");
  assert.deepEqual(steps, [{ kind: "send", line: 2, name: "c", packets: ['PUBLISH "a & \\" & b"', "PINGREQ"] }]);
});

const wrong: readonly (readonly [text: string, message: RegExp])[] = [
  ["c silent", /: s:1: the first line is/],
  ["# title\n", /: s:2: there is no step/],
  ["# title\nversion: 3\nc silent", /: s:2: version is 5, 4 or both/],
  ["# title\nc silent\nversion: 5", /: s:3: a header stands before the first step/],
  ["# title\nc does something", /: s:2: this is no step: c does something/],
  ["# title\n+3 s", /: s:2: this is no step/],
  ["# title\nc > PUBACK 7", /: s:2: column 8: a Packet Identifier.*\n {2}PUBACK 7/],
  ["# title\nc < CONNACK 0x7f", /: s:2: column 9: no Reason Code/],
  ["# title\nc > PINGREQ & PUBACK 7", /: s:2: column 8/],
];

for (const [text, message] of wrong) {
  test(`${JSON.stringify(text)} is refused with file and line`, () => {
    assert.throws(() => parseScenario(text, "s"), message);
  });
}

const wrongHeaders: readonly (readonly [header: string, message: RegExp])[] = [
  ["limits: nothing=1", /: s:2: limits has no nothing=1/],
  ["limits: receiveMaximum=x", /: s:2: limits has no receiveMaximum=x/],
  ["capabilities: retain=1", /: s:2: capabilities has no retain=1/],
  ["access: forbid publish t", /: s:2: access is: /],
  ["method: DEMO", /: s:2: method is: /],
  ["colour: red", /: s:2: headers are version, .*; this is colour/],
];

for (const [header, message] of wrongHeaders) {
  test(`the header ${JSON.stringify(header)} is refused`, () => {
    assert.throws(() => settingsOf(parseScenario(`# title\n${header}\nc silent`, "s")), message);
  });
}

test("long waits, stalls and what happens inside are for the core only", () => {
  const isForCore = (...lines: readonly string[]) => needsCore(parseScenario(["# title", ...lines].join("\n"), "s"));
  assert.equal(isForCore("c > PINGREQ", "+2s"), false);
  assert.equal(isForCore("+2001ms"), true);
  assert.equal(isForCore("c stalls"), true);
  assert.equal(isForCore("server drains"), true);
  assert.equal(isForCore('method: "M" challenge="a" response="b" success="c"', "c silent"), true);
});

test("the first access rule that fits decides, by Topic Name or as the filter itself", () => {
  const headers = 'access: allow publish "a/b"\naccess: deny all "a/+" 0x99\n';
  const policy = policyOf(settingsOf(parseScenario(`# title\n${headers}c silent`, "s")));
  const principal = { tenant: 0, name: "", roles: [], clientId: "c" };
  const publish = (topicName: string) =>
    policy.mayPublish(principal, {
      topicName,
      qos: 0,
      retain: false,
      payload: Buffer.alloc(0),
      properties: noProperties,
    });
  assert.equal(publish("a/b"), undefined);
  assert.equal(publish("a/c")?.reasonCode, 0x99);
  assert.equal(publish("b"), undefined);
  assert.equal(policy.maySubscribe(principal, "a/+")?.reasonCode, 0x99);
  assert.equal(policy.maySubscribe(principal, "#"), undefined);
});

const noProperties = {
  payloadFormatIndicator: undefined,
  messageExpiryIntervalSeconds: undefined,
  contentType: undefined,
  responseTopic: undefined,
  correlationData: undefined,
  userProperties: [],
} as const;

test("accounts let in who knows the password", () => {
  const settings = settingsOf(parseScenario('# title\naccounts: alice="a b"\nc silent', "s"));
  const verdict = (userName: string | undefined, password: string | undefined) =>
    verdictOf(settings, {
      step: "connect",
      protocolVersion: 5,
      clientId: "c",
      userName,
      password: password === undefined ? undefined : Buffer.from(password),
      authenticationMethod: undefined,
      authenticationData: undefined,
    }).kind;
  assert.equal(verdict("alice", "a b"), "accept");
  assert.equal(verdict("alice", "a"), "refuse");
  assert.equal(verdict("alice", undefined), "refuse");
  assert.equal(verdict("toString", undefined), "refuse");
  assert.equal(verdict(undefined, undefined), "refuse");
});

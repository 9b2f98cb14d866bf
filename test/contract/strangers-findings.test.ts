import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, document, documentOf, findingsOf, policyOf, publish, served, somebody } from "./kit.ts";

// What goes wrong in documents that are found in the field, or is odd about them.

const anybody = somebody("anybody", []);

/** Code and problem of all findings. */
function problemsOf(text: string): readonly string[] {
  return compile(text).findings.map(({ code, problem, hint }) => `${code}: ${problem}. ${hint}`);
}

test("a misspelled key is named with the one that was meant, and what AsyncAPI 2 had with its new place", () => {
  const problems = problemsOf(
    document(`channels:
  level: { adress: level, address: level, publish: {}, messages: { level: { payload: true, schemaFormat: x } } }
operations:
  receive: { action: receive, channel: { $ref: "#/channels/level" }, securty: [], bindings: { mqtt: { Qos: 1 } } }
`),
  );
  assert.deepEqual(problems, [
    "key-unknown: A channel has no adress, so it has no effect. Perhaps address was meant",
    "key-unknown: A channel has no publish, so it has no effect. Write an operation with action: receive, beside the channels",
    "key-unknown: A message has no schemaFormat, so it has no effect. Write payload: { schemaFormat: …, schema: … }",
    "key-unknown: An operation has no securty, so it has no effect. Perhaps security was meant",
    "key-unknown: An operation binding has no Qos, so it has no effect. Perhaps qos was meant",
  ]);
});

test("the reply of an operation goes the other way, for those who may ask", () => {
  const compiled = served(
    document(`channels:
  question: { address: question, messages: { question: { payload: { type: integer } } } }
  answer: { address: answer, messages: { answer: { payload: { type: boolean } }, other: { payload: { type: object } } } }
  elsewhere: { address: null }
operations:
  ask: { action: receive, channel: { $ref: "#/channels/question" }, security: [{ type: oauth2, flows: {}, scopes: [ask] }], reply: { channel: { $ref: "#/channels/answer" } } }
  poll: { action: send, channel: { $ref: "#/channels/question" }, reply: { channel: { $ref: "#/channels/answer" }, messages: [{ $ref: "#/channels/answer/messages/answer" }] } }
  call: { action: send, channel: { $ref: "#/channels/question" }, reply: { address: { location: $message.header#/replyTo }, channel: { $ref: "#/channels/elsewhere" } } }
  tell: { action: send, channel: { $ref: "#/channels/question" }, reply: { address: { location: $message.header#/replyTo } } }
`),
    "address-unknown",
  );
  const { policy } = policyOf(compiled);
  assert.equal(policy.maySubscribe(somebody("a", ["ask"]), "answer"), undefined);
  assert.match(policy.maySubscribe(anybody, "answer")?.reasonString ?? "", /needs the scope ask/);
  assert.equal(policy.mayPublish(anybody, publish("answer", "true")), undefined);
  assert.equal(policy.mayPublish(anybody, publish("answer", "{}"))?.reasonCode, 0x99);
});

test("an operation about a channel that is only a component is refused", () => {
  const [problem] = problemsOf(
    document(`channels: { other: { address: other } }
operations:
  receive: { action: receive, channel: { $ref: "#/components/channels/level" } }
  also: { action: receive, channel: { $ref: "#/channels/other" } }
components: { channels: { level: { address: level } } }
`),
  );
  assert.equal(
    problem,
    "reference-broken: #/components/channels/level is no channel of this document. Put it under channels, and refer to it there",
  );
});

test("QoS and RETAIN in the binding of a message are read as the operation's", () => {
  const compiled = served(
    document(`channels:
  level: { address: level, messages: { level: { bindings: { mqtt: { qos: 2, retain: false } } } } }
operations: { receive: { action: receive, channel: { $ref: "#/channels/level" } } }
`),
    "binding-misplaced",
    "binding-misplaced",
  );
  const [operation] = compiled.contract.channels[0]!.publish;
  assert.deepEqual([operation?.qos, operation?.retain], [2, false]);
});

test("operations without security on a server that asks are one finding, if it is all of them", () => {
  const problems = problemsOf(
    document(`servers: { main: { host: localhost, protocol: mqtts, security: [{ type: userPassword }] } }
channels: { level: { address: level } }
operations:
  receive: { action: receive, channel: { $ref: "#/channels/level" } }
  send: { action: send, channel: { $ref: "#/channels/level" } }
`),
  );
  assert.deepEqual(problems, [
    "security-missing: No operation has security: everybody whom a server lets in may use them all. Add security: to them, with schemes whose scopes they need",
  ]);
});

test("a format that is not known here checks nothing, and that is said; those of draft-07 are known", () => {
  const schema =
    "{ properties: { a: { type: string, format: date-tme }, b: { type: string, format: iri-reference } } }";
  const { findings, compiled } = compile(documentOf(schema));
  assert.deepEqual(
    findings.map(({ code, place, hint }) => `${place.column} ${code} ${hint}`),
    ["60 format-unchecked Perhaps date-time was meant"],
  );
  assert.equal(policyOf(compiled!).policy.mayPublish(anybody, publish("levels/1", { a: "x" })), undefined);
});

test("patterns are read as people write them", () => {
  const { policy } = policyOf(served(documentOf("{ properties: { a: { type: string, pattern: '^[\\w\\-]+\\:$' } } }")));
  assert.equal(policy.mayPublish(anybody, publish("levels/1", { a: "a-b:" })), undefined);
  assert.equal(policy.mayPublish(anybody, publish("levels/1", { a: "a b:" }))?.reasonCode, 0x99);
});

test("every mistake in a schema is found at once, each at its place", () => {
  const { findings } = compile(
    document(`channels:
  level:
    address: level
    messages:
      level:
        payload:
          type: object
          properties:
            a: { type: string, required: true }
            b: { type: string, pattern: '(' }
            c: { type: integer, meta: { unit: bar, deep: { more: 1 } } }
            d: { nullable: true, enum: [x] }
operations: { receive: { action: receive, channel: { $ref: "#/channels/level" } } }
`),
  );
  assert.deepEqual(
    findings.map(({ place, problem }) => `${place.line}:${place.column} ${problem}`),
    [
      "11:32 required must be a list of names, not true",
      "12:32 Invalid regular expression: /(/: Unterminated group",
      "13:33 JSON Schema has no meta, so it checks nothing",
      "14:18 nullable means nothing without a type beside it",
    ],
  );
});

test("an alias to what it stands in is refused, wherever that is", () => {
  for (const text of [
    documentOf("&level { type: object, properties: { next: *level } }"),
    document("channels: { level: { address: level, description: &text [*text] } }\n"),
    document("x-all: &all { <<: *all }\nchannels: {}\n"),
  ]) {
    assert.ok(
      problemsOf(text).some((problem) => /^reference-circular: \*\w+ stands within/.test(problem)),
      text,
    );
  }
});

test("twenty thousand aliases, and two thousand channels, are read in the time that they take", {
  timeout: 30_000,
}, () => {
  const aliases = `x-a: &a { b: 1 }\nx-list: [${Array(20_000).fill("*a").join(", ")}]\nchannels: {}\n`;
  assert.deepEqual(problemsOf(document(aliases)).length, 1);
  const numbers = Array.from({ length: 2_000 }, (_each, index) => index);
  const channels = numbers.map((number) => `  c${number}: { address: "{a}/b" }`);
  const ambiguous = compile(document(`channels:\n${channels.join("\n")}\n`)).findings;
  assert.equal(ambiguous.filter(({ code }) => code === "channel-ambiguous").length, 1_999);
});

test("a $ref that is no path is no reference to the whole document", () => {
  assert.match(findingsOf(documentOf('{ $ref: "#level" }'))[0] ?? "", /reference-broken: #level is no path/);
});

test("text for readers may stand beside a $ref, an extension that means something here may not", () => {
  const beside = (more: string): string =>
    documentOf(
      `{ properties: { a: { $ref: "#/components/schemas/A", ${more} } } }`,
      "components: { schemas: { A: {} } }\n",
    );
  served(beside("title: a, description: b, example: c, default: d, deprecated: true, x-faker: e"));
  assert.match(findingsOf(beside("nullable: true"))[0] ?? "", /reference-siblings: nullable beside/);
  assert.match(findingsOf(beside("x-minimum-qos: 1"))[0] ?? "", /reference-siblings: x-minimum-qos beside/);
});

test("traits whose schemas refer to themselves are merged, and end", () => {
  served(
    document(`channels:
  level: { address: level, messages: { level: { headers: { $ref: "#/components/schemas/A" }, traits: [{ headers: { $ref: "#/components/schemas/B" } }] } } }
operations: { receive: { action: receive, channel: { $ref: "#/channels/level" } } }
components:
  schemas:
    A: { type: object, properties: { next: { $ref: "#/components/schemas/A" } } }
    B: { type: object, properties: { next: { $ref: "#/components/schemas/B" } } }
`),
  );
});

test("of several mistakes in the syntax only the first is told", () => {
  const problems = problemsOf(document("channels: { level: { address: levels/{id}, parameters: { id: {} } } }\n"));
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /a text with \{ \} .* stands in quotes$/);
});

test("nesting without end is refused", () => {
  assert.match(problemsOf(`asyncapi: ${"[".repeat(100_000)}`)[0] ?? "", /^syntax: /);
});

test("a filter without wildcards is one topic, and of one channel, however many addresses it fits", () => {
  const { policy } = policyOf(
    served(
      document(`channels:
  order: { address: "orders/{id}", parameters: { id: {} } }
  special: { address: orders/special }
operations:
  order: { action: receive, channel: { $ref: "#/channels/order" } }
  special: { action: send, channel: { $ref: "#/channels/special" } }
`),
    ),
  );
  assert.equal(policy.maySubscribe(anybody, "orders/special"), undefined);
  assert.equal(policy.maySubscribe(anybody, "orders/special/#"), undefined);
  assert.match(policy.maySubscribe(anybody, "orders/+")?.reasonString ?? "", /reaches orders\/\{id\}/);
});

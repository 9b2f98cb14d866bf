import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, document, documentOf, findingsOf, policyOf, publish, served, somebody } from "./kit.ts";

// Documents as they are found in the field: they work, or are refused in clear words (findings.test.ts has those).

const anybody = somebody("anybody", []);

test("QoS and RETAIN in x- fields of the channel are read as the operation's binding", () => {
  const compiled = served(
    document(`channels:
  level: { address: level, x-qos: 1, x-retain: false, messages: { level: { payload: true } } }
operations:
  receive: { action: receive, channel: { $ref: "#/channels/level" } }
`),
    "binding-misplaced",
    "binding-misplaced",
  );
  const [operation] = compiled.contract.channels[0]!.publish;
  assert.equal(operation?.qos, 1);
  assert.equal(
    policyOf(compiled).policy.mayPublish(anybody, publish("level", "1", { retain: true }))?.reasonCode,
    0x83,
  );
});

test("QoS in the binding of a channel has no effect, and that is said", () => {
  const compiled = served(
    document(`channels:
  level: { address: level, bindings: { mqtt: { qos: 2, bindingVersion: 0.2.0 } } }
operations:
  receive: { action: receive, channel: { $ref: "#/channels/level" } }
`),
    "binding-misplaced",
  );
  assert.equal(compiled.contract.channels[0]?.publish[0]?.qos, undefined);
});

test("a channel without address is nobody's, and that is said", () => {
  served(
    document(`channels:
  reply: { address: null, messages: { reply: { payload: true } } }
`),
    "address-unknown",
  );
});

test("wildcards in an address are levels of any text", () => {
  const { policy } = policyOf(
    served(
      document(`channels:
  all: { address: "devices/+/log/#", messages: { log: { contentType: text/plain } } }
operations:
  receive: { action: receive, channel: { $ref: "#/channels/all" } }
`),
      "address-wildcard",
    ),
  );
  for (const topic of ["devices/1/log", "devices/1/log/a", "devices/1/log/a/b"]) {
    assert.equal(policy.mayPublish(anybody, publish(topic, "text")), undefined, topic);
  }
  for (const topic of ["devices/1/other", "devices/log", "devices"]) {
    assert.equal(policy.mayPublish(anybody, publish(topic, "text"))?.reasonCode, 0x90, topic);
  }
});

test("a schema in a file of its own is followed, and refusals name that file", () => {
  const files = {
    "api.yaml": documentOf('{ $ref: "schemas/level.json#/definitions/level" }'),
    "schemas/level.json": `{
  "definitions": {
    "level": { "type": "object", "properties": { "height": { "$ref": "../common.yaml#/Height" }, "next": { "$ref": "#/definitions/level" } } }
  }
}`,
    "common.yaml": "Height:\n  type: number\n  maximum: 9\n",
  };
  const { policy } = policyOf(served(files));
  assert.equal(
    policy.mayPublish(anybody, publish("levels/1", { height: 1, next: { height: 2, next: {} } })),
    undefined,
  );
  const refusal = policy.mayPublish(anybody, publish("levels/1", { next: { next: { height: 10 } } }));
  assert.equal(refusal?.reasonString, "payload/next/next/height must be <= 9 (common.yaml:3 Height)");
  assert.match(refusal?.place ?? "", /schemas\/\.\.\/common\.yaml:3:3$/);
});

test("payloads in Avro and Protobuf are passed on unchecked, and that is said", () => {
  for (const format of ["application/vnd.apache.avro;version=1.9.0", "application/vnd.google.protobuf;version=3"]) {
    const compiled = served(documentOf(`{ schemaFormat: "${format}", schema: "syntax" }`), "schema-unchecked");
    assert.equal(policyOf(compiled).policy.mayPublish(anybody, publish("levels/1", Buffer.from([0xff, 0]))), undefined);
  }
});

test("binary content is passed on unchecked, text is checked as a text", () => {
  const binary = documentOf("{ type: object }, contentType: application/octet-stream");
  served(binary, "schema-unchecked");
  const { policy } = policyOf(served(documentOf("{ maxLength: 3 }, contentType: text/plain")));
  assert.equal(policy.mayPublish(anybody, publish("levels/1", "abc")), undefined);
  assert.match(
    policy.mayPublish(anybody, publish("levels/1", "abcd"))?.reasonString ?? "",
    /must NOT have more than 3 characters/,
  );
});

test("JSON Schema 2020-12 is read where the document says so", () => {
  const { policy } = policyOf(
    served(
      documentOf(
        '{ schemaFormat: "application/schema+json;version=draft-2020-12", schema: { type: array, prefixItems: [{ type: integer }], items: false } }',
      ),
    ),
  );
  assert.equal(policy.mayPublish(anybody, publish("levels/1", "[1]")), undefined);
  assert.equal(policy.mayPublish(anybody, publish("levels/1", "[1, 2]"))?.reasonCode, 0x99);
  const nonsense = '{ schemaFormat: "application/schema+json;version=draft-2020-12", schema: { type: nonsense } }';
  assert.match(findingsOf(documentOf(nonsense))[0] ?? "", /error schema-invalid/);
});

test("AsyncAPI's and OpenAPI's words about schemas are no errors", () => {
  served(
    documentOf(
      '{ type: object, discriminator: kind, deprecated: true, example: {}, externalDocs: { url: "https://example.com" }, x-any: 1, properties: { kind: { type: string, x-more: 2 } } }',
    ),
  );
});

test("anchors, aliases and merge keys of YAML are read", () => {
  const { policy } = policyOf(
    served(
      documentOf("*level", "x-b: &base { type: object }\nx-a: &level\n  <<: *base\n  required: [a]\n").replace(
        /^(asyncapi.*\n)([\s\S]*?)(x-b[\s\S]*)$/,
        "$1$3$2",
      ),
    ),
  );
  assert.equal(policy.mayPublish(anybody, publish("levels/1", { a: 1 })), undefined);
  assert.match(policy.mayPublish(anybody, publish("levels/1", {}))?.reasonString ?? "", /required property 'a'/);
});

test("aliases within aliases cost nothing", () => {
  let text = 'x-0: &x0 ["lol"]\n';
  for (let depth = 1; depth < 30; depth += 1)
    text += `x-${depth}: &x${depth} [${Array(9)
      .fill(`*x${depth - 1}`)
      .join(", ")}]\n`;
  const { findings } = compile(document(text));
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["channel-unused"],
  );
});

test("traits lie beneath: what a message says itself wins", () => {
  const compiled = served(
    document(`channels:
  level:
    address: level
    messages:
      level:
        contentType: text/plain
        traits:
          - { contentType: application/json, bindings: { mqtt: { payloadFormatIndicator: 1 } } }
          - { bindings: { mqtt: { contentType: text/csv } } }
operations:
  receive:
    action: receive
    channel: { $ref: "#/channels/level" }
    traits: [{ bindings: { mqtt: { qos: 2 } } }]
    bindings: { mqtt: { retain: false } }
`),
  );
  const [channel] = compiled.contract.channels;
  const [message] = channel!.messages;
  assert.equal(message?.contentType, "text/plain");
  assert.equal(message?.payloadFormatIndicator, 1);
  assert.equal(message?.expectedContentType, "text/csv");
  assert.equal(channel?.publish[0]?.qos, 2);
  assert.equal(channel?.publish[0]?.retain, false);
});

test("the pathname of plain MQTT stands before every topic, with the server's variables", () => {
  const { policy } = policyOf(
    served(
      documentOf("true").replace(
        "channels:",
        "servers: { main: { host: localhost, protocol: mqtt, pathname: '/{stage}/v1', variables: { stage: { default: test } } } }\nchannels:",
      ),
    ),
  );
  assert.equal(policy.mayPublish(anybody, publish("test/v1/levels/1", "1")), undefined);
  assert.equal(policy.mayPublish(anybody, publish("levels/1", "1"))?.reasonCode, 0x90);
});

test("servers that speak something else are left out, and that is said", () => {
  served(
    document("servers: { kafka: { host: localhost, protocol: kafka } }\n"),
    "channel-unused",
    "server-unsupported",
  );
});

test("names of JavaScript's own objects are names like any other", () => {
  const { policy } = policyOf(
    served(
      document(`channels:
  __proto__: { address: "__proto__/{constructor}", parameters: { constructor: {} }, messages: { toString: { payload: { type: object, properties: { constructor: { type: integer } } } } } }
operations:
  receive: { action: receive, channel: { $ref: "#/channels/__proto__" } }
`),
    ),
  );
  assert.equal(
    policy.mayPublish(anybody, publish("__proto__/hasOwnProperty", '{"constructor": 1, "__proto__": 1}')),
    undefined,
  );
  assert.equal(policy.mayPublish(anybody, publish("__proto__/valueOf", '{"constructor": "x"}'))?.reasonCode, 0x99);
});

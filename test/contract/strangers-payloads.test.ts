import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { closeClients } from "../interop/mqttjs.ts";
import { decodeOne, encodeOne } from "../mqtt/frames.ts";
import { document, documentOf, policyOf, publish, served, somebody } from "./kit.ts";
import { type ContractServer, publishTo, settled, startUnder, subscribeTo } from "./running.ts";

// What somebody who may publish can do with a payload, besides what the contract means.

const anybody = somebody("anybody", []);

/** Whether a payload of a schema is taken: "allowed", or why not. */
function verdict(schema: string, payload: unknown, more = ""): string {
  const { policy } = policyOf(served(documentOf(schema, `defaultContentType: application/json\n${more}`)));
  return policy.mayPublish(anybody, publish("levels/1", payload))?.reasonString ?? "allowed";
}

const tree = "components: { schemas: { Tree: { type: array, items: { $ref: '#/components/schemas/Tree' } } } }\n";

describe("a payload can neither stall nor stop the process", () => {
  test("nested deeper than 512 levels is refused before it is parsed", () => {
    const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    assert.equal(verdict("{ $ref: '#/components/schemas/Tree' }", deep(512), tree), "allowed");
    for (const levels of [3_000, 500_000]) {
      assert.match(verdict("{ $ref: '#/components/schemas/Tree' }", deep(levels), tree), /nested more than 512 levels/);
    }
    const inText = JSON.stringify({ text: `"[[{{\\`.repeat(2_000) });
    assert.equal(verdict("{ type: object }", inText), "allowed", "brackets in a string are no nesting");
  });

  test("uniqueItems over 100,000 objects takes no time to speak of", { timeout: 10_000 }, () => {
    const items = Array.from({ length: 100_000 }, (_each, index) => ({ index, at: [index, { deep: 1 }] }));
    const schema = "{ type: array, uniqueItems: true }";
    assert.equal(verdict(schema, items), "allowed");
    items.push({ at: [7, { deep: 1 }], index: 7 } as (typeof items)[number]);
    assert.match(verdict(schema, items), /^payload must NOT have the same item twice/);
    assert.equal(verdict(schema, "[1, true, null, [], {}, [[]], [1], {}]"), verdict(schema, "[{}, {}]"));
    assert.equal(verdict(schema, '[1, "1", true, "true", null, "null", [], {}, ""]'), "allowed");
    assert.equal(verdict("{ type: array, uniqueItems: false }", "[1, 1]"), "allowed");
  });

  test("no format takes long for a hostile megabyte", { timeout: 20_000 }, () => {
    const formats = "url uri uri-reference uri-template email hostname ipv4 ipv6 duration byte regex json-pointer uuid";
    const others = "date date-time time iri iri-reference idn-email idn-hostname relative-json-pointer";
    const hostile = ["http://:", "a@", "{", "P1", "/", "A", "a-", "1:", "a.", "(", "~0"];
    for (const format of `${formats} ${others}`.split(" ")) {
      const { policy } = policyOf(
        served(documentOf(`{ type: string, format: ${format} }`, "defaultContentType: application/json\n")),
      );
      for (const text of hostile) {
        const payload = JSON.stringify(text[0] + text.slice(1).repeat(1_000_000 / text.length));
        const startedAt = performance.now();
        policy.mayPublish(anybody, publish("levels/1", payload));
        assert.ok(performance.now() - startedAt < 2_000, `${format} of ${text}`);
      }
    }
    assert.equal(verdict("{ type: string, format: url }", '"https://example.com:8883/a?b#c"'), "allowed");
    assert.match(verdict("{ type: string, format: url }", '"example.com"'), /must match format "url"/);
  });

  test("what a Reason String quotes of it is cut, and has nothing that MQTT forbids", () => {
    const schema = "{ type: object, additionalProperties: { type: integer } }";
    for (const name of ["\0", "\ud800", "\u0007\ufeff\uffff", "x".repeat(900_000)]) {
      for (const payload of [JSON.stringify({ [name]: "x" }), `{"${name}": x}`, Buffer.from(`${name}{`)]) {
        const reasonString = verdict(schema, payload);
        assert.ok(reasonString.length < 600, `${reasonString.length}`);
        const properties = { reasonString, userProperties: [] };
        const puback = { type: 4, packetIdentifier: 1, reasonCode: 0x99, properties } as const;
        assert.deepEqual(decodeOne(encodeOne(puback, 5), 5), puback);
      }
    }
  });
});

describe("JSON is what JSON.parse says", () => {
  const cases: readonly [string, string, string, string][] = [
    ["a number beyond all numbers is none", "{ type: number }", "1e999", "payload must be number"],
    [
      "of a key that stands twice the last one counts",
      "{ properties: { a: { type: integer } } }",
      '{"a": "x", "a": 1}',
      "",
    ],
    [
      "a byte order mark is no JSON",
      "{ type: object }",
      "\ufeff{}",
      "payload is no JSON: it begins with a byte order mark",
    ],
    ["NaN is no JSON", "{ type: number }", "NaN", "payload is no JSON: "],
    [
      "what every object inherits is not there",
      "{ required: [toString] }",
      "{}",
      "payload must have required property 'toString'",
    ],
    ["nor is it checked", "{ properties: { constructor: { type: integer } } }", "{}", ""],
    [
      "__proto__ is a name",
      "{ additionalProperties: false }",
      '{"__proto__": 1}',
      'payload must not have the property "__proto__"',
    ],
    ["half a surrogate is a character", "{ type: string, maxLength: 1 }", '"\\ud800"', ""],
  ];
  for (const [name, schema, payload, sentence] of cases) {
    test(name, () => {
      const said = verdict(schema, payload);
      assert.ok(sentence === "" ? said === "allowed" : said.startsWith(sentence), said);
    });
  }
});

test("a header that stands twice counts with its last value", () => {
  const { policy } = policyOf(
    served(
      document(`channels:
  level: { address: level, messages: { level: { headers: { properties: { kind: { enum: [a] } } } } } }
operations: { receive: { action: receive, channel: { $ref: "#/channels/level" } } }
`),
    ),
  );
  const refusal = (kinds: readonly string[]): number | undefined => {
    const userProperties = kinds.map((kind) => ["kind", kind] as const);
    return policy.mayPublish(anybody, publish("level", "1", { properties: { userProperties } }))?.reasonCode;
  };
  assert.equal(refusal(["b", "a"]), undefined);
  assert.equal(refusal(["a", "b"]), 0x83);
});

test("where the payload repeats a level of the topic it must be the same, whatever its type", () => {
  const { policy } = policyOf(
    served(
      document(`channels:
  level:
    address: levels/{id}
    parameters: { id: { location: $message.payload#/ids/0/id } }
    messages: { level: { payload: {} } }
operations: { receive: { action: receive, channel: { $ref: "#/channels/level" } } }
`),
    ),
  );
  const refusal = (id: unknown): number | undefined =>
    policy.mayPublish(anybody, publish("levels/7", { ids: [{ id }] }))?.reasonCode;
  for (const same of ["7", 7, null, undefined]) assert.equal(refusal(same), undefined, String(same));
  for (const other of ["8", 8, true, ["7"], { "7": 7 }]) assert.equal(refusal(other), 0x99, JSON.stringify(other));
});

test("what is two messages at once is refused with both names", () => {
  const { policy } = policyOf(
    served(
      document(`channels:
  level: { address: level, messages: { one: { payload: { type: integer } }, two: { payload: { minimum: 5 } } } }
operations: { receive: { action: receive, channel: { $ref: "#/channels/level" } } }
`),
    ),
  );
  assert.equal(policy.mayPublish(anybody, publish("level", "1")), undefined);
  assert.match(policy.mayPublish(anybody, publish("level", "7"))?.reasonString ?? "", /^payload is both one and two/);
});

describe("an empty payload with RETAIN clears a snapshot", () => {
  const compiled = served(
    document(`channels:
  snapshot: { address: "snapshot/{id}", parameters: { id: { location: $message.payload#/id } }, messages: { m: { $ref: "#/components/messages/level" } } }
  plain: { address: plain, messages: { m: { $ref: "#/components/messages/level" } } }
operations:
  takeSnapshot: { action: receive, channel: { $ref: "#/channels/snapshot" }, bindings: { mqtt: { retain: true } } }
  giveSnapshot: { action: send, channel: { $ref: "#/channels/snapshot" } }
  takePlain: { action: receive, channel: { $ref: "#/channels/plain" } }
components: { messages: { level: { headers: { required: [kind] }, payload: { type: object } } } }
`),
  );
  let server: ContractServer;
  before(async () => {
    server = await startUnder(compiled, [anybody]);
  });
  after(async () => {
    closeClients();
    await server?.close();
  });

  test("where the operation says retain: true, whatever its messages are", async () => {
    const client = await server.connect(anybody, 5, "publisher");
    const properties = { userProperties: { kind: "x" } };
    const put = await publishTo(client, "snapshot/7", Buffer.from("{}"), { qos: 1, retain: true, properties });
    assert.ok(put.reasonCode < 0x80, put.reasonString);
    const first = await server.connect(anybody, 5, "first");
    assert.deepEqual(await subscribeTo(first, ["snapshot/+"], 0), [0]);
    await first.receivedCount(1);
    const cleared = await publishTo(client, "snapshot/7", Buffer.alloc(0), { qos: 1, retain: true });
    assert.ok(cleared.reasonCode < 0x80, cleared.reasonString);
    const late = await server.connect(anybody, 5, "late");
    assert.deepEqual(await subscribeTo(late, ["snapshot/+"], 0), [0]);
    await settled(late);
    assert.deepEqual(late.received, []);
  });

  test("and nowhere else: without RETAIN, or without the binding, it is a payload like any other", () => {
    const { policy } = policyOf(compiled);
    assert.equal(policy.mayPublish(anybody, publish("snapshot/7", ""))?.reasonCode, 0x99);
    assert.equal(policy.mayPublish(anybody, publish("plain", "", { retain: true }))?.reasonCode, 0x99);
  });
});

test("a client that publishes to ever new topics makes others forget, and nothing grows", { timeout: 30_000 }, () => {
  const { policy } = policyOf(served(documentOf("true")));
  const hostile = somebody("hostile", []);
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 300_000; index += 1) {
    policy.mayPublish(hostile, publish(`levels/${String(index).padEnd(240, "x")}`, "1"));
  }
  assert.equal(policy.mayPublish(anybody, publish("levels/1", "1")), undefined);
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 200_000_000, `${grown} bytes`);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { compile, document, documentOf, policyOf, publish, served, somebody } from "./kit.ts";

/** A shop: orders that customers own, a shelf for everybody with an account, an inside that nobody may read. */
const shop = document(`servers:
  main: { host: localhost, protocol: mqtts, security: [{ $ref: "#/components/securitySchemes/password" }] }
x-roles:
  customer: { scopes: [orders.read], own: { orderId: store:orders } }
  walker: { scopes: [walks.write, walks.read], own: { walkerId: user-name } }
  device: { scopes: [walks.write], own: { walkerId: client-id } }
  tenant: { scopes: [walks.write], own: { walkerId: claim:walkers } }
  certified: { scopes: [walks.write], own: { walkerId: certificate:CN } }
  clerk: { scopes: [orders.read, orders.write, walks.read], serverTopics: true }
channels:
  order:
    address: orders/{orderId}/status
    parameters: { orderId: { location: $message.payload#/orderId } }
    messages: { order: { $ref: "#/components/messages/order" } }
  special:
    address: orders/special/status
    messages: { order: { contentType: text/plain, payload: { type: string } } }
  walk:
    address: walks/{walkerId}/{mood}
    parameters: { walkerId: { x-schema: { type: string, maxLength: 8 } }, mood: { enum: [happy, sad] } }
    messages:
      one: { payload: { type: object, required: [steps], properties: { steps: { type: integer, minimum: 0 } } } }
      batch: { payload: { type: array, maxItems: 3, items: { type: object, required: [steps], properties: { steps: { type: integer } } } } }
  shelf: { address: shelf, messages: { shelf: { payload: true } } }
operations:
  receiveOrder: { action: receive, channel: { $ref: "#/channels/order" }, security: [{ $ref: "#/components/securitySchemes/write" }], bindings: { mqtt: { qos: 1, retain: false, messageExpiryInterval: 60 } }, x-minimum-qos: 1 }
  sendOrder: { action: send, channel: { $ref: "#/channels/order" }, security: [{ $ref: "#/components/securitySchemes/read" }], x-wildcard: own }
  sendSpecial: { action: send, channel: { $ref: "#/channels/special" }, security: [{ $ref: "#/components/securitySchemes/read" }] }
  receiveWalk: { action: receive, channel: { $ref: "#/channels/walk" }, security: [{ $ref: "#/components/securitySchemes/walk" }] }
  sendWalk: { action: send, channel: { $ref: "#/channels/walk" }, security: [{ $ref: "#/components/securitySchemes/watch" }] }
  receiveShelf: { action: receive, channel: { $ref: "#/channels/shelf" }, security: [{ $ref: "#/components/securitySchemes/password" }] }
components:
  messages:
    order:
      headers: { type: object, properties: { trace: { type: string, pattern: "^[0-9a-f]+$" } } }
      payload: { $ref: "#/components/schemas/Order" }
      bindings: { mqtt: { payloadFormatIndicator: 1, contentType: application/json } }
  schemas:
    Order: { type: object, additionalProperties: false, properties: { orderId: { type: string }, state: { enum: [PLACED, PAID] } } }
  securitySchemes:
    password: { type: userPassword }
    read: { type: oauth2, flows: {}, scopes: [orders.read] }
    write: { type: oauth2, flows: {}, scopes: [orders.write] }
    walk: { type: oauth2, flows: {}, scopes: [walks.write] }
    watch: { type: oauth2, flows: {}, scopes: [walks.read] }
`);

const clerk = somebody("carla", ["clerk"]);
const alice = somebody("alice", ["customer"]);
const owned = new Map([["alice", ["o1", "o2"]]]);
const ownership = {
  owns: ({ name }: { name: string }, _what: string, id: string) => owned.get(name)?.includes(id) ?? false,
};
const { policy, observed } = policyOf(served(shop), ownership);

function published(...args: Parameters<typeof publish>): (who: ReturnType<typeof somebody>) => string {
  return (who) => {
    const refusal = policy.mayPublish(who, publish(...args));
    return refusal === undefined ? "allowed" : `${refusal.reasonCode.toString(16)} ${refusal.reasonString}`;
  };
}

describe("a PUBLISH is allowed where a receive operation, the role, the topic and the payload say so", () => {
  const order = { orderId: "o1", state: "PAID" };
  const cases: readonly [string, string, string][] = [
    ["who holds the scope may publish", published("orders/o1/status", order, { qos: 1 })(clerk), "allowed"],
    [
      "who lacks the scope is told which",
      published("orders/o1/status", order, { qos: 1 })(alice),
      "87 alice (customer) lacks the scope orders.write (api.yaml:28 receiveOrder)",
    ],
    [
      "a topic of no channel is refused with the nearest one",
      published("orders/o1/stat", order)(clerk),
      "90 orders/o1/stat is no topic of Levels; there is orders/{orderId}/status",
    ],
    [
      "a channel that only sends takes nothing",
      published("orders/special/status", "x")(clerk),
      "87 clients cannot publish to orders/special/status (api.yaml:18 special)",
    ],
    [
      "below x-minimum-qos is refused",
      published("orders/o1/status", order)(clerk),
      "83 QoS must be at least 1 (api.yaml:28 receiveOrder)",
    ],
    [
      "RETAIN where the binding says false is refused",
      published("orders/o1/status", order, { qos: 2, retain: true })(clerk),
      "83 RETAIN must be 0 (api.yaml:28 receiveOrder)",
    ],
    [
      "a payload that breaks its schema is told where",
      published("orders/o1/status", { state: "LOST" }, { qos: 1 })(clerk),
      "99 payload/state must be one of PLACED, PAID (api.yaml:41 Order)",
    ],
    [
      "a property that the schema does not have is named",
      published("orders/o1/status", { stat: 1 }, { qos: 1 })(clerk),
      '99 payload must not have the property "stat" (api.yaml:41 Order)',
    ],
    [
      "what the topic says must not be denied by the payload",
      published("orders/o2/status", order, { qos: 1 })(clerk),
      "99 payload/orderId must be the {orderId} of the topic, o2 (api.yaml:15 orderId)",
    ],
    [
      "no JSON",
      published("orders/o1/status", "{state", { qos: 1 })(clerk).replace(/:.*\(/, " … ("),
      "99 payload is no JSON … (api.yaml:37 order)",
    ],
    [
      "no UTF-8",
      published("orders/o1/status", Buffer.from([0xff]), { qos: 1 })(clerk),
      "99 payload is no UTF-8, so it is no JSON (api.yaml:37 order)",
    ],
    [
      "nothing at all",
      published("orders/o1/status", "", { qos: 1 })(clerk),
      "99 payload is empty, and JSON is expected (api.yaml:37 order)",
    ],
    [
      "a header that breaks its schema",
      published("orders/o1/status", order, { qos: 1, properties: { userProperties: [["trace", "xyz"]] } })(clerk),
      '83 header/trace must match pattern "^[0-9a-f]+$" (api.yaml:37 order)',
    ],
    [
      "headers that the contract does not name pass",
      published("orders/o1/status", order, { qos: 1, properties: { userProperties: [["other", "xyz"]] } })(clerk),
      "allowed",
    ],
    [
      "a Payload Format Indicator against the binding",
      published("orders/o1/status", order, { qos: 1, properties: { payloadFormatIndicator: 0 } })(clerk),
      "99 Payload Format Indicator must be 1 (api.yaml:37 order)",
    ],
    [
      "a Content Type against the contract",
      published("orders/o1/status", order, { qos: 1, properties: { contentType: "text/plain" } })(clerk),
      "99 Content Type must be application/json (api.yaml:37 order)",
    ],
    [
      "a Content Type with a parameter is the same type",
      published("orders/o1/status", order, { qos: 1, properties: { contentType: "application/json; charset=utf-8" } })(
        clerk,
      ),
      "allowed",
    ],
    [
      "a parameter outside its enum",
      published("walks/w/angry", { steps: 1 })(somebody("w", ["walker"])),
      "90 {mood} must be one of happy, sad in walks/{walkerId}/{mood} (api.yaml:21 walk)",
    ],
    [
      "a parameter against its x-schema",
      published("walks/much-too-long/sad", { steps: 1 })(somebody("much-too-long", ["walker"])),
      "90 {walkerId} must NOT have more than 8 characters in walks/{walkerId}/{mood} (api.yaml:21 walk)",
    ],
    ["one's own by user name", published("walks/w/sad", { steps: 1 })(somebody("w", ["walker"])), "allowed"],
    [
      "another's by user name",
      published("walks/v/sad", { steps: 1 })(somebody("w", ["walker"])),
      "87 as walker, w (walker) may publish only where {walkerId} is its user name (api.yaml:31 receiveWalk)",
    ],
    ["one's own by Client Identifier", published("walks/d-1/sad", { steps: 1 })(somebody("d", ["device"])), "allowed"],
    [
      "one's own by a claim",
      published("walks/b/sad", { steps: 1 })(somebody("t", ["tenant"], { walkers: ["a", "b"] })),
      "allowed",
    ],
    [
      "another's by a claim",
      published("walks/c/sad", { steps: 1 })(somebody("t", ["tenant"], { walkers: ["a", "b"] })),
      "87 as tenant, t (tenant) may publish only where {walkerId} is its claim walkers (api.yaml:31 receiveWalk)",
    ],
    [
      "one's own by the certificate",
      published("walks/w9/sad", { steps: 1 })(somebody("x", ["certified"], { "certificate.CN": ["w9"] })),
      "allowed",
    ],
    [
      "one of several roles is enough",
      published("walks/w/sad", { steps: 1 })(somebody("w", ["device", "walker"])),
      "allowed",
    ],
    [
      "a batch is checked item by item",
      published("walks/w/sad", [{ steps: 1 }, { steps: "2" }])(somebody("w", ["walker"])),
      "99 payload/1/steps must be integer (api.yaml:25 batch)",
    ],
    [
      "a single one beside the batch is told what it lacks",
      published("walks/w/sad", {})(somebody("w", ["walker"])),
      "99 payload must have required property 'steps' (api.yaml:24 one)",
    ],
    [
      "neither one nor a batch",
      published("walks/w/sad", "7")(somebody("w", ["walker"])),
      "99 payload must be object (api.yaml:24 one)",
    ],
    ["a scheme without scopes asks for somebody known", published("shelf", "{}")(alice), "allowed"],
    [
      "and nobody known is not enough",
      published("shelf", "{}")(somebody("", [])),
      "87 an anonymous client lacks an account (api.yaml:33 receiveShelf)",
    ],
  ];
  for (const [name, actual, expected] of cases) test(name, () => assert.equal(actual, expected));
});

function subscribed(topicFilter: string, who = alice): string {
  const { refusal, isFiltered } = policy.reach(who, topicFilter);
  if (refusal === undefined) return isFiltered ? "own" : "all";
  assert.equal(refusal.reasonCode, ReasonCode.NotAuthorized);
  return refusal.reasonString;
}

describe("a subscription is granted when every channel that it reaches may be read", () => {
  const cases: readonly [string, string, string][] = [
    ["all of it", subscribed("orders/+/status", clerk), "all"],
    ["one's own, exactly", subscribed("orders/o1/status"), "all"],
    [
      "another's, exactly",
      subscribed("orders/o9/status"),
      "the filter reaches orders/{orderId}/status, where customer may read only what {orderId} says is its orders; write that id in the place of {orderId} (api.yaml:29 sendOrder)",
    ],
    ["a wildcard brings one's own where the operation says so", subscribed("orders/+/status"), "own"],
    [
      "a wildcard over what is owned is refused where the operation does not say so",
      subscribed("walks/+/sad", somebody("w", ["walker"])),
      "the filter reaches walks/{walkerId}/{mood}, where walker may read only what {walkerId} says is its user name; write that id in the place of {walkerId} (api.yaml:32 sendWalk)",
    ],
    ["a wildcard beside what is owned", subscribed("walks/w/+", somebody("w", ["walker"])), "all"],
    [
      "the first channel in the way refuses",
      subscribed("#", alice),
      "the filter reaches walks/{walkerId}/{mood}, and it needs the scope walks.read; subscribe to narrower filters (api.yaml:32 sendWalk)",
    ],
    [
      "a channel that only receives is in the way of everything",
      subscribed("#", clerk),
      "the filter reaches shelf, and clients cannot subscribe to it (api.yaml:26 shelf)",
    ],
    ["a filter that reaches nothing", subscribed("order/+/status"), "order/+/status reaches no channel of Levels"],
    [
      "a value outside the enum reaches nothing",
      subscribed("walks/w/angry", clerk),
      "walks/w/angry reaches no channel of Levels",
    ],
    ["$SYS for a role that says so", subscribed("$SYS/#", clerk), "all"],
    [
      "$SYS for no other",
      subscribed("$SYS/#"),
      "Topics that begin with $ are the server's: it needs the role clerk, not customer",
    ],
    [
      "no other $ topic",
      subscribed("$other/#", clerk),
      "Topics that begin with $ are the server's: it needs the role clerk, not clerk",
    ],
  ];
  for (const [name, actual, expected] of cases) test(name, () => assert.equal(actual, expected));
});

test("what belongs to somebody may change: it is asked every time", () => {
  assert.equal(policy.mayReceive(alice, "orders/o3/status"), false);
  owned.set("alice", ["o1", "o2", "o3"]);
  assert.equal(policy.mayReceive(alice, "orders/o3/status"), true);
  owned.set("alice", ["o1", "o2"]);
  assert.equal(policy.mayReceive(alice, "orders/o3/status"), false);
  assert.equal(policy.mayReceive(alice, "nowhere"), false);
});

test("an absent Message Expiry Interval comes from the operation that receives", () => {
  assert.equal(policy.messageExpirySeconds("orders/o1/status"), 60);
  assert.equal(policy.messageExpirySeconds("shelf"), undefined);
  assert.equal(policy.messageExpirySeconds("nowhere"), undefined);
});

test("x-enforcement: observe reports and lets through", () => {
  const observing = policyOf(
    served(documentOf("{ type: integer }").replace("action: receive,", "action: receive, x-enforcement: observe,")),
  );
  assert.equal(observing.policy.mayPublish(alice, publish("levels/1", "many")), undefined);
  assert.equal(observing.observed.length, 1);
  assert.match(observing.observed[0]!.reasonString, /payload is no JSON/);
  assert.deepEqual(observed, []);
});

test("without x-roles a Client's roles are scopes", () => {
  const { policy: bare } = policyOf(
    served(
      documentOf("true").replace(
        "action: receive,",
        "action: receive, security: [{ type: oauth2, flows: {}, scopes: [levels.write] }],",
      ),
    ),
  );
  assert.equal(bare.mayPublish(somebody("a", ["levels.write"]), publish("levels/1", "1")), undefined);
  assert.equal(bare.mayPublish(somebody("a", ["levels.read"]), publish("levels/1", "1"))?.reasonCode, 0x87);
});

test("a document from the client's side turns send and receive around", () => {
  const text = documentOf("true").replace(
    '  receiveLevel: { action: receive, channel: { $ref: "#/channels/level" } }\n',
    "",
  );
  const { compiled } = compile(text, "client");
  const { policy: client } = policyOf(compiled!);
  assert.equal(client.mayPublish(alice, publish("levels/1", "1")), undefined);
  assert.equal(client.maySubscribe(alice, "levels/1")?.reasonCode, 0x87);
});

test("a payload that is two messages of a channel is neither", () => {
  const { policy: twofold } = policyOf(
    served(
      document(`channels:
  level: { address: level, messages: { a: { payload: { type: integer } }, b: { payload: { minimum: 3 } } } }
operations:
  receive: { action: receive, channel: { $ref: "#/channels/level" } }
`),
    ),
  );
  assert.equal(twofold.mayPublish(alice, publish("level", "2")), undefined);
  assert.equal(twofold.mayPublish(alice, publish("level", "3.5")), undefined);
  assert.equal(
    twofold.mayPublish(alice, publish("level", "4"))?.reasonString,
    "payload is both a and b, and must be exactly one message (api.yaml:4 b)",
  );
});

test("prices are multiples of a cent although 0.07 is none in binary", () => {
  const { policy: prices } = policyOf(served(documentOf("{ type: number, multipleOf: 0.01 }")));
  for (const price of [0.07, 1.1, 4.35, 1_000.29, 19.99]) {
    assert.equal(prices.mayPublish(alice, publish("levels/1", String(price))), undefined, String(price));
  }
  assert.equal(prices.mayPublish(alice, publish("levels/1", "0.075"))?.reasonCode, 0x99);
});

test("a Will goes where a server's lastWill says, and is a message like any other", () => {
  const lastWill =
    "servers: { main: { host: h, protocol: mqtt, bindings: { mqtt: { lastWill: { topic: 'levels/{id}' } } } } }\n";
  const withOther = documentOf("{ type: integer }", lastWill).replace(
    "channels:\n",
    "channels:\n  other: { address: other, messages: { other: { payload: true } } }\n",
  );
  const served = policyOf(
    compile(
      withOther.replace(
        "operations:\n",
        'operations:\n  other: { action: receive, channel: { $ref: "#/channels/other" } }\n',
      ),
    ).compiled!,
  ).policy;
  assert.equal(served.mayPublish(alice, publish("other", "1")), undefined);
  assert.equal(
    served.mayHaveWill(alice, publish("other", "1"))?.reasonString,
    "a Will goes to levels/+ (api.yaml:14 main)",
  );
  assert.equal(served.mayHaveWill(alice, publish("levels/1", "1")), undefined);
  assert.equal(served.mayHaveWill(alice, publish("levels/1", "x"))?.reasonCode, 0x99);
});

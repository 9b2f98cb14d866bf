import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, document, documentOf, findingsOf } from "./kit.ts";

const channel = `channels:
  level: { address: "levels/{id}", parameters: { id: {} } }
`;
const operation = `operations:
  send: { action: send, channel: { $ref: "#/channels/level" } }
`;

/** Name of the rule, the document, and the findings that it must have: no more and no less. */
const cases: readonly [string, string | Readonly<Record<string, string>>, readonly string[]][] = [
  [
    "a file that is not there",
    {},
    ["api.yaml:1:1: error file-unreadable: api.yaml cannot be read: it does not exist. Check the path."],
  ],
  [
    "a text that is no document",
    "just words",
    [
      'api.yaml:1:1: error asyncapi-version: api.yaml is no AsyncAPI document but "just words". Begin it with asyncapi: 3.0.0.',
    ],
  ],
  [
    "a key that stands twice",
    document(`${channel}${operation}x-a: 1\nx-a: 2\n`),
    ["api.yaml:8:1: error duplicate-key: This key stands in the mapping twice. Remove one of them."],
  ],
  [
    "AsyncAPI 2 is refused with the command that converts it",
    "asyncapi: 2.6.0\n",
    [
      "api.yaml:1:1: error asyncapi-version: This is AsyncAPI 2.6.0; served is 3.0. Convert it by npx @asyncapi/cli convert api.yaml --target-version=3.0.0 --output=asyncapi3.yaml and serve that.",
    ],
  ],
  [
    "OpenAPI is no AsyncAPI",
    "openapi: 3.1.0\n",
    [
      "api.yaml:1:1: error asyncapi-version: This is no AsyncAPI document: it has no asyncapi. Begin it with asyncapi: 3.0.0.",
    ],
  ],
  [
    "a reference that leads nowhere says what there is",
    document(`${channel}operations:\n  send: { action: send, channel: { $ref: "#/channels/levl" } }\n`),
    [
      "api.yaml:4:10: warning channel-unused: Nobody may use the channel level: no operation names it. Add an operation with action: send or receive.",
      "api.yaml:6:36: error reference-broken: #/channels/levl leads nowhere: there is no levl. Perhaps level was meant.",
    ],
  ],
  [
    "a reference into a file that is not there",
    documentOf('{ $ref: "./schemas/level.json" }'),
    ["api.yaml:8:27: error file-unreadable: ./schemas/level.json cannot be read: it does not exist. Check the path."],
  ],
  [
    "a reference to the network",
    documentOf('{ $ref: "https://example.com/level.json" }'),
    [
      "api.yaml:8:27: error reference-remote: https://example.com/level.json is not in a local file. Keep a copy beside the contract and refer to it.",
    ],
  ],
  [
    "a circle of references",
    documentOf(
      '{ $ref: "#/components/schemas/A" }',
      "components: { schemas: { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } } }\n",
    ),
    ["api.yaml:12:31: error reference-circular: This reference leads back to itself. Break the circle."],
  ],
  [
    "siblings of a reference, which would take away a scope without a word",
    document(`${channel}operations:
  send:
    action: send
    channel: { $ref: "#/channels/level" }
    security: [{ $ref: "#/components/securitySchemes/token", scopes: [read] }]
components: { securitySchemes: { token: { type: oauth2, flows: {} } } }
`),
    [
      "api.yaml:9:62: error reference-siblings: scopes beside a $ref would be lost without a word. Write it into what is referred to, or a component of its own.",
    ],
  ],
  [
    "a parameter that is not in the address",
    document(`channels:\n  level: { address: "levels/{id}", parameters: { id: {}, other: {} } }\n${operation}`),
    ["api.yaml:4:58: error parameter-unused: {other} is not in the address levels/{id}. The address has {id}."],
  ],
  [
    "a parameter that is not declared",
    document(`channels:\n  level: { address: "levels/{id}" }\n${operation}`),
    [
      "api.yaml:4:12: warning parameter-undeclared: {id} is not declared; it is read as a level of any text. Add parameters: { id: { description: … } }.",
    ],
  ],
  [
    "an enum whose value cannot be a level",
    document(`channels:\n  level: { address: "levels/{id}", parameters: { id: { enum: [a, b/c] } } }\n${operation}`),
    [
      'api.yaml:4:56: error parameter-invalid: "b/c" cannot be a level of a topic. Remove it; a level has no /, + and #.',
    ],
  ],
  [
    "a location that is no runtime expression",
    document(
      `channels:\n  level: { address: "levels/{id}", parameters: { id: { location: payload.id } } }\n${operation}`,
    ),
    [
      "api.yaml:4:56: error location-invalid: payload.id is no runtime expression. Write it like $message.payload#/petId.",
    ],
  ],
  [
    "two channels of which neither is the narrower one",
    document(`channels:
  first: { address: "a/{x}/c", parameters: { x: {} } }
  second: { address: "{y}/b/c", parameters: { y: {} } }
operations:
  one: { action: send, channel: { $ref: "#/channels/first" } }
  two: { action: send, channel: { $ref: "#/channels/second" } }
`),
    [
      "api.yaml:5:13: error channel-ambiguous: {y}/b/c and a/{x}/c of the channel first share topics, and neither is the narrower one. Topics such as a/b/c fit both; give one another address, or make them one channel.",
    ],
  ],
  [
    "an action that there is not",
    document(`${channel}operations:\n  send: { action: sent, channel: { $ref: "#/channels/level" } }\n`),
    [
      "api.yaml:4:10: warning channel-unused: Nobody may use the channel level: no operation names it. Add an operation with action: send or receive.",
      'api.yaml:6:11: error unknown-value: action cannot be "sent". Write send or receive.',
    ],
  ],
  [
    "a QoS that there is not",
    document(
      `${channel}operations:\n  send: { action: send, channel: { $ref: "#/channels/level" }, bindings: { mqtt: { qos: 3 } } }\n`,
    ),
    [
      "api.yaml:6:84: error wrong-type: qos must be a whole number from 0 to 2, not 3. Write a whole number from 0 to 2.",
    ],
  ],
  [
    "a schema that is none",
    documentOf("{ type: integr }"),
    [
      'api.yaml:8:27: error schema-invalid: type cannot be "integr". Write array, boolean, integer, null, number, object or string, or a list of them.',
    ],
  ],
  [
    "a keyword that says nothing because it is misspelled",
    documentOf("{ type: integer, minimun: 3 }"),
    [
      "api.yaml:8:42: error schema-invalid: JSON Schema has no minimun, so it checks nothing. Perhaps minimum was meant; what is for readers begins with x-.",
    ],
  ],
  [
    "an example that its own schema refuses",
    document(`channels:
  level:
    address: level
    messages:
      level:
        payload: { type: integer }
        examples: [{ name: three, payload: three }]
${operation}`),
    [
      "api.yaml:9:35: error example-mismatch: The example three of level: payload must be integer. Mend the example, or the schema.",
    ],
  ],
  [
    "a message of another channel",
    document(`channels:
  level: { address: level, messages: { level: { payload: true } } }
  other: { address: other, messages: { other: { payload: true } } }
operations:
  send: { action: send, channel: { $ref: "#/channels/level" }, messages: [{ $ref: "#/channels/other/messages/other" }] }
  also: { action: send, channel: { $ref: "#/channels/other" } }
`),
    [
      "api.yaml:7:64: error message-foreign: other is no message of the channel level. Refer to #/channels/level/messages/…; it has level.",
    ],
  ],
  [
    "an operation without security on a server that asks",
    document(`servers:
  main: { host: localhost, protocol: mqtts, security: [{ type: userPassword }] }
${channel}${operation}`),
    [
      "api.yaml:8:9: warning security-missing: The operation send has no security: everybody whom a server lets in may use it. Add security: with a scheme whose scopes it needs.",
    ],
  ],
  [
    "scopes that no role has, and that no operation asks for",
    document(`x-roles: { reader: { scopes: [levels.raed] } }
${channel}operations:
  send:
    action: send
    channel: { $ref: "#/channels/level" }
    security: [{ type: oauth2, scopes: [levels.read], flows: { clientCredentials: { availableScopes: { levels.read: "" } } } }]
`),
    [
      "api.yaml:3:1: warning scope-ungranted: No role has the scope levels.read, so nobody can use what asks for it. Add it to the scopes of a role.",
      "api.yaml:3:22: error scope-unknown: No operation asks for the scope levels.raed of reader. Check its spelling, or remove it.",
    ],
  ],
  [
    "a scope that no flow offers",
    document(`${channel}operations:
  send:
    action: send
    channel: { $ref: "#/channels/level" }
    security: [{ type: oauth2, scopes: [levels.read], flows: { clientCredentials: { availableScopes: { levels.write: "" } } } }]
`),
    [
      "api.yaml:9:32: error scope-unknown: The scope levels.read is none of the flows' availableScopes. There are levels.write.",
    ],
  ],
  [
    "a role that owns by a rule that there is not",
    document(`x-roles: { owner: { own: { id: mine } } }\n${channel}${operation}`),
    [
      "api.yaml:3:28: error role-invalid: mine does not say where the ids of {id} come from. Write client-id, user-name, claim:NAME, certificate:FIELD or store:NAME.",
    ],
  ],
  [
    "a role that owns a parameter that no address has",
    document(`x-roles: { owner: { own: { pet: client-id } } }\n${channel}${operation}`),
    ["api.yaml:3:28: error role-invalid: No address has {pet}. Check its spelling, or remove it."],
  ],
];

describe("a contract is refused with file, line, column, what is wrong and how to mend it", () => {
  for (const [name, files, findings] of cases) {
    test(name, () => {
      assert.deepEqual(findingsOf(files), findings);
    });
  }
});

test("all findings come at once, in the order of the file", () => {
  const { findings, compiled } = compile(
    document(`channels:
  level: { address: "levels/{id}", parameters: { id: {}, other: {} } }
operations:
  send: { action: sent, channel: { $ref: "#/channels/level" } }
  receive: { action: receive, channel: { $ref: "#/channels/levl" } }
`),
  );
  assert.deepEqual(
    findings.map(({ code, place }) => `${place.line} ${code}`),
    ["4 channel-unused", "4 parameter-unused", "6 unknown-value", "7 reference-broken"],
  );
  assert.equal(compiled, undefined);
});

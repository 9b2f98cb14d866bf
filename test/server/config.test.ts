import assert from "node:assert/strict";
import { test } from "node:test";
import { limitTable } from "../../src/broker/limits.ts";
import { configTable, emptyConfig } from "../../src/server/config.ts";
import { parseConfig } from "../../src/server/config-file.ts";
import { suggestion } from "../../src/server/suggestion.ts";
import { findingText } from "../../src/server/yaml-reader.ts";

function findings(text: string): string[] {
  return parseConfig("broker.yaml", text).findings.map(findingText);
}

/** What a sound file says. */
function config(text: string) {
  const parsed = parseConfig("/etc/petstore/broker.yaml", text);
  assert.deepEqual(parsed.findings.map(findingText), []);
  return parsed.config;
}

test("a whole configuration is read", () => {
  const read = config(`
data: ./data
logLevel: warn
sysIntervalSeconds: 1
responseInformation: answers/%c
listeners:
  - { protocol: mqtts }
  - { protocol: mqtts, port: 8884, host: 0.0.0.0, tls: { cert: own.crt, key: /keys/own.key } }
  - protocol: mqtt
access:
  - { deny: subscribe, topic: "test/nosubscribe" }
  - { allow: publish, topic: "devices/%c/#", role: device }
  - { allow: all, topic: "#", user: root }
limits:
  packetBytesMax: 65536
store: memory
certificateNames: [broker.lan, 192.168.1.5]
accounts: people.yaml
`);
  assert.deepEqual(read, {
    ...emptyConfig,
    data: "/etc/petstore/data",
    accounts: "/etc/petstore/people.yaml",
    store: "memory",
    certificateNames: ["broker.lan", "192.168.1.5"],
    logLevel: "warn",
    sysIntervalSeconds: 1,
    responseInformation: "answers/%c",
    listeners: [
      { protocol: "mqtts", host: "localhost", port: 8_883, tls: undefined, place: "/etc/petstore/broker.yaml:7:5" },
      {
        protocol: "mqtts",
        host: "0.0.0.0",
        port: 8_884,
        tls: { cert: "/etc/petstore/own.crt", key: "/keys/own.key" },
        place: "/etc/petstore/broker.yaml:8:5",
      },
      { protocol: "mqtt", host: "localhost", port: 1_883, tls: undefined, place: "/etc/petstore/broker.yaml:9:5" },
    ],
    access: [
      {
        effect: "deny",
        verb: "subscribe",
        topicFilter: "test/nosubscribe",
        role: undefined,
        user: undefined,
        place: "/etc/petstore/broker.yaml:11:5",
      },
      {
        effect: "allow",
        verb: "publish",
        topicFilter: "devices/%c/#",
        role: "device",
        user: undefined,
        place: "/etc/petstore/broker.yaml:12:5",
      },
      {
        effect: "allow",
        verb: "all",
        topicFilter: "#",
        role: undefined,
        user: "root",
        place: "/etc/petstore/broker.yaml:13:5",
      },
    ],
    limits: { packetBytesMax: 65_536 },
  });
});

for (const [what, text] of [
  ["an empty file", ""],
  ["a file of comments", "# nothing\n"],
  ["empty braces", "{}"],
] as const) {
  test(`${what} says nothing, and that is fine`, () => {
    assert.deepEqual(config(text), emptyConfig);
  });
}

test("every limit is a key, from its minimum to its maximum", () => {
  for (const { name, minimum, maximum } of limitTable) {
    assert.deepEqual(config(`limits: { ${name}: ${minimum} }`).limits, { [name]: minimum });
    assert.deepEqual(config(`limits: { ${name}: ${maximum} }`).limits, { [name]: maximum });
    assert.deepEqual(findings(`limits: { ${name}: ${maximum + 1} }`), [
      `broker.yaml:1:${13 + name.length}: ${name} must be from ${minimum} to ${maximum}, not ${maximum + 1}. Write a whole number from ${minimum} to ${maximum}.`,
    ]);
  }
});

test("every row of the printed table is a key that the file may have, and every key has a row", () => {
  const known = new Set<string>();
  for (const [prefix, before, behind] of [
    ["", "", ""],
    ["limits.", "limits: ", ""],
    ["capabilities.", "capabilities: ", ""],
    ["identity.certificate.", "identity: { certificate: ", "}"],
    ["identity.tokens.", "identity: { tokens: ", "}"],
    ["access[].", "access: [", "]"],
    ["listeners[].", "listeners: [", "]"],
    ["listeners[].tls.", "listeners: [{ protocol: mqtts, tls: ", "}]"],
    ["listeners[].limits.", "listeners: [{ protocol: mqtt, limits: ", "}]"],
  ] as const) {
    const [finding = ""] = findings(`${before}{ zzzzzzzz: 1 }${behind}`);
    for (const key of /Use one of: (.*)\.$/.exec(finding)?.[1]?.split(", ") ?? []) known.add(`${prefix}${key}`);
  }
  const containers = [
    "limits",
    "capabilities",
    "identity",
    "listeners",
    "access",
    "listeners[].tls",
    "listeners[].limits",
  ];
  assert.deepEqual(
    [...known].filter((key) => !containers.includes(key)).sort(),
    configTable.map((row) => row.key).sort(),
  );
});

test("a certificate is made for host names and addresses only", () => {
  assert.deepEqual(findings('certificateNames: ["https://broker.lan", 7, "fe80::1%eth0"]'), [
    'broker.yaml:1:20: "https://broker.lan" is no host name and no address. Write one as broker.lan or 192.168.1.5.',
    "broker.yaml:1:42: A name must be a text, not 7. Put it in double quotes.",
    'broker.yaml:1:45: "fe80::1%eth0" is no host name and no address. Write one as broker.lan or 192.168.1.5.',
  ]);
});

test("what becomes of messages that find no place, and of those that did not come, is read", () => {
  const { queueOverflow, deadLetters } = config("queueOverflow: refuse\ndeadLetters: [refused, expired]");
  assert.equal(queueOverflow, "refuse");
  assert.deepEqual(deadLetters, ["refused", "expired"]);
  assert.deepEqual(config("deadLetters: []").deadLetters, []);
});

test("capabilities are read", () => {
  const text = "capabilities: { maximumQoS: 1, retainAvailable: false, sharedSubscriptionAvailable: true }";
  assert.deepEqual(config(text).capabilities, {
    maximumQoS: 1,
    retainAvailable: false,
    sharedSubscriptionAvailable: true,
  });
});

test("an anchor may be used again", () => {
  assert.equal(config("limits: { inFlightMax: &few 7, receiveMaximum: *few }").limits.receiveMaximum, 7);
});

test("all that is wrong is said at once, in the order of the file", () => {
  const text = `limits:
  packetBytes: 1
  receiveMaximum: many
  inFlightMax: 0
listener:
  - { port: 1 }
access:
  - { deny: subscribe, topic: "a/#/b" }
  - { allow: write, topic: "a" }
  - { topic: "a" }
  - { allow: all, deny: all, topic: "a" }
  - { allow: publish }
  - { allow: publish, topic: "%x/a" }
  - { allow: subscribe, topic: "$share/g/a" }
  - publish
logLevel: verbose
sysIntervalSeconds: 1.5
capabilities: { retainAvailable: yes }
`;
  assert.deepEqual(findings(text), [
    'broker.yaml:2:3: limits has no key "packetBytes". Did you mean packetBytesMax? If not, remove it.',
    'broker.yaml:3:19: receiveMaximum must be a whole number, not "many". Write a whole number from 1 to 65535.',
    "broker.yaml:4:16: inFlightMax must be from 1 to 65535, not 0. Write a whole number from 1 to 65535.",
    'broker.yaml:5:1: The configuration has no key "listener". Did you mean listeners? If not, remove it.',
    'broker.yaml:8:31: "a/#/b" is no topic filter: # stands alone in the last level. Use + for one whole level, and # alone as the last level.',
    'broker.yaml:9:14: allow cannot be "write". Write one of: publish, subscribe, all.',
    "broker.yaml:10:5: This rule has neither allow nor deny. Write either allow or deny, with publish, subscribe or all; make two rules of it if both are meant.",
    "broker.yaml:11:5: This rule has both allow and deny. Write either allow or deny, with publish, subscribe or all; make two rules of it if both are meant.",
    'broker.yaml:12:5: This rule has no topic. Add one; topic: "#" is every topic.',
    "broker.yaml:13:30: %x in a topic stands for nothing. Use %c for the client id or %u for the user.",
    "broker.yaml:14:32: Rules know no shared subscriptions. Write the filter without $share/ and the share name.",
    "broker.yaml:15:5: An access rule must be a mapping. Write it as { key: value }; keys: allow, deny, topic, role, user.",
    'broker.yaml:16:11: logLevel cannot be "verbose". Write one of: trace, debug, info, warn, error, fatal, silent.',
    "broker.yaml:17:21: sysIntervalSeconds must be a whole number, not 1.5. Write a whole number from 0 to 86400.",
    'broker.yaml:18:34: retainAvailable must be true or false, not "yes". Write true or false.',
  ]);
});

for (const [what, text, expected] of [
  [
    "a key that stands twice",
    "logLevel: info\nlogLevel: warn\n",
    ["broker.yaml:2:1: this key stands here a second time. Keep one of the two."],
  ],
  [
    "a tab as indentation",
    "limits:\n\tinFlightMax: 1\n",
    ["broker.yaml:2:1: a tab is used as indentation. Indent with spaces."],
  ],
  [
    "two documents",
    "logLevel: info\n---\nlogLevel: warn\n",
    ["broker.yaml:2:1: a second document begins here. Remove the line --- and put everything into one document."],
  ],
  [
    "a list as the whole",
    "- a\n",
    [
      "broker.yaml:1:1: The configuration must be a mapping. Write it as { key: value }; keys: data, accounts, store, listeners, certificateNames, identity, access, limits, capabilities, queueOverflow, deadLetters, contract, contractView, responseInformation, sysIntervalSeconds, logLevel.",
    ],
  ],
  [
    "a key without a value",
    "logLevel:\nlimits:\n",
    [
      "broker.yaml:1:10: logLevel cannot be nothing. Write one of: trace, debug, info, warn, error, fatal, silent.",
      `broker.yaml:2:8: limits must be a mapping. Write it as { key: value }; keys: ${limitTable.map((row) => row.name).join(", ")}.`,
    ],
  ],
  [
    "a mapping in place of a list",
    "access: { allow: all }\n",
    ["broker.yaml:1:9: access must be a list. Write each item on a line of its own that begins with -."],
  ],
  [
    "a listener without protocol",
    "listeners: [{ port: 1883 }]\n",
    [
      "broker.yaml:1:13: This listener has no protocol. Add protocol: mqtts or protocol: mqtt or protocol: wss or protocol: ws.",
    ],
  ],
  [
    "a protocol that is almost right",
    "listeners: [{ protocol: mqttss }]\n",
    [
      'broker.yaml:1:25: protocol cannot be "mqttss". Did you mean mqtts? Otherwise write one of: mqtts, mqtt, wss, ws.',
    ],
  ],
  [
    "tls without key",
    "listeners: [{ protocol: mqtts, tls: { cert: a } }]\n",
    ["broker.yaml:1:37: tls needs both cert and key. Add the other, or remove it to use our own certificate."],
  ],
  [
    "tls on a plain listener",
    "listeners: [{ protocol: mqtt, tls: { cert: a, key: b } }]\n",
    ["broker.yaml:1:13: A plain listener has no use for tls. Write protocol: mqtts, or remove tls."],
  ],
  [
    "a port that is none",
    "listeners: [{ protocol: mqtt, port: 70000 }]\n",
    ["broker.yaml:1:37: port must be from 0 to 65535, not 70000. Write a whole number from 0 to 65535."],
  ],
  [
    "a name of Object.prototype as key",
    "toString: 1\n__proto__: 1\n",
    [
      'broker.yaml:1:1: The configuration has no key "toString". Use one of: data, accounts, store, listeners, certificateNames, identity, access, limits, capabilities, queueOverflow, deadLetters, contract, contractView, responseInformation, sysIntervalSeconds, logLevel.',
      'broker.yaml:2:1: The configuration has no key "__proto__". Use one of: data, accounts, store, listeners, certificateNames, identity, access, limits, capabilities, queueOverflow, deadLetters, contract, contractView, responseInformation, sysIntervalSeconds, logLevel.',
    ],
  ],
] as const) {
  test(`${what} is found, with its place and the remedy`, () => {
    assert.deepEqual(findings(text), expected);
  });
}

test("what is no YAML is said with its place, and nothing that follows from it", () => {
  const [first, ...rest] = findings('access:\n  - { deny: subscribe, topic: "a }\nlimits: 7\n');
  assert.match(first ?? "", /^broker\.yaml:\d+:\d+: .*\. Put the YAML right here or just before\.$/);
  assert.ok(rest.every((each) => each.endsWith("Put the YAML right here or just before.")));
});

for (const [word, known, expected] of [
  ["--mqts", ["--mqtt", "--mqtts"], "--mqtts"],
  ["lgoLevel", ["logLevel", "limits"], "logLevel"],
  ["loglevel", ["logLevel", "limits"], "logLevel"],
  ["packetBytes", ["packetBytesMax", "linkBytesMax"], "packetBytesMax"],
  ["conf", ["serve", "configuration"], "configuration"],
  ["x", ["serve", "config"], undefined],
  ["banana", ["serve", "config"], undefined],
] as const) {
  test(`for ${word} the suggestion is ${expected ?? "none"}`, () => {
    assert.equal(suggestion(word, known), expected);
  });
}

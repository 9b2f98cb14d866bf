import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { limitTable } from "../../src/broker/limits.ts";
import { type ListenerConfig, listenerLimits } from "../../src/server/config.ts";
import { parseConfig } from "../../src/server/config-file.ts";
import { findingText } from "../../src/server/yaml-reader.ts";

function findings(listener: string): string[] {
  return parseConfig("broker.yaml", `listeners: [${listener}]`).findings.map(findingText);
}

/** What a sound listener comes to. */
function listener(text: string): ListenerConfig {
  const { config, findings } = parseConfig("/etc/petstore/broker.yaml", `listeners: [${text}]`);
  assert.deepEqual(findings.map(findingText), []);
  return config.listeners![0]!;
}

const place = "/etc/petstore/broker.yaml:1:13";

describe("a listener of the configuration file", () => {
  for (const [protocol, port] of [
    ["mqtt", 1_883],
    ["mqtts", 8_883],
    ["ws", 8_083],
    ["wss", 8_443],
  ] as const) {
    test(`of ${protocol} has port ${port} unless it says otherwise`, () => {
      assert.deepEqual(listener(`{ protocol: ${protocol} }`), {
        protocol,
        port,
        host: "localhost",
        tls: undefined,
        place,
      });
      assert.equal(listener(`{ protocol: ${protocol}, port: 0 }`).port, 0);
    });
  }

  test("is read whole", () => {
    const text = `{
      protocol: wss, host: 0.0.0.0, path: /broker,
      tls: { cert: own.crt, key: own.key, minVersion: TLSv1.3, clientCertificate: required, ca: /keys/clients.crt },
      limits: {
        connectionsMax: 10, connectionsPerAddressMax: 2, connectsPerSecondMax: 5,
        connectTimeoutSeconds: 3, packetBytesMax: 1000 },
      proxyProtocol: true, proxyAddresses: [10.0.0.0/8, "::1"] }`;
    assert.deepEqual(listener(text), {
      protocol: "wss",
      host: "0.0.0.0",
      port: 8_443,
      path: "/broker",
      tls: {
        cert: "/etc/petstore/own.crt",
        key: "/etc/petstore/own.key",
        minVersion: "TLSv1.3",
        clientCertificate: "required",
        ca: "/keys/clients.crt",
      },
      limits: {
        connectionsMax: 10,
        connectionsPerAddressMax: 2,
        connectsPerSecondMax: 5,
        connectTimeoutSeconds: 3,
        packetBytesMax: 1_000,
      },
      proxyAddresses: ["10.0.0.0/8", "::1"],
      place,
    });
  });

  test("may show our own certificate and ask for the clients'", () => {
    const tls = listener("{ protocol: mqtts, tls: { clientCertificate: optional, ca: clients.crt } }").tls;
    assert.deepEqual(tls, { clientCertificate: "optional", ca: "/etc/petstore/clients.crt" });
  });

  test("believes every source's PROXY header when it names none, and reads none without proxyProtocol: true", () => {
    assert.deepEqual(listener("{ protocol: mqtt, proxyProtocol: true }").proxyAddresses, []);
    assert.equal(listener("{ protocol: mqtt, proxyProtocol: false }").proxyAddresses, undefined);
  });

  test("has each of its limits from minimum to maximum", () => {
    for (const { name, minimum, maximum } of listenerLimits) {
      for (const value of [minimum, maximum]) {
        assert.deepEqual(listener(`{ protocol: mqtt, limits: { ${name}: ${value} } }`).limits, { [name]: value });
      }
      const [finding = ""] = findings(`{ protocol: mqtt, limits: { ${name}: ${maximum + 1} } }`);
      assert.match(finding, new RegExp(`${name} must be from ${minimum} to ${maximum}, not ${maximum + 1}`));
    }
  });

  test("has the ranges of the whole for the limits that the whole has too", () => {
    for (const name of ["connectTimeoutSeconds", "packetBytesMax"] as const) {
      const own = listenerLimits.find((limit) => limit.name === name)!;
      const whole = limitTable.find((limit) => limit.name === name)!;
      assert.deepEqual([own.minimum, own.maximum, own.unit], [whole.minimum, whole.maximum, whole.unit]);
    }
  });
});

describe("what is wrong with a listener is found, with its place and the remedy:", () => {
  for (const [text, expected] of [
    [
      "{ protocol: ws, tls: { cert: a, key: b } }",
      "broker.yaml:1:13: A plain listener has no use for tls. Write protocol: wss, or remove tls.",
    ],
    [
      "{ protocol: mqtts, path: /mqtt }",
      "broker.yaml:1:13: A listener of mqtts has no use for path. Write protocol: wss or protocol: ws, or remove path.",
    ],
    ["{ protocol: ws, path: mqtt }", 'broker.yaml:1:35: "mqtt" is no path of a URL. Write it as /mqtt.'],
    ['{ protocol: ws, path: "/a b" }', 'broker.yaml:1:35: "/a b" is no path of a URL. Write it as /mqtt.'],
    ['{ protocol: ws, path: "/a?b" }', 'broker.yaml:1:35: "/a?b" is no path of a URL. Write it as /mqtt.'],
    [
      "{ protocol: mqtts, tls: { minVersion: TLSv1.1 } }",
      'broker.yaml:1:51: tls.minVersion cannot be "TLSv1.1". Did you mean TLSv1.2? Otherwise write one of: TLSv1.2, TLSv1.3.',
    ],
    [
      "{ protocol: mqtts, tls: { clientCertificate: require } }",
      'broker.yaml:1:58: tls.clientCertificate cannot be "require". Did you mean required? Otherwise write one of: none, optional, required.',
    ],
    [
      "{ protocol: mqtts, tls: { clientCertificate: required } }",
      "broker.yaml:1:37: tls with clientCertificate: required needs ca. Add ca, the file with the authorities that client certificates must come from.",
    ],
    [
      "{ protocol: mqtts, tls: { ca: clients.crt } }",
      "broker.yaml:1:37: tls has no use for ca when clients are not asked for certificates. Add clientCertificate: optional or clientCertificate: required, or remove ca.",
    ],
    [
      "{ protocol: mqtts, tls: { cert: a } }",
      "broker.yaml:1:37: tls needs both cert and key. Add the other, or remove it to use our own certificate.",
    ],
    [
      "{ protocol: mqtt, proxyAddresses: [10.0.0.1] }",
      "broker.yaml:1:13: proxyAddresses say nothing without proxyProtocol. Add proxyProtocol: true, or remove proxyAddresses.",
    ],
    [
      "{ protocol: mqtt, proxyProtocol: true, proxyAddresses: [balancer] }",
      'broker.yaml:1:69: "balancer" is neither an address nor a network. Write it as "10.0.0.0/8".',
    ],
    [
      "{ protocol: mqtt, proxyProtocol: yes }",
      'broker.yaml:1:46: proxyProtocol must be true or false, not "yes". Write true or false.',
    ],
    [
      "{ protocol: mqtt, limits: { connections: 1 } }",
      'broker.yaml:1:41: limits of a listener has no key "connections". Did you mean connectionsMax? If not, remove it.',
    ],
  ] as const) {
    test(text, () => assert.deepEqual(findings(text), [expected]));
  }
});

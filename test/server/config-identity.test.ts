import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/server/config-file.ts";
import { findingText } from "../../src/server/yaml-reader.ts";

const tokens = "keys: keys.json, algorithms: [ES256, EdDSA], issuer: us, audience: petstore";

function findings(identity: string): string[] {
  return parseConfig("broker.yaml", `identity: { ${identity} }`).findings.map(findingText);
}

test("what is left out has its default, and paths are relative to the file", () => {
  const text = `identity: { certificate: { name: SAN.dns }, tokens: { ${tokens} } }`;
  const { config, findings } = parseConfig("/etc/petstore/broker.yaml", text);
  assert.deepEqual(findings, []);
  assert.deepEqual(config.identity, {
    certificate: { name: "SAN.dns", roles: [], rolesFrom: undefined },
    tokens: {
      keys: "/etc/petstore/keys.json",
      algorithms: ["ES256", "EdDSA"],
      issuer: "us",
      audience: "petstore",
      clockToleranceSeconds: 30,
      nameClaim: "sub",
      rolesClaim: "roles",
      claims: [],
    },
  });
});

test("everything can be said", () => {
  const text = `identity:
  certificate: { name: CN, roles: [device], rolesFrom: OU }
  tokens: { ${tokens}, clockToleranceSeconds: 0, nameClaim: email, rolesClaim: a.b, claims: [orders] }`;
  const { certificate, tokens: read } = parseConfig("broker.yaml", text).config.identity;
  assert.deepEqual(certificate, { name: "CN", roles: ["device"], rolesFrom: "OU" });
  const { clockToleranceSeconds, nameClaim, rolesClaim, claims } = read!;
  assert.deepEqual([clockToleranceSeconds, nameClaim, rolesClaim, claims], [0, "email", "a.b", ["orders"]]);
});

for (const [what, identity, expected] of [
  ["no name of a certificate", "certificate: { roles: [a] }", /identity\.certificate needs name\. Add name: CN/],
  ["a field that there is not", "certificate: { name: cn }", /Did you mean CN\?/],
  [
    "a role that is none",
    "certificate: { name: CN, roles: ['a b'] }",
    /"a b" cannot stand in identity\.certificate\.roles/,
  ],
  [
    "no audience",
    "tokens: { keys: k, algorithms: [ES256], issuer: us }",
    /needs keys, algorithms, issuer and audience/,
  ],
  ["no algorithm", `tokens: { ${tokens.replace("[ES256, EdDSA]", "[]")} }`, /There is no algorithm/],
  ["a secret's algorithm", `tokens: { ${tokens.replace("EdDSA", "HS256")} }`, /An algorithm cannot be "HS256"/],
  ["no signature", `tokens: { ${tokens.replace("EdDSA", "none")} }`, /An algorithm cannot be "none"/],
  [
    "claims of certificates",
    `tokens: { ${tokens}, claims: [certificate.CN] }`,
    /such claims are those of certificates/,
  ],
  ["too much tolerance", `tokens: { ${tokens}, clockToleranceSeconds: 3601 }`, /must be from 0 to 3600/],
] as const) {
  test(`${what} is found, with its place and the remedy`, () => {
    const found = findings(identity);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0]!, expected);
    assert.match(found[0]!, /^broker\.yaml:1:\d+: /);
  });
}

test("a revocation list needs the authorities whose it is", () => {
  const { findings } = parseConfig("broker.yaml", "listeners: [{ protocol: mqtts, tls: { crl: revoked.crl } }]");
  assert.match(findings.map(findingText).join(), /tls has no use for crl without ca/);
});

import "reflect-metadata";
import assert from "node:assert/strict";
import { webcrypto, X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import fc from "fast-check";
import type { Acceptance } from "../../src/broker/authentication.ts";
import { certificateFields, certificatePrincipal, withCertificate } from "../../src/server/certificate-identity.ts";
import { ClientTrust, pemBlocks } from "../../src/server/client-trust.ts";
import { readEncodedNames, readRevocationList } from "../../src/server/revocation-list.ts";
import { ClientAuthority } from "../net/client-authority.ts";

const byName = { name: "CN", roles: ["device"], rolesFrom: "OU" } as const;

describe("what a client certificate says", () => {
  let authority: ClientAuthority;
  before(() => {
    authority = new ClientAuthority("A");
  });
  after(() => authority.remove());

  function shown(subject: string, alternativeNames?: string): X509Certificate {
    const request = alternativeNames === undefined ? { subject } : { subject, alternativeNames };
    return new X509Certificate(authority.issue(request).cert);
  }

  test("is every field of its subject, whatever stands in it, and its alternative names", () => {
    const certificate = shown(
      '/O=Pet, "Store"/OU=one/OU=CN\\=admin/CN=jürgen',
      "DNS:a.example,DNS:b.example,email:a@b.example,URI:spiffe://a/b,IP:10.0.0.1",
    );
    assert.deepEqual(Object.fromEntries(certificateFields(certificate)), {
      O: ['Pet, "Store"'],
      OU: ["one", "CN=admin"],
      CN: ["jürgen"],
      "SAN.dns": ["a.example", "b.example"],
      "SAN.email": ["a@b.example"],
      "SAN.uri": ["spiffe://a/b"],
      "SAN.ip": ["10.0.0.1"],
    });
  });

  test("cannot pretend to be another alternative name, or a second one", async () => {
    const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
    const url = 'http://x/", DNS:forged.example, DNS:"forged';
    const made = await X509CertificateGenerator.createSelfSigned(
      { keys, name: "CN=c", extensions: [new SubjectAlternativeNameExtension([{ type: "url", value: url }])] },
      webcrypto,
    );
    const fields = certificateFields(new X509Certificate(made.toString("pem")));
    assert.equal(fields.get("SAN.dns"), undefined);
    assert.deepEqual(fields.get("SAN.uri"), [url]);
  });

  test("is cut short where it is endless: what is left out gives no right", () => {
    const units = Array.from({ length: 80 }, (_, index) => `/OU=u${index}`).join("");
    const fields = certificateFields(shown(`/CN=c${units}`));
    assert.equal([...fields.values()].flat().length, 64);
  });

  test("makes its roles, without what cannot be one", () => {
    const principal = certificatePrincipal(byName, shown("/OU=feeder/OU=no role/OU=device/CN=c"), "c1");
    assert.deepEqual(principal, { tenant: 0, name: "c", roles: ["device", "feeder"], clientId: "c1" });
  });

  test("is added to the claims of whoever a password or token named, which cannot forge it, and bounds how long", () => {
    const certificate = shown("/CN=c");
    const claims = new Map([
      ["orders", ["1"]],
      ["certificate.CN", ["forged"]],
    ]);
    const principal = { tenant: 0, name: "alice", roles: [], clientId: "c1", claims };
    const acceptance: Acceptance = { kind: "accept", principal, authenticationData: undefined };
    const until = Date.parse(certificate.validTo);
    const { principal: found, validMilliseconds } = withCertificate(acceptance, certificate, until - 5_000);
    assert.deepEqual(found.claims?.get("certificate.CN"), ["c"]);
    assert.deepEqual(found.claims?.get("orders"), ["1"]);
    assert.equal(validMilliseconds, 5_000);
    const sooner = withCertificate({ ...acceptance, validMilliseconds: 1_000 }, certificate, until - 5_000);
    assert.equal(sooner.validMilliseconds, 1_000);
  });

  test("is held to what its authority revoked, by its serial number and no other's", () => {
    const [stolen, kept] = [authority.issue({ subject: "/CN=a" }), authority.issue({ subject: "/CN=b" })];
    authority.revoke(stolen);
    const other = new ClientAuthority("B");
    try {
      const trust = new ClientTrust(authority.ca, [authority.crl()]);
      assert.match(trust.problemOf(new X509Certificate(stolen.cert)) ?? "", /was revoked/);
      assert.equal(trust.problemOf(new X509Certificate(kept.cert)), undefined);
      // The same serial number, of somebody else's list.
      const elsewhere = new ClientTrust(authority.ca + other.ca, [other.crl()]);
      assert.equal(elsewhere.problemOf(new X509Certificate(stolen.cert)), undefined);
      assert.deepEqual(elsewhere.unlisted, ["CN=A"]);
    } finally {
      other.remove();
    }
  });

  test("comes from an authority by its signature: another one of the same name is not it", () => {
    const certificate = new X509Certificate(authority.issue({ subject: "/CN=a" }).cert);
    const impostor = new ClientAuthority("A");
    try {
      assert.match(new ClientTrust(impostor.ca, undefined).problemOf(certificate) ?? "", /not trusted any more/);
    } finally {
      impostor.remove();
    }
  });

  test("and what is in a revocation list is read, or refused with an error, however it is damaged", () => {
    authority.revoke(authority.issue({ subject: "/CN=c" }));
    const der = Buffer.from(pemBlocks(authority.crl(), "X509 CRL")[0]!.replace(/-----[^-]*-----/g, ""), "base64");
    const damage = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(der.length), (changes, length) => {
        const bytes = Buffer.from(der);
        for (const [index, value] of changes) bytes[index] = value;
        for (const read of [readRevocationList, readEncodedNames]) {
          for (const each of [bytes, der.subarray(0, length)]) {
            try {
              read(each);
            } catch (error) {
              assert.equal((error as Error).constructor, Error);
            }
          }
        }
      }),
    );
    assert.ok(readRevocationList(der).serialNumbers.size > 0);
  });
});

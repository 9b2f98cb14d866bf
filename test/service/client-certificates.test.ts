import assert from "node:assert/strict";
import { once } from "node:events";
import { after, afterEach, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { hashPassword } from "../../src/server/password-hash.ts";
import { ClientAuthority } from "../net/client-authority.ts";
import type { ThrowAwayCertificate } from "../net/pair.ts";
import { disconnected, IdentityStage } from "./identity-stage.ts";

const tls = "clientCertificate: required, ca: clients.crt";
const base = `
identity: { certificate: { name: CN, roles: [device], rolesFrom: OU } }
access:
  - { allow: subscribe, topic: "ours/#", role: device }
  - { allow: subscribe, topic: "more/#", role: feeder }
  - { allow: all, topic: "all/#", role: staff }
  - { allow: all, topic: "mine/%u/#" }
`;
const required = `listeners: [{ protocol: mqtts, port: 0, tls: { ${tls} } }]${base}`;
const optional = required.replace("required", "optional");
const withList = required.replace("ca: clients.crt", "ca: clients.crt, crl: revoked.crl");

describe("client certificates", { timeout: 120_000 }, () => {
  let authority: ClientAuthority;
  let other: ClientAuthority;
  let collar: ThrowAwayCertificate;
  let feeder: ThrowAwayCertificate;
  let accounts: string;
  let stage: IdentityStage;
  before(async () => {
    authority = new ClientAuthority("Clients of the test");
    other = new ClientAuthority("Another authority");
    collar = authority.issue({ subject: "/O=Petstore/CN=collar-0042" });
    feeder = authority.issue({ subject: "/OU=feeder/OU=Not a role/CN=feeder-7" });
    accounts = `accounts:\n  - { name: alice, roles: [staff], passwordHash: "${await hashPassword(Buffer.from("alice-secret"))}" }\n`;
  });
  after(() => {
    authority.remove();
    other.remove();
  });
  afterEach(() => stage.close());

  async function started(config: string): Promise<void> {
    stage = new IdentityStage();
    stage.write("clients.crt", authority.ca);
    stage.write("revoked.crl", authority.crl());
    stage.write("accounts.yaml", accounts);
    await stage.start(config);
  }

  const alice = { username: "alice", password: "alice-secret" };

  test("a certificate alone says who it is, and which roles it has: those of all, and those in it", async () => {
    await started(required);
    for (const [shown, granted] of [
      [collar, [0, 0x87, 0]],
      [feeder, [0, 0, 0x87]],
    ] as const) {
      const { client, reasonCode } = await stage.begin(shown);
      assert.equal(reasonCode, 0);
      const answer = await new Promise((resolve) => {
        client.subscribe(["ours/#", "more/#", "mine/collar-0042/#"], (_error, _granted, packet) => {
          resolve((packet as { granted?: number[] }).granted);
        });
      });
      assert.deepEqual(answer, granted);
    }
  });

  for (const [what, name] of [
    ["without one is not let in", "nobody"],
    ["of another authority is not let in", "stranger"],
    ["that has expired is not let in", "expired"],
  ] as const) {
    test(`required: a client ${what}`, async () => {
      await started(required);
      const shown = {
        nobody: () => ({}),
        stranger: () => other.issue({ subject: "/CN=collar-0042" }),
        expired: () => authority.issue({ subject: "/CN=collar-0042", notAfter: "20200101000000Z" }),
      }[name]();
      assert.equal((await stage.begin({ ...shown, ...alice })).reasonCode, undefined);
    });
  }

  test("optional: whoever shows none needs a password, and one that does not hold is not let in with one either", async () => {
    await started(optional);
    assert.equal((await stage.begin({})).reasonCode, 0x87);
    assert.equal((await stage.begin(alice)).reasonCode, 0);
    assert.equal((await stage.begin(collar)).reasonCode, 0);
    const stranger = other.issue({ subject: "/CN=collar-0042" });
    assert.equal((await stage.begin({ ...stranger, ...alice })).reasonCode, undefined);
  });

  test("with a password too, that decides; a wrong one is not made good by a certificate", async () => {
    await started(required);
    const { client, reasonCode } = await stage.begin({ ...collar, ...alice });
    assert.equal(reasonCode, 0);
    assert.deepEqual(await granted(client, "all/#"), 0);
    assert.equal(await granted(client, "ours/#"), 0x87);
    assert.equal((await stage.begin({ ...collar, ...alice, password: "guessed" })).reasonCode, 0x86);
    assert.equal((await stage.begin({ ...collar, username: "collar-0042", password: "guessed" })).reasonCode, 0x86);
  });

  test("a user name beside it must be the name in it, and the name of an account is not to be had with it", async () => {
    await started(required);
    assert.equal((await stage.begin({ ...collar, username: "collar-0042" })).reasonCode, 0);
    assert.equal((await stage.begin({ ...collar, username: "feeder-7" })).reasonCode, 0x86);
    const named = authority.issue({ subject: "/CN=alice" });
    const { reasonCode, reason } = await stage.begin(named);
    assert.equal(reasonCode, 0x87);
    assert.match(reason ?? "", /its password is needed/);
  });

  for (const [what, subject] of [
    ["no such field", "/O=Petstore"],
    ["two of them", "/CN=one/CN=two"],
    ["what cannot be a name", "/CN=one+two"],
  ] as const) {
    test(`a certificate with ${what} names nobody`, async () => {
      await started(required);
      const { reasonCode, reason } = await stage.begin(authority.issue({ subject: subject.replace("+", "\\+") }));
      assert.equal(reasonCode, 0x87);
      assert.match(reason ?? "", /CN/);
    });
  }

  test("without identity.certificate in the configuration a certificate opens nothing by itself", async () => {
    await started(required.replace(/identity: .*/, ""));
    assert.equal((await stage.begin(collar)).reasonCode, 0x87);
    assert.equal((await stage.begin({ ...collar, ...alice })).reasonCode, 0);
  });

  for (const protocol of ["mqtts", "wss"] as const) {
    test(`${protocol}: what is revoked while it is connected ends with 0x87, comes in no more, and others stay`, async () => {
      await started(withList.replace("mqtts", protocol));
      const stolen = authority.issue({ subject: "/CN=stolen" });
      const first = await stage.begin(stolen);
      const standing = await stage.begin(collar);
      assert.deepEqual([first.reasonCode, standing.reasonCode], [0, 0]);
      const end = disconnected(first.client);
      authority.revoke(stolen);
      // No SIGHUP, no look: the file is watched.
      stage.write("revoked.crl", authority.crl());
      assert.deepEqual(await end, [0x87, "This certificate was revoked"]);
      assert.equal((await stage.begin(stolen)).reasonCode, undefined);
      assert.equal((await stage.begin(collar)).reasonCode, 0);
      assert.equal(await granted(standing.client, "ours/#"), 0);
    });
  }

  test("a ticket from before does not bring a revoked certificate in", async () => {
    await started(withList);
    const stolen = authority.issue({ subject: "/CN=stolen" });
    const options = { ...stolen, port: stage.port(), host: "localhost", rejectUnauthorized: false };
    const first = connectTls(options);
    const [session] = (await once(first, "session")) as [Buffer];
    first.destroy();
    authority.revoke(stolen);
    stage.write("revoked.crl", authority.crl());
    await stage.options.certificateWatch?.look();
    const second = connectTls({ ...options, session });
    second.on("error", () => {});
    await once(second, "close");
    assert.notEqual(second.isSessionReused(), true);
    assert.ok(stage.logged.includes("a TLS handshake failed"));
  });

  test("an authority that is removed is not accepted any more, and ends what came with it; one that is added is", async () => {
    await started(required);
    const before = await stage.begin(collar);
    const stranger = other.issue({ subject: "/CN=stranger" });
    stage.write("clients.crt", authority.ca + other.ca);
    await stage.options.certificateWatch?.look();
    const added = await stage.begin(stranger);
    assert.deepEqual([before.reasonCode, added.reasonCode], [0, 0]);
    assert.equal(await granted(before.client, "ours/#"), 0);
    const end = disconnected(before.client);
    stage.write("clients.crt", other.ca);
    await stage.options.certificateWatch?.look();
    assert.deepEqual(await end, [0x87, "The authority of this certificate is not trusted any more"]);
    assert.equal((await stage.begin(collar)).reasonCode, undefined);
    assert.equal((await stage.begin(stranger)).reasonCode, 0);
    assert.equal(await granted(added.client, "ours/#"), 0);
  });

  for (const [what, name, text] of [
    ["authorities", "clients.crt", "nonsense"],
    ["revocation lists", "revoked.crl", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"],
  ] as const) {
    test(`a file of ${what} that is broken leaves what is in force, and says so`, async () => {
      await started(withList);
      stage.write(name, text);
      await stage.options.certificateWatch?.look();
      assert.match(stage.logged.at(-1) ?? "", new RegExp(`^the certificate in force stays: .*${name}`));
      assert.equal((await stage.begin(collar)).reasonCode, 0);
    });
  }

  test("a list that ended lets nobody in, and the log says why; at the start every authority must have one", async () => {
    await started(withList);
    stage.write("revoked.crl", authority.crl(-1));
    await stage.options.certificateWatch?.look();
    assert.ok(stage.logged.some((line) => /a list in .*revoked\.crl ended on 2020-02-01/.test(line)));
    assert.equal((await stage.begin(collar)).reasonCode, undefined);
    await stage.close();
    await assert.rejects(
      async () => {
        stage = new IdentityStage();
        stage.write("clients.crt", authority.ca);
        stage.write("revoked.crl", other.crl());
        await stage.start(withList);
      },
      { message: /revoked\.crl has no list of CN=Clients of the test/ },
    );
  });

  test("what came over an authority in between ends with that one's own authority, and with its own revocation", async () => {
    await started(withList);
    const between = new ClientAuthority("In between", authority);
    try {
      const { key, cert } = between.issue({ subject: "/CN=far" });
      const far = { key, cert: cert + between.ca };
      stage.write("revoked.crl", authority.crl() + between.crl());
      await stage.options.certificateWatch?.look();
      const first = await stage.begin(far);
      assert.equal(first.reasonCode, 0);
      stage.write("clients.crt", authority.ca + other.ca);
      stage.write("revoked.crl", authority.crl() + between.crl() + other.crl());
      await stage.options.certificateWatch?.look();
      assert.equal(await granted(first.client, "ours/#"), 0);
      const end = disconnected(first.client);
      authority.revoke({ key: "", cert: between.ca });
      stage.write("revoked.crl", authority.crl() + between.crl() + other.crl());
      await stage.options.certificateWatch?.look();
      assert.deepEqual(await end, [0x87, "This certificate was revoked"]);
      assert.equal((await stage.begin(far)).reasonCode, undefined);
    } finally {
      between.remove();
    }
  });
});

function granted(client: Awaited<ReturnType<IdentityStage["begin"]>>["client"], topicFilter: string): Promise<unknown> {
  return new Promise((resolve) => {
    client.subscribe(topicFilter, (_error, _granted, packet) =>
      resolve((packet as { granted?: number[] }).granted?.[0]),
    );
  });
}

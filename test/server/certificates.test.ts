import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { connect, createServer } from "node:tls";
import { loadCertificate, writeFiles } from "../../src/server/certificate-files.ts";
import { certificateNames, thisMachine } from "../../src/server/certificate-names.ts";
import { loadOrMakeCertificate } from "../../src/server/certificates.ts";
import { makeAuthority, makeServerCertificate } from "../../src/server/make-certificates.ts";

const parent = mkdtempSync(join(tmpdir(), "petstore-mqtt-certificates-"));
after(() => rmSync(parent, { recursive: true }));

let directory = "";
let count = 0;
beforeEach(() => {
  count += 1;
  directory = join(parent, `data-${count}`, "tls");
});

const now = Date.now();
const dayMilliseconds = 86_400_000;
/** As a certificate has it. */
const seconds = (time: number): number => Math.floor(time / 1_000) * 1_000;
const path = (name: string): string => join(directory, name);
const read = (name: string): string => readFileSync(path(name), "utf8");
const localNames = ["localhost", "127.0.0.1", "::1"];
const make = (at: number = now, names: readonly string[] = localNames) => loadOrMakeCertificate(directory, names, at);

const openssl = (...args: readonly string[]) => spawnSync("openssl", args, { encoding: "utf8" });
const noOpenssl = openssl("version").status !== 0 && "openssl is not installed";

test("the first start makes an authority and a server certificate, keys for their owner only", async () => {
  const made = await make();
  assert.deepEqual(readdirSync(directory).sort(), ["ca.crt", "ca.key", "server.crt", "server.key"]);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  for (const name of ["ca.key", "server.key"]) assert.equal(statSync(path(name)).mode & 0o777, 0o600, name);
  assert.equal(made.caFile, path("ca.crt"));
  assert.equal(made.cert, read("server.crt"));
  assert.equal(made.key, read("server.key"));
  assert.deepEqual(made.warnings, []);
});

test("the server certificate has the names that it is asked for, a P-256 key and no right to sign", async () => {
  await make(now, [...localNames, "192.168.1.5", "broker.example"]);
  const certificate = new X509Certificate(read("server.crt"));
  for (const address of ["127.0.0.1", "::1", "192.168.1.5"]) assert.notEqual(certificate.checkIP(address), undefined);
  for (const host of ["localhost", "broker.example"]) assert.notEqual(certificate.checkHost(host), undefined);
  assert.equal(certificate.ca, false);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  assert.deepEqual([asymmetricKeyType, asymmetricKeyDetails?.namedCurve], ["ec", "prime256v1"]);
});

/** What openssl says of server.crt in its strict mode, at a time. */
function verify(caFile: string, at: number, ...name: readonly string[]): string {
  const { stdout, stderr } = openssl(
    ...["verify", "-x509_strict", "-purpose", "sslserver", "-attime", String(Math.floor(at / 1_000)), ...name],
    ...["-CAfile", caFile, path("server.crt")],
  );
  return `${stdout}${stderr}`.trim();
}

test("openssl verifies it strictly, as a server's and for its names", { skip: noOpenssl }, async () => {
  await make();
  for (const name of [
    ["-verify_hostname", "localhost"],
    ["-verify_ip", "127.0.0.1"],
    ["-verify_ip", "::1"],
  ]) {
    assert.equal(verify(path("ca.crt"), now, ...name), `${path("server.crt")}: OK`);
  }
  assert.match(verify(path("ca.crt"), now, "-verify_hostname", "elsewhere.example"), /hostname mismatch/);
});

const python = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as plain:
    with context.wrap_socket(plain, server_hostname=sys.argv[3]) as tls:
        print(tls.version())
`;
const noPython = spawnSync("python3", ["-c", "import ssl"]).status !== 0 && "python3 is not installed";

test("a TLS server with it is trusted by Node, and by Python's ssl in its strict mode", {
  skip: noPython,
}, async () => {
  const { key, cert, caFile } = await make();
  const server = createServer({ key, cert }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", ca: readFileSync(caFile), servername: "localhost" });
  await once(socket, "secureConnect");
  assert.equal(socket.authorized, true);
  socket.destroy();
  for (const name of ["localhost", "127.0.0.1"]) {
    const child = spawn("python3", ["-c", python, caFile, String(port), name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
  }
  server.close();
});

test("later starts keep what is there", async () => {
  const first = await make();
  const second = await make(now + 59 * dayMilliseconds);
  assert.equal(second.cert, first.cert);
  assert.equal(second.key, first.key);
  assert.deepEqual(second.warnings, []);
});

test("when only the server's files are gone, new ones come from the same authority", async () => {
  await make();
  const ca = read("ca.crt");
  const cert = read("server.crt");
  rmSync(path("server.crt"));
  rmSync(path("server.key"));
  await make();
  assert.equal(read("ca.crt"), ca);
  assert.notEqual(read("server.crt"), cert);
  assert.equal(new X509Certificate(read("server.crt")).verify(new X509Certificate(ca).publicKey), true);
});

test("what a crash left between two files is taken up by the next start", async () => {
  await make();
  for (const lost of [["server.crt"], ["server.crt", "server.key"], ["server.crt", "server.key", "ca.crt"]]) {
    for (const name of lost) rmSync(path(name));
    await make();
    const { cert } = await make();
    assert.equal(new X509Certificate(cert).verify(new X509Certificate(read("ca.crt")).publicKey), true);
  }
});

test("when two thirds of its life are over, a new certificate comes from the same authority", async () => {
  const first = await make();
  const ca = read("ca.crt");
  const later = now + 61 * dayMilliseconds;
  const second = await make(later);
  assert.notEqual(second.cert, first.cert);
  assert.notEqual(second.key, first.key);
  assert.deepEqual([second.cert, second.key], [read("server.crt"), read("server.key")]);
  assert.equal(statSync(path("server.key")).mode & 0o777, 0o600);
  assert.equal(Date.parse(new X509Certificate(second.cert).validTo), seconds(later + 90 * dayMilliseconds));
  assert.equal(read("ca.crt"), ca);
  assert.deepEqual(second.warnings, []);
  assert.deepEqual(readdirSync(directory).sort(), ["ca.crt", "ca.key", "server.crt", "server.key"]);
});

test("after a long pause an expired certificate is renewed at the start", async () => {
  await make(now - 500 * dayMilliseconds);
  const { cert, warnings } = await make();
  assert.ok(Date.parse(new X509Certificate(cert).validTo) > now);
  assert.deepEqual(warnings, []);
});

test("a name or address that is new makes a new certificate, one that is gone does not", async () => {
  const first = await make();
  const second = await make(now, [...localNames, "10.0.0.9", "broker.example"]);
  assert.notEqual(second.cert, first.cert);
  assert.notEqual(new X509Certificate(second.cert).checkIP("10.0.0.9"), undefined);
  assert.equal((await make(now, ["broker.example", "localhost"])).cert, second.cert);
});

test("in its last year the authority is renewed, and those who trust the one before are served as long as it lasts", {
  skip: noOpenssl,
}, async () => {
  const from = now - 3_300 * dayMilliseconds;
  await make(from);
  const old = read("ca.crt");
  assert.equal(existsSync(path("ca-before.crt")), false);
  const { warnings } = await make(now);
  assert.equal(read("ca-before.crt"), old);
  assert.notEqual(read("ca.crt"), old);
  const renewed = new X509Certificate(read("ca.crt"));
  assert.equal(Date.parse(renewed.validTo), seconds(now + 3_650 * dayMilliseconds));
  assert.equal(renewed.subject, new X509Certificate(old).subject);
  const until = new Date(from + 3_650 * dayMilliseconds).toISOString().slice(0, 10);
  assert.deepEqual(warnings, [
    `${path("ca.crt")} was renewed; clients that trust the one before, ${path("ca-before.crt")}, will refuse this server after ${until}: give them the new ca.crt, then remove ${path("ca-before.crt")}`,
  ]);
  const good = `${path("server.crt")}: OK`;
  assert.deepEqual([verify(path("ca-before.crt"), now), verify(path("ca.crt"), now)], [good, good]);
  writeFileSync(path("both.crt"), old + read("ca.crt"));
  assert.equal(verify(path("both.crt"), now), good);
  assert.match(openssl("verify", "-x509_strict", "-CAfile", path("ca.crt"), path("ca.crt")).stdout, /: OK/);

  const later = now + 400 * dayMilliseconds;
  const then = await make(later);
  assert.match(then.warnings[0] ?? "", new RegExp(`refuse this server since ${until}`));
  assert.match(verify(path("ca-before.crt"), later), /certificate has expired/);
  assert.deepEqual([verify(path("ca.crt"), later), verify(path("both.crt"), later)], [good, good]);
  rmSync(path("ca-before.crt"));
  assert.deepEqual((await make(later)).warnings, []);
});

test("an authority that expired while nothing ran is renewed too", async () => {
  await make(now - 4_000 * dayMilliseconds);
  const { warnings } = await make();
  assert.match(warnings[0] ?? "", /clients that trust the one before, .*, refuse this server since/);
});

test("without the authority's key nothing can be renewed: a warning as long as what is there is valid", async () => {
  await make();
  rmSync(path("ca.key"));
  assert.deepEqual((await make(now + 59 * dayMilliseconds)).warnings, [], "the key may be kept elsewhere");
  const { cert, warnings } = await make(now + 70 * dayMilliseconds, [...localNames, "10.0.0.9"]);
  assert.equal(cert, read("server.crt"));
  assert.match(warnings[0] ?? "", /server\.crt expires on .* and cannot be renewed: .*ca\.key is missing/);
  const [unnamed] = (await make(now, [...localNames, "10.0.0.9"])).warnings;
  assert.match(unnamed ?? "", /server\.crt does not name 10\.0\.0\.9 and cannot be renewed: .*ca\.key is missing/);
  await assert.rejects(make(now + 91 * dayMilliseconds), /ca\.key is missing, and a certificate must be made with it/);
});

test("an authority without its key is warned of in its last year, and stops the start when it has expired", async () => {
  const from = now - 3_610 * dayMilliseconds;
  await make(from);
  rmSync(path("ca.key"));
  // A certificate that lasts longer than its authority, as one that was made elsewhere.
  const authority = await makeAuthority(from);
  const server = await makeServerCertificate(authority, localNames, now);
  for (const [name, text] of Object.entries({
    "ca.crt": authority.cert,
    "server.crt": server.cert,
    "server.key": server.key,
  }))
    writeFileSync(path(name), text);
  const { cert, warnings } = await make(now);
  assert.equal(cert, server.cert);
  assert.match(warnings[0] ?? "", /ca\.crt expires on .* and cannot be renewed: .*ca\.key is missing/);
  await assert.rejects(make(now + 50 * dayMilliseconds), /ca\.key is missing/);
});

test("what cannot be renewed is a warning as long as what is there is valid", async () => {
  const { cert } = await make(now - 3_300 * dayMilliseconds);
  mkdirSync(path("ca-before.crt"));
  rmSync(path("server.crt"));
  rmSync(path("server.key"));
  const { warnings } = await make(now);
  assert.notEqual(read("server.crt"), cert);
  assert.match(warnings[0] ?? "", /ca\.crt expires on .* and cannot be renewed: .* cannot be written to: EISDIR/);
  assert.match(warnings[1] ?? "", /ca-before\.crt cannot be read/);
});

test("of two files that cannot be written both stay, and nothing is left over", async () => {
  await make();
  const key = read("server.key");
  mkdirSync(path("blocked.crt"));
  const files = ["server.key", "blocked.crt"].map((name) => ({ path: path(name), text: "new", mode: 0o600 }));
  await assert.rejects(writeFiles(files), { message: new RegExp(`^${directory} cannot be written to: `) });
  assert.equal(read("server.key"), key);
  assert.deepEqual(readdirSync(directory).sort(), ["blocked.crt", "ca.crt", "ca.key", "server.crt", "server.key"]);
});

test("what is no certificate in the place of the one before is said", async () => {
  await make();
  writeFileSync(path("ca-before.crt"), "x");
  assert.deepEqual((await make()).warnings, [`${path("ca-before.crt")} is not a certificate in PEM: remove it`]);
});

test("a certificate of the future says that a clock is wrong", async () => {
  await make(now + 2 * dayMilliseconds);
  await assert.rejects(make(), /server\.crt is not valid before .*: set the clock right/);
});

for (const [what, damage, expected] of [
  [
    "a certificate that is none",
    () => writeFileSync(path("server.crt"), "x"),
    /server\.crt is not a certificate in PEM/,
  ],
  ["a key that is none", () => writeFileSync(path("server.key"), "x"), /server\.key is not a private key in PEM/],
  [
    "another's key",
    () => writeFileSync(path("server.key"), read("ca.key")),
    /server\.key is not the key of .*server\.crt/,
  ],
  ["a missing key", () => rmSync(path("server.key")), /server\.key is missing/],
  ["a missing authority", () => rmSync(path("ca.crt")), /ca\.crt is missing/],
  ["an authority that is none", () => writeFileSync(path("ca.crt"), ""), /ca\.crt is not a certificate in PEM/],
  [
    "another authority",
    () => writeFileSync(path("ca.crt"), read("server.crt")),
    /server\.crt was not made with .*ca\.crt/,
  ],
] as const) {
  test(`${what} stops the start with a sentence that says what to do, and nothing is overwritten`, async () => {
    await make();
    damage();
    const before = readdirSync(directory).map((name) => [name, read(name)]);
    await assert.rejects(make(), (error: Error) => {
      assert.match(error.message, expected);
      assert.match(error.message, /remove .* and start again/);
      return true;
    });
    assert.deepEqual(
      readdirSync(directory).map((name) => [name, read(name)]),
      before,
    );
  });
}

test("without the authority's key no new server certificate can be made, and that is said", async () => {
  await make();
  for (const name of ["ca.key", "server.crt", "server.key"]) rmSync(path(name));
  await assert.rejects(make(), /ca\.key is missing, and a certificate must be made with it/);
});

test("a directory that cannot be made is said in words", async () => {
  writeFileSync(join(parent, "file"), "");
  await assert.rejects(loadOrMakeCertificate(join(parent, "file", "tls"), [], now), /cannot be read|can be made/);
});

test("a certificate of one's own is read and checked", async () => {
  const made = await make();
  const pair = await loadCertificate(path("server.crt"), path("server.key"), now);
  assert.deepEqual(pair, { cert: made.cert, key: made.key, warnings: [] });
  const late = await loadCertificate(path("server.crt"), path("server.key"), now + 61 * dayMilliseconds);
  const end = new Date(now + 90 * dayMilliseconds).toISOString().slice(0, 10);
  assert.deepEqual(late.warnings, [`${path("server.crt")} expires on ${end}: put a new one in its place`]);
  const expired = loadCertificate(path("server.crt"), path("server.key"), now + 91 * dayMilliseconds);
  await assert.rejects(expired, {
    message: `${path("server.crt")} expired on ${end}: check tls.cert and tls.key of the listener`,
  });
  await assert.rejects(
    loadCertificate(path("none.crt"), path("server.key"), now),
    /none\.crt does not exist: check tls/,
  );
  await assert.rejects(
    loadCertificate(path("server.crt"), path("none.key"), now),
    /none\.key does not exist: check tls/,
  );
  await assert.rejects(loadCertificate(path("server.crt"), path("ca.key"), now), /is not the key of/);
  assert.equal(existsSync(path("none.crt")), false);
});

test("a certificate names the loopback, the host name, its .local form, and what is bound to", () => {
  const machine = { hostName: "kitchen", addresses: ["192.168.1.5", "10.0.0.9"] };
  const own = ["localhost", "127.0.0.1", "::1", "kitchen", "kitchen.local"];
  assert.deepEqual(certificateNames(["localhost", "10.0.0.9"], machine), [...own, "10.0.0.9"]);
  assert.deepEqual(certificateNames(["fe80::1%eth0"], machine), [...own, "fe80::1"]);
  for (const all of ["0.0.0.0", "::"])
    assert.deepEqual(certificateNames([all], machine), [...own, ...machine.addresses]);
  const elsewhere = certificateNames([], { hostName: "broker.example", addresses: [] });
  assert.deepEqual(elsewhere.slice(3), ["broker.example"]);
  assert.equal(certificateNames([], { hostName: "what is_this", addresses: [] }).length, 3);
});

test("a machine with very many addresses has 32 of them in its certificate, which can be made", async () => {
  const addresses = Array.from({ length: 100 }, (_, index) => `10.0.0.${index}`);
  const names = certificateNames(["0.0.0.0"], { hostName: "kitchen", addresses });
  assert.equal(names.length, 5 + 32);
  const { cert } = await make(now, names);
  assert.notEqual(new X509Certificate(cert).checkIP("10.0.0.31"), undefined);
  const here = thisMachine();
  assert.equal(here.addresses.includes("127.0.0.1"), false);
});

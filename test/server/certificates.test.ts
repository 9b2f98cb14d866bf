import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { connect, createServer } from "node:tls";
import { loadCertificate, loadOrMakeCertificate } from "../../src/server/certificates.ts";

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
const path = (name: string): string => join(directory, name);
const read = (name: string): string => readFileSync(path(name), "utf8");
const make = (at: number = now, hosts: readonly string[] = []) => loadOrMakeCertificate(directory, hosts, at);

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

test("the server certificate names localhost, both loopback addresses, the host name and what is asked for", async () => {
  await make(now, ["192.168.1.5", "broker.example"]);
  const certificate = new X509Certificate(read("server.crt"));
  for (const address of ["127.0.0.1", "::1", "192.168.1.5"]) assert.notEqual(certificate.checkIP(address), undefined);
  for (const host of ["localhost", hostname(), "broker.example"])
    assert.notEqual(certificate.checkHost(host), undefined);
  assert.equal(certificate.ca, false);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  assert.deepEqual([asymmetricKeyType, asymmetricKeyDetails?.namedCurve], ["ec", "prime256v1"]);
});

test("openssl verifies it strictly, as a server's and for its names", { skip: noOpenssl }, async () => {
  await make();
  for (const name of [
    ["-verify_hostname", "localhost"],
    ["-verify_ip", "127.0.0.1"],
    ["-verify_ip", "::1"],
  ]) {
    const args = [
      "verify",
      "-x509_strict",
      "-purpose",
      "sslserver",
      ...name,
      "-CAfile",
      path("ca.crt"),
      path("server.crt"),
    ];
    const { status, stdout, stderr } = openssl(...args);
    assert.equal(status, 0, stdout + stderr);
  }
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
  const second = await make(now + 30 * dayMilliseconds);
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

test("an expired certificate is said in words, with the day and the remedy", async () => {
  await make(now - 500 * dayMilliseconds);
  const expired = new Date(now - 103 * dayMilliseconds).toISOString().slice(0, 10);
  await assert.rejects(make(), {
    message: `${path("server.crt")} expired on ${expired}: remove ${path("server.crt")} and ${path("server.key")} and start again; new ones are made with the same authority`,
  });
});

test("an expired authority is said in words", async () => {
  await make(now - 4_000 * dayMilliseconds);
  rmSync(path("server.crt"));
  rmSync(path("server.key"));
  await assert.rejects(make(), /ca\.crt expired on .*: put it right, or remove .* clients need the new ca\.crt/);
});

test("a certificate of the future says that a clock is wrong", async () => {
  await make(now + 2 * dayMilliseconds);
  await assert.rejects(make(), /server\.crt is not valid before .*: set the clock right/);
});

test("a certificate that ends within a month, or does not name a host, is warned of", async () => {
  await make();
  const { warnings } = await make(now + 380 * dayMilliseconds, ["10.0.0.9", "localhost"]);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? "", /expires on/);
  assert.match(warnings[1] ?? "", /does not name 10\.0\.0\.9/);
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
  await assert.rejects(make(), /ca\.key is missing, and a server certificate must be made/);
});

test("a directory that cannot be made is said in words", async () => {
  writeFileSync(join(parent, "file"), "");
  await assert.rejects(loadOrMakeCertificate(join(parent, "file", "tls"), [], now), /cannot be read|can be made/);
});

test("a certificate of one's own is read and checked", async () => {
  const made = await make();
  const pair = await loadCertificate(path("server.crt"), path("server.key"), now);
  assert.deepEqual(pair, { cert: made.cert, key: made.key });
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

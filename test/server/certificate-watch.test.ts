import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, mock, test } from "node:test";
import type { Logger } from "pino";
import { loadCertificate } from "../../src/server/certificate-files.ts";
import { CertificateWatch, type WatchedCertificate } from "../../src/server/certificate-watch.ts";
import { loadOrMakeCertificate } from "../../src/server/certificates.ts";
import { type CertificatePair, makeAuthority, makeServerCertificate } from "../../src/server/make-certificates.ts";
import type { ListenerOptions } from "../../src/server/options.ts";

const parent = mkdtempSync(join(tmpdir(), "petstore-mqtt-certificate-watch-"));
after(() => rmSync(parent, { recursive: true }));

const dayMilliseconds = 86_400_000;
const hourMilliseconds = 3_600_000;
const names = ["localhost"];

let directory = "";
let now = Date.now();
let logged: string[] = [];
let shown: CertificatePair[] = [];
let watch: CertificateWatch | undefined;
/** Called at each thing that is logged or shown. */
let hear = (): void => {};

beforeEach(() => {
  directory = mkdtempSync(join(parent, "data-"));
  now = Date.now();
  logged = [];
  shown = [];
});
afterEach(() => {
  watch?.stop();
  mock.timers.reset();
});

const path = (name: string): string => join(directory, name);
const log = Object.fromEntries(
  ["info", "warn", "error"].map((level) => [
    level,
    (sentence: string) => {
      logged.push(`${level} ${sentence}`);
      hear();
    },
  ]),
) as unknown as Logger;

function start(certificate: Omit<WatchedCertificate, "door">): CertificateWatch {
  const { key, cert } = certificate.inForce;
  const door: ListenerOptions = { protocol: "mqtts", host: "localhost", port: 0, tls: { key, cert } };
  watch = new CertificateWatch({ certificates: [{ ...certificate, door }], log, now: () => now });
  watch.start((at, pair) => {
    assert.equal(at, door);
    shown.push(pair);
    hear();
  });
  return watch;
}

async function startOwn(): Promise<CertificateWatch> {
  const load = (at: number) => loadOrMakeCertificate(join(directory, "tls"), names, at);
  return start({ inForce: await load(now), files: [], load });
}

async function startGiven(): Promise<{ watch: CertificateWatch; replacement: CertificatePair }> {
  const authority = await makeAuthority(now);
  const [first, replacement] = await Promise.all([0, 1].map(() => makeServerCertificate(authority, names, now)));
  writePair(first!);
  const load = (at: number) => loadCertificate(path("tls.crt"), path("tls.key"), at);
  const files = [path("tls.crt"), path("tls.key")];
  return { watch: start({ inForce: await load(now), files, load }), replacement: replacement! };
}

function writePair(pair: CertificatePair): void {
  writeFileSync(path("tls.crt"), pair.cert);
  writeFileSync(path("tls.key"), pair.key);
}

/** What is watched does not keep the process alive, so the wait does; it is bounded. */
function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`it did not come; logged: ${logged.join("; ")}`)), 10_000);
    hear = () => {
      if (!condition()) return;
      clearTimeout(timeout);
      resolve();
    };
    hear();
  });
}

test("a running server renews its own certificate after two thirds of its life, once", async () => {
  const own = await startOwn();
  now += 59 * dayMilliseconds;
  await own.look();
  assert.deepEqual([shown, logged], [[], []]);
  now += 2 * dayMilliseconds;
  await own.look();
  await own.look();
  assert.equal(shown.length, 1);
  const { cert, key } = await loadOrMakeCertificate(join(directory, "tls"), names, now);
  assert.deepEqual(shown, [{ key, cert }]);
  assert.deepEqual(logged, ["info mqtts: new connections see a new certificate from here on"]);
});

test("it looks every hour, not before, and not when it is stopped", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const own = await startOwn();
  now += 61 * dayMilliseconds;
  mock.timers.tick(hourMilliseconds - 1);
  assert.equal(shown.length, 0);
  mock.timers.tick(1);
  await until(() => shown.length === 1);
  own.stop();
  now += 61 * dayMilliseconds;
  mock.timers.tick(hourMilliseconds);
  await own.look();
  assert.equal(shown.length, 1);
});

test("what cannot be renewed is warned of at the start and then once a day", async () => {
  await loadOrMakeCertificate(join(directory, "tls"), names, now);
  rmSync(path("tls/ca.key"));
  now += 61 * dayMilliseconds;
  const own = await startOwn();
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? "", /^warn .*server\.crt expires on .* and cannot be renewed: .*ca\.key is missing/);
  for (let hour = 1; hour < 24; hour += 1) {
    now += hourMilliseconds;
    await own.look();
  }
  assert.equal(logged.length, 1);
  now += hourMilliseconds;
  await own.look();
  assert.equal(logged.length, 2);
  assert.equal(logged[1], logged[0]);
  now += 30 * dayMilliseconds;
  await own.look();
  assert.match(logged[2] ?? "", /^error the certificate in force stays: .*ca\.key is missing/);
  assert.deepEqual(shown, []);
});

test("files that somebody replaces are shown without being asked for, also over a link", async () => {
  const { replacement } = await startGiven();
  writePair(replacement);
  await until(() => shown.length === 1);
  assert.deepEqual(shown, [replacement]);

  // As a secret of a cluster comes: the files are links into a directory whose name is swapped.
  const next = await makeServerCertificate(await makeAuthority(now), names, now);
  writeFileSync(path("next.crt"), next.cert);
  writeFileSync(path("next.key"), next.key);
  for (const kind of ["crt", "key"]) {
    symlinkSync(`next.${kind}`, path(`link.${kind}`));
    renameSync(path(`link.${kind}`), path(`tls.${kind}`));
  }
  await until(() => shown.length === 2);
  assert.deepEqual(shown[1], next);
});

test("a new pair that does not fit leaves the one before in force, and is said", async () => {
  const { watch: given, replacement } = await startGiven();
  writeFileSync(path("tls.crt"), replacement.cert);
  await until(() => logged.length > 0);
  assert.match(
    logged[0] ?? "",
    /^error the certificate in force stays: .*tls\.key is not the key of .*tls\.crt: check tls/,
  );
  assert.deepEqual(shown, []);
  writeFileSync(path("tls.key"), replacement.key);
  await until(() => shown.length === 1);
  assert.deepEqual(shown, [replacement]);
  rmSync(path("tls.key"));
  await until(() => logged.length === 3);
  assert.match(logged[2] ?? "", /^error the certificate in force stays: .*tls\.key does not exist/);
  await given.look();
  assert.equal(logged.length, 3);
});

test("a certificate of one's own is warned of daily from 30 days before its end", async () => {
  const { watch: given } = await startGiven();
  now += 59 * dayMilliseconds;
  await given.look();
  assert.deepEqual(logged, []);
  for (let day = 0; day < 3; day += 1) {
    now += dayMilliseconds + 1;
    await given.look();
  }
  assert.equal(logged.length, 3);
  for (const line of logged)
    assert.match(line, /^warn .*tls\.crt expires on \d{4}-\d\d-\d\d: put a new one in its place$/);
});

test("a door that does not take a new certificate is said, and asked again at the next look", async () => {
  const { inForce, load, takes } = await untaken();
  watch = new CertificateWatch({
    certificates: [
      { inForce, load, files: [], door: { protocol: "mqtts", host: "localhost", port: 0, tls: undefined } },
    ],
    log,
    now: () => now,
  });
  watch.start(takes);
  await watch.look();
  assert.deepEqual(logged, ["error the certificate in force stays: the key is too small"]);
  await watch.look();
  assert.equal(shown.length, 1);
});

/** A door that takes the second time. */
async function untaken() {
  const authority = await makeAuthority(now);
  const [first, second] = await Promise.all([0, 1].map(() => makeServerCertificate(authority, names, now)));
  let asked = 0;
  return {
    inForce: { ...first!, warnings: [] },
    load: async () => ({ ...second!, warnings: [] }),
    takes: (_: ListenerOptions, pair: CertificatePair) => {
      asked += 1;
      if (asked === 1) throw new Error("the key is too small");
      shown.push(pair);
    },
  };
}

test("a directory that cannot be watched is a warning that says what to do", async () => {
  const { inForce, load } = await untaken();
  start({ inForce, files: [path("gone/tls.crt")], load });
  assert.match(
    logged[0] ?? "",
    /^warn changes in .*gone are not noticed by themselves: ENOENT.*; SIGHUP makes the server look$/,
  );
});

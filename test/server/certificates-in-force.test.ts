import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { loadOrMakeCertificate } from "../../src/server/certificates.ts";
import { type CertificatePair, makeAuthority, makeServerCertificate } from "../../src/server/make-certificates.ts";
import { killCommands, type Running, start, temporaryDirectory } from "../cli/command.ts";

const dayMilliseconds = 86_400_000;
const names = ["localhost", "127.0.0.1"];

describe("the certificate that a running server shows", { timeout: 120_000 }, () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let authority: CertificatePair;
  beforeEach(async () => {
    directory = temporaryDirectory();
    authority = await makeAuthority(Date.now());
  });
  afterEach(() => {
    killCommands();
    directory.remove();
  });

  const path = (name: string): string => join(directory.path, name);
  const newPair = (now = Date.now()): Promise<CertificatePair> => makeServerCertificate(authority, names, now);
  const write = ({ cert, key }: CertificatePair): void => {
    writeFileSync(path("own.crt"), cert);
    writeFileSync(path("own.key"), key);
  };

  async function connectTo(url: string, ca: string): Promise<TLSSocket> {
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", servername: "localhost", ca });
    await once(socket, "secureConnect");
    return socket;
  }

  async function shownAt(url: string, ca: string): Promise<string> {
    const socket = await connectTo(url, ca);
    const { fingerprint256 } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return fingerprint256;
  }

  const fingerprint = ({ cert }: CertificatePair): string => new X509Certificate(cert).fingerprint256;

  /** Resolves with the next `count` sentences of the log that match. */
  function logged(running: Running, pattern: RegExp, count: number): Promise<string[]> {
    return new Promise((resolve) => {
      const found: string[] = [];
      createInterface({ input: running.child.stderr! }).on("line", (line) => {
        const { msg } = JSON.parse(line);
        if (!pattern.test(msg)) return;
        found.push(msg);
        if (found.length === count) resolve(found);
      });
    });
  }

  test("is the new one when files are replaced, at TCP and WebSocket, and connections that stand stay", async () => {
    const [first, second] = await Promise.all([newPair(), newPair()]);
    write(first);
    const tls = "tls: { cert: own.crt, key: own.key }";
    writeFileSync(
      path("broker.yaml"),
      `listeners:\n  - { protocol: mqtts, port: 0, ${tls} }\n  - { protocol: wss, port: 0, ${tls} }\n`,
    );
    const running = start(directory.path, "serve", "--config", "broker.yaml", "--store", "memory");
    const urls = await running.ready;
    const standing = await connectTo(urls[0]!, authority.cert);
    for (const url of urls) assert.equal(await shownAt(url, authority.cert), fingerprint(first));

    const news = logged(running, /see a new certificate/, 2);
    write(second);
    assert.deepEqual((await news).map((sentence) => sentence.split(":")[0]).sort(), ["mqtts", "wss"]);
    for (const url of urls) assert.equal(await shownAt(url, authority.cert), fingerprint(second));
    assert.equal(standing.getPeerX509Certificate()!.fingerprint256, fingerprint(first));
    assert.equal(standing.destroyed, false);
    standing.destroy();
  });

  test("stays the one before when the new files do not fit, and SIGHUP looks again", async () => {
    const [first, second] = await Promise.all([newPair(), newPair()]);
    write(first);
    writeFileSync(
      path("broker.yaml"),
      "listeners: [{ protocol: mqtts, port: 0, tls: { cert: own.crt, key: own.key } }]\n",
    );
    const running = start(directory.path, "serve", "--config", "broker.yaml", "--store", "memory");
    const [url = ""] = await running.ready;
    const problem = logged(running, /^the certificate in force stays: /, 1);
    writeFileSync(path("own.crt"), second.cert);
    assert.match((await problem)[0]!, /own\.key is not the key of .*own\.crt/);
    assert.equal(await shownAt(url, authority.cert), fingerprint(first));

    const news = logged(running, /see a new certificate/, 1);
    writeFileSync(path("own.key"), second.key);
    running.child.kill("SIGHUP");
    await news;
    assert.equal(await shownAt(url, authority.cert), fingerprint(second));
    running.child.kill("SIGTERM");
    assert.equal((await running.ended).code, 0);
  });

  test("is renewed by the start when the broker was away for long, from the same authority", async () => {
    mkdirSync(path("data"));
    const old = await loadOrMakeCertificate(path("data/tls"), names, Date.now() - 100 * dayMilliseconds);
    const ca = readFileSync(old.caFile, "utf8");
    const running = start(directory.path, "serve", "--demo", "--mqtts", "0", "--wss", "0", "--data", "data");
    for (const url of await running.ready) assert.notEqual(await shownAt(url, ca), fingerprint(old));
    running.child.kill("SIGTERM");
    assert.equal((await running.ended).code, 0);
  });
});

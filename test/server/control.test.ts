import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import type { Row } from "../../src/server/answer.ts";
import { type Control, type Controlled, openControl } from "../../src/server/control.ts";
import type { Question } from "../../src/server/question.ts";
import { askServer, disconnectClient } from "../../src/service/control-client.ts";

const silent = pino({ level: "silent" });
const question: Question = { about: "queues", name: "", whole: false, skip: 0, limit: 0 };
const row = (name: string): Row => ({ kind: "session", name, waiting: 1, inFlight: 0 });

describe("the control socket", { timeout: 30_000 }, () => {
  let directory: string;
  let path: string;
  let control: Control | undefined;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-control-"));
    path = join(directory, "control.sock");
  });
  afterEach(async () => {
    await control?.close();
    control = undefined;
    rmSync(directory, { recursive: true, force: true });
  });

  async function open(controlled: Partial<Controlled>): Promise<void> {
    const nothing: Controlled = {
      inspect: () => undefined,
      deadLetters: () => assert.fail("it was asked"),
      disconnect: () => false,
    };
    control = await openControl(path, { ...nothing, ...controlled }, silent);
  }

  async function post(url: string, body: string): Promise<number | undefined> {
    return await new Promise((resolve, reject) => {
      const asked = request({ socketPath: path, path: url, method: "POST", agent: false }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode));
      });
      asked.once("error", reject).end(body);
    });
  }

  test("belongs to its user alone, and goes with its server", async () => {
    await open({});
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await control?.close();
    control = undefined;
    assert.equal(existsSync(path), false);
    await assert.rejects(askServer(path, question), { code: "ENOENT" });
  });

  test("hands a question over and brings every row back, in slices", async () => {
    const asked: Question[] = [];
    const names = Array.from({ length: 2_500 }, (_, index) => `c${index}`);
    await open({
      inspect: (given) => {
        asked.push(given);
        return (async function* () {
          for (let at = 0; at < names.length; at += 100) yield names.slice(at, at + 100).map(row);
        })();
      },
    });
    const slices: (readonly Row[])[] = [];
    for await (const slice of (await askServer(path, question)) ?? []) slices.push(slice);
    assert.deepEqual(slices.flat(), names.map(row));
    assert.deepEqual(
      slices.map(({ length }) => length),
      [1_000, 1_000, 500],
    );
    assert.deepEqual(asked, [question]);
  });

  test("says that there is no such thing", async () => {
    await open({});
    assert.equal(await askServer(path, question), undefined);
    assert.equal(await disconnectClient(path, "alice"), false);
  });

  test("has a client disconnected", async () => {
    const disconnected: string[] = [];
    await open({ disconnect: (clientId) => disconnected.push(clientId) > 0 });
    assert.equal(await disconnectClient(path, "a/ü\u0001"), true);
    assert.deepEqual(disconnected, ["a/ü\u0001"]);
  });

  for (const [url, body, status] of [
    ["/inspect", "{", 400],
    ["/inspect", "null", 400],
    ["/inspect", JSON.stringify({ ...question, about: "passwords" }), 400],
    ["/inspect", JSON.stringify({ ...question, skip: -1 }), 400],
    ["/inspect", JSON.stringify({ ...question, name: 7 }), 400],
    ["/dead-letters", "{", 400],
    ["/dead-letters", '{"action":"burn","numbers":[],"topicFilter":"","whole":false,"skip":0,"limit":0}', 400],
    ["/dead-letters", '{"action":"list","numbers":[-1],"topicFilter":"","whole":false,"skip":0,"limit":0}', 400],
    ["/dead-letters", '{"action":"list","numbers":[],"topicFilter":7,"whole":false,"skip":0,"limit":0}', 400],
    ["/disconnect", "null", 400],
    ["/disconnect", '{"clientId":7}', 400],
    ["/accounts", "{}", 404],
  ] as const) {
    test(`answers ${url} with ${body} by ${status}`, async () => {
      await open({ inspect: () => assert.fail("it was asked"), disconnect: () => assert.fail("it was asked") });
      assert.equal(await post(url, body), status);
    });
  }

  test("an answer that breaks off is an error, not a short list", async () => {
    await open({
      inspect: () =>
        (async function* () {
          yield [row("a")];
          await setImmediate();
          throw new Error("the store is gone");
        })(),
    });
    const slices = await askServer(path, question);
    await assert.rejects(
      async () => {
        for await (const _ of slices ?? []);
      },
      { message: "the server ended before its answer was complete" },
    );
  });

  test("whoever asks and goes ends the walk", async () => {
    let isEnded = false;
    let ended: () => void = () => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await open({
      inspect: () =>
        (async function* () {
          try {
            for (;;) {
              yield Array.from({ length: 1_000 }, () => row("again and again"));
              await setImmediate();
            }
          } finally {
            isEnded = true;
            ended();
          }
        })(),
    });
    for await (const _ of (await askServer(path, question)) ?? []) break;
    await end;
    assert.ok(isEnded);
  });

  test("takes the place of a socket that a killed process left behind", async () => {
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", script], { timeout: 10_000 });
    assert.ok(existsSync(path));
    await open({});
    assert.equal(await askServer(path, question), undefined);
  });

  test("is not taken from a process that listens, nor from a file", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(path, resolve));
    await assert.rejects(open({}), { code: "EADDRINUSE" });
    await new Promise((resolve) => other.close(resolve));
    writeFileSync(path, "mine");
    await assert.rejects(open({}), { code: "EADDRINUSE" });
    assert.ok(existsSync(path));
  });
});

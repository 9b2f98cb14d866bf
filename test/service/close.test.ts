import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type EventEmitter, once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { connectAsync } from "mqtt";
import { createServer, ReasonCode, type Server } from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { FakeStore } from "../server/stage.ts";

/** The reference store, but for what is replaced. */
function storeWith(replaced: Partial<Store>): Store {
  const store = createMemoryStore();
  return {
    load: () => store.load(),
    commit: (batch) => store.commit(batch),
    read: (numbers) => store.read(numbers),
    close: () => store.close(),
    ...replaced,
  };
}

/** What the event loop waits for, but for what passes by itself. */
function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== "Immediate" && kind !== "PipeWrap")
    .sort();
}

/** A handle that was closed is gone some turns of the event loop later. */
async function onlyOpen(before: readonly string[]): Promise<void> {
  for (let turn = 0; turn < 100 && openHandles().length > before.length; turn += 1) await new Promise(setImmediate);
  assert.deepEqual(openHandles(), before);
}

describe("closing a server", () => {
  test("leaves no open handle, with clients outside and inside, and can be asked for twice", async () => {
    const before = openHandles();
    const server = await createServer({ sysIntervalSeconds: 1 });
    const outside = await connectAsync(server.url, { protocolVersion: 5, reconnectPeriod: 0 });
    const inside = await server.connect();
    await inside.subscribe("#");
    const gone = once(outside as unknown as EventEmitter, "close");
    const [first, second] = [server.close(), server.close()];
    assert.equal(first, second);
    assert.equal(first, server.closed);
    await Promise.all([first, gone]);
    assert.equal(await inside.closed, ReasonCode.ServerShuttingDown);
    await outside.endAsync(true);
    await onlyOpen(before);
    await server.close();
  });

  test("lets a process end that does nothing else", { timeout: 60_000 }, async () => {
    const index = pathToFileURL(join(import.meta.dirname, "../../src/index.ts")).href;
    const program = `
      const { createServer } = await import(${JSON.stringify(index)});
      const server = await createServer();
      const client = await server.connect();
      await client.subscribe("t", () => {}, { qos: 1 });
      await server.publish({ topicName: "t", qos: 1 });
      await server.close();
      console.log("closed");
    `;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
      cwd: join(import.meta.dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 50_000,
    });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    const [exitCode] = await once(child, "close");
    assert.deepEqual([exitCode, output], [0, "closed\n"]);
  });

  test("waits for a handler that is at work, so that its message is acknowledged and does not come again", async () => {
    const store = storeWith({});
    const options = { clientId: "c", sessionExpirySeconds: 60 };
    const first = await createServer({ listeners: [], store });
    const client = await first.connect(options);
    let begun = (): void => {};
    let goOn = (): void => {};
    const isAtWork = new Promise<void>((resolve) => {
      begun = resolve;
    });
    await client.subscribe(
      "t",
      () => {
        begun();
        return new Promise<void>((resolve) => {
          goOn = resolve;
        });
      },
      { qos: 1 },
    );
    await first.publish({ topicName: "t", payload: "1", qos: 1 });
    await first.publish({ topicName: "t", payload: "2", qos: 1 });
    await isAtWork;
    const closed = first.close();
    await new Promise(setImmediate);
    goOn();
    await closed;
    const second = await createServer({ listeners: [], store });
    const again = await second.connect(options);
    const stream = await again.subscribe("t", { qos: 1 });
    assert.equal((await stream.next()).value.text(), "2");
    await second.close();
  });

  test("with a store that refuses gives its last changes up", { timeout: 60_000 }, async () => {
    const store = storeWith({ commit: () => Promise.reject(new StoreError("the disk is full", false, undefined)) });
    const server = await createServer({ listeners: [], store });
    const refusing = once(server, "storeState");
    const published = server.publish({ topicName: "t", payload: "x", qos: 1, retain: true });
    assert.deepEqual(await refusing, ["refusing"]);
    assert.equal(await server.publish({ topicName: "t", qos: 1 }), ReasonCode.QuotaExceeded);
    await server.close();
    assert.equal(await published, ReasonCode.ServerShuttingDown);
  });
});

describe("a server that cannot start", () => {
  test("leaves nothing open and closes its store", async () => {
    const first = await createServer();
    const before = openHandles();
    let isClosed = false;
    const close = async (): Promise<void> => {
      isClosed = true;
    };
    const { port } = first.addresses[0]!;
    const listeners = [
      { protocol: "mqtt", port: 0 },
      { protocol: "mqtt", port },
    ] as const;
    await assert.rejects(createServer({ listeners, store: storeWith({ close }) }), /in use/);
    assert.ok(isClosed);
    await onlyOpen(before);
    await first.close();
  });
});

describe("a server that cannot go on", () => {
  /** Its store says that what is on disk is unknown. */
  async function failing(): Promise<{ server: Server; fail: () => void }> {
    const store = new FakeStore();
    const server = await createServer({ store });
    return { server, fail: () => store.refuse(new StoreError("an I/O error", true, undefined)) };
  }

  test("lets go of its clients, promises nothing, says why, and leaves the process alone", async () => {
    const { server, fail } = await failing();
    const outside = await connectAsync(server.url, { protocolVersion: 5, reconnectPeriod: 0 });
    const inside = await server.connect();
    const gone = once(outside as unknown as EventEmitter, "close");
    const failed = once(server, "failed");
    const published = server.publish({ topicName: "t", payload: "x", qos: 1, retain: true });
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    const closed = assert.rejects(server.closed, /an I\/O error/);
    fail();
    assert.match(String((await failed)[0]), /an I\/O error/);
    await Promise.all([closed, gone, inside.closed]);
    assert.equal(await published, ReasonCode.ServerShuttingDown);
    await assert.rejects(server.close(), /an I\/O error/);
    await outside.endAsync(true);
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, test } from "node:test";
import { createApplication } from "../../src/http/application.ts";
import { demoAccounts } from "../../src/server/demo.ts";

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** An application behind a server of its own; asks it for a path. */
async function start(demoPath?: string) {
  let problem: string | undefined;
  const application = await createApplication({ notReady: () => problem }, { demoPath, contract: undefined });
  const server = createServer((request, response) => application.answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  running.push(async () => {
    server.closeAllConnections();
    server.close();
    await application.close();
  });
  return {
    ask: (path: string, options?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, options),
    objects: (sentence: string | undefined) => {
      problem = sentence;
    },
  };
}

test("/health is live, also while it is not ready, and is kept in no cache", async () => {
  const { ask, objects } = await start();
  for (const problem of [undefined, "The store takes nothing new"]) {
    objects(problem);
    const response = await ask("/health");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.deepEqual(await response.json(), { status: "live" });
  }
});

test("/ready says what is in the way as a problem of RFC 9457, and is ready again behind it", async () => {
  const { ask, objects } = await start();
  const ready = await ask("/ready");
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), { status: "ready" });
  objects("The store takes nothing new");
  const response = await ask("/ready");
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.deepEqual(await response.json(), {
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    detail: "The store takes nothing new",
  });
  objects(undefined);
  assert.equal((await ask("/ready")).status, 200);
});

for (const [what, path, options, status] of [
  ["another path", "/nothing", {}, 404],
  ["the path of MQTT without an upgrade", "/mqtt", {}, 404],
  ["the page, where there is no demonstration", "/", {}, 404],
  ["another method", "/health", { method: "DELETE" }, 404],
  ["a body that is too large", "/health", { method: "POST", body: "x".repeat(2_000) }, 413],
  ["a malformed path", "/%zz", {}, 400],
] as const) {
  test(`${what} is answered with a problem`, async () => {
    const { ask } = await start();
    const response = await ask(path, options);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const { type, status: said, title, detail } = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([type, said, typeof title, typeof detail], ["about:blank", status, "string", "string"]);
  });
}

test("the demonstration's page and all that it loads come from here, under a strict policy", async () => {
  const { ask } = await start("/mqtt");
  const page = await ask("/");
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  const html = await page.text();
  assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|\son\w+=|https?:/, "nothing inline, nothing from elsewhere");
  for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]*)"/g)) assert.equal((await ask(path!)).status, 200, path);
  const script = await (await ask("/mqtt.js")).text();
  assert.ok(script.length > 100_000);
});

test("the demonstration's page is told where MQTT is, and the accounts whose passwords are no secret", async () => {
  const { ask } = await start("/elsewhere");
  const { path, accounts } = (await (await ask("/demo.json")).json()) as { path: string; accounts: unknown[] };
  assert.equal(path, "/elsewhere");
  assert.deepEqual(
    accounts,
    demoAccounts.map(({ name, password, may }) => ({ name, password, may })),
  );
});

import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, afterEach, before, describe } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { boundedTest as test } from "./bounded-test.ts";
import { type BrokerProcess, startDemoBroker } from "./broker-process.ts";
import { chromiumPath, startBrowser } from "./browser.ts";
import { closeClients, connect } from "./mqttjs.ts";

const skip = chromiumPath === undefined && "no chromium is installed (Debian: chromium)";

describe("a browser", { skip }, () => {
  let broker: BrokerProcess;
  let browser: Browser;
  let context: BrowserContext;
  let home: string;
  /** What went wrong in a page: errors, refusals by the policy, requests that failed. */
  let complaints: string[] = [];

  before(async () => {
    if (skip) return;
    broker = await startDemoBroker("--wss", "0");
    home = broker.url.replace(/^wss:/, "https:").replace(/mqtt$/, "");
    browser = await startBrowser(keyOf(join(dirname(broker.caFile), "server.crt")));
    context = await browser.newContext();
  });
  after(async () => {
    await browser?.close();
    await broker?.stop();
  });
  afterEach(async () => {
    closeClients();
    await Promise.all(context.pages().map((page) => page.close()));
    complaints = [];
  });

  async function openPage(): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(home) && !request.url().startsWith("data:")) complaints.push(request.url());
    });
    await page.goto(home);
    return page;
  }

  async function connectAs(page: Page, account: string): Promise<void> {
    await page.getByLabel("Account").selectOption(account);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator("#state", { hasText: `connected as ${account}` }).waitFor();
  }

  async function logged(page: Page, text: string): Promise<void> {
    await page.locator("#log li", { hasText: text }).first().waitFor();
  }

  test("a learner's two pages are two clients: one ships an order, the other sees it", async () => {
    const [customer, shop] = await Promise.all([openPage(), openPage()]);
    await connectAs(customer, "alice");
    await customer.getByRole("button", { name: "Subscribe" }).click();
    await logged(customer, "subscribed to orders/+/status at QoS 1");
    await connectAs(shop, "service");
    await shop.getByRole("button", { name: "Publish" }).click();
    await logged(shop, "→ orders/42/status");
    await logged(customer, '← orders/42/status {"orderId":"42","status":"SHIPPED"} (QoS 1)');
    assert.deepEqual(complaints, []);
  });

  test("what the account may not do is refused, and said with its Reason Code", async () => {
    const page = await openPage();
    await connectAs(page, "alice");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.locator("#log li.refused", { hasText: "0x87" }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("a page and a program without a browser exchange messages", async () => {
    const page = await openPage();
    await connectAs(page, "admin");
    await page.getByLabel("Topic Filter").fill("from/program");
    await page.getByRole("button", { name: "Subscribe" }).click();
    await logged(page, "subscribed to from/program");
    const ca = readFileSync(broker.caFile);
    const program = await connect(broker.url, { ca, username: "admin", password: "admin-demo", protocolVersion: 5 });
    await program.client.subscribeAsync("from/page", { qos: 2 });
    await program.client.publishAsync("from/program", "grüezi <b>", { qos: 2 });
    await logged(page, "← from/program grüezi <b> (QoS 1)");
    await page.getByLabel("Topic Name").fill("from/page");
    await page.getByLabel("Payload").fill("ciao");
    await page.getByRole("button", { name: "Publish" }).click();
    const [message] = await program.receivedCount(1);
    assert.deepEqual([message?.topic, message?.payload], ["from/page", "ciao"]);
    assert.deepEqual(complaints, []);
  });

  for (const protocolVersion of [4, 5]) {
    test(`its messages carry many packets each, in their order (version ${protocolVersion})`, async () => {
      const page = await openPage();
      const received = await page.evaluate(burst, [broker.url, protocolVersion, 3_000] as const);
      assert.deepEqual(
        received,
        Array.from({ length: 3_000 }, (_, index) => index),
      );
      assert.deepEqual(complaints, []);
    });
  }
});

/** Runs in the page: publishes to itself, and returns what came. */
async function burst([url, protocolVersion, count]: readonly [string, number, number]): Promise<number[]> {
  const path = "/mqtt.js";
  const { default: mqtt } = await import(path);
  const client = await mqtt.connectAsync(url, {
    protocolVersion,
    username: "admin",
    password: "admin-demo",
    timerVariant: "native",
  });
  await client.subscribeAsync("burst", { qos: 0 });
  const numbers: number[] = [];
  const all = new Promise<void>((resolve) => {
    client.on("message", (_topic: string, payload: Uint8Array) => {
      numbers.push(Number(payload.toString()));
      if (numbers.length === count) resolve();
    });
  });
  for (let number = 0; number < count; number += 1) client.publish("burst", String(number));
  await all;
  await client.endAsync();
  return numbers;
}

/** SHA-256 of the public key in a certificate file, base64: what a browser can be told to trust without an authority. */
function keyOf(file: string): string {
  const { publicKey } = new X509Certificate(readFileSync(file));
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
}

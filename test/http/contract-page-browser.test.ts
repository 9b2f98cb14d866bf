import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { bundleDocument } from "../../src/contract/bundle.ts";
import { createApplication } from "../../src/http/application.ts";
import { readContractFile } from "../../src/service/contract-file.ts";
import { chromiumPath, startBrowser } from "../interop/browser.ts";

const skip = chromiumPath === undefined && "no chromium is installed (Debian: chromium)";
const root = join(import.meta.dirname, "../..");

describe("/asyncapi-ui.html in a browser", { skip }, () => {
  let browser: Browser;

  before(async () => {
    if (!skip) browser = await startBrowser("");
  });
  after(() => browser?.close());

  for (const { file, title, addresses } of [
    {
      file: "contracts/petstore.asyncapi.yaml",
      title: "Petstore Events 1.0.0",
      addresses: ["orders/{orderId}/status", "payments/{paymentId}/status", "devices/{deviceId}/presence"],
    },
    {
      file: "examples/contracts/trams.asyncapi.yaml",
      title: "Trams of a town 2.1.0",
      addresses: ["lines/{line}/trams/{tramId}/position", "lines/{line}/announcements/{language}"],
    },
  ]) {
    test(`${file} is drawn, without a complaint and without another machine`, { timeout: 90_000 }, async () => {
      const { yaml, json } = bundleDocument(join(root, file), readContractFile);
      const contract = { yaml: () => yaml, json: () => json };
      const application = await createApplication({ notReady: () => undefined }, { demoPath: undefined, contract });
      const server = createServer((request, response) => application.answer(request, response));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const home = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const complaints: string[] = [];
      const page = await browser.newPage();
      // The component reads the document with the whole standard parser first.
      page.setDefaultTimeout(60_000);
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => {
        if (!request.url().startsWith(home) && !request.url().startsWith("data:")) complaints.push(request.url());
      });
      try {
        await page.goto(`${home}asyncapi-ui.html`);
        await page.getByText(title).first().waitFor();
        for (const address of addresses) await page.getByText(address).first().waitFor();
        assert.equal(await page.getByText(/^Error/).count(), 0);
        assert.deepEqual(complaints, []);
      } finally {
        await page.close();
        server.closeAllConnections();
        server.close();
        await application.close();
      }
    });
  }
});

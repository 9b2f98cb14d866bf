import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createApplication } from "../../src/http/application.ts";
import type { ContractSource } from "../../src/http/contract-pages.ts";

describe("the pages of the contract", () => {
  let document = { info: { title: "One" } };
  const contract: ContractSource = {
    yaml: () => `info: { title: ${document.info.title} }\n`,
    json: () => JSON.stringify(document),
  };
  let url: string;
  let stop: () => Promise<void>;

  before(async () => {
    const application = await createApplication({ notReady: () => undefined }, { demoPath: undefined, contract });
    const server = createServer((request, response) => application.answer(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stop = async () => {
      server.closeAllConnections();
      server.close();
      await application.close();
    };
  });
  after(() => stop());

  test("are the contract that is in force now", async () => {
    for (const title of ["One", "Two"]) {
      document = { info: { title } };
      const [yaml, json] = [await fetch(`${url}/asyncapi.yaml`), await fetch(`${url}/asyncapi.json`)];
      assert.deepEqual(
        [yaml.headers.get("content-type"), json.headers.get("content-type")],
        ["application/yaml; charset=utf-8", "application/json"],
      );
      assert.equal(await yaml.text(), `info: { title: ${title} }\n`);
      assert.deepEqual(await json.json(), document);
      assert.match(await (await fetch(`${url}/asyncapi-ui.html`)).text(), new RegExp(`{"info":{"title":"${title}"}}`));
    }
  });

  test("a contract cannot leave the element that it stands in", async () => {
    const title = "</script><script>alert(1)</script><!--";
    document = { info: { title } };
    const html = await (await fetch(`${url}/asyncapi-ui.html`)).text();
    const [, element = ""] = /<script type="application\/json" id="document">([^<]*)<\/script>/.exec(html) ?? [];
    assert.deepEqual(JSON.parse(element), document);
  });

  test("all that the page loads comes from here, with the licences, and the page is shut in", async () => {
    const page = await fetch(`${url}/asyncapi-ui.html`);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; /);
    assert.match(policy, /; sandbox allow-scripts$/);
    assert.doesNotMatch(policy, /unsafe-inline|connect-src|\*|https?:/);
    const loaded = [...(await page.text()).matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path!);
    assert.equal(loaded.length, 3);
    for (const path of [...loaded, "/asyncapi-ui/LICENSE", "/asyncapi-ui/index.js.LICENSE.txt"]) {
      const response = await fetch(`${url}${path}`);
      assert.equal(response.status, 200, path);
      assert.ok((await response.arrayBuffer()).byteLength > 100, path);
    }
  });
});

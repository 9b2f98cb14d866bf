import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";

/** The contract in force, as a document that needs no other files. It may change while the server is open. */
export interface ContractSource {
  yaml(): string;
  json(): string;
}

/**
 * The component that draws the page compiles schemas with `new Function`, so scripts may do that here. In turn the page is
 * shut in: it is of no origin, may open no connection, no form and no other page, and its document stands in itself.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-eval'",
  "style-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "sandbox allow-scripts",
].join("; ");

const componentFiles = [
  ["index.js", "text/javascript", new URL("../../vendor/asyncapi-react/index.js", import.meta.url)],
  ["default.min.css", "text/css", new URL("../../vendor/asyncapi-react/default.min.css", import.meta.url)],
  ["LICENSE", "text/plain", new URL("../../vendor/asyncapi-react/LICENSE", import.meta.url)],
  ["index.js.LICENSE.txt", "text/plain", new URL("../../vendor/asyncapi-react/index.js.LICENSE.txt", import.meta.url)],
  ["page.js", "text/javascript", new URL("./page/asyncapi-ui.js", import.meta.url)],
] as const;

const place = '<script type="application/json" id="document">';

/** `/asyncapi.yaml`, `/asyncapi.json`, and `/asyncapi-ui.html`, which draws it and asks nothing of other machines. */
export async function addContractPages(app: FastifyInstance, contract: ContractSource): Promise<void> {
  const page = await readFile(new URL("./page/asyncapi-ui.html", import.meta.url), "utf8");
  const [head = "", tail = ""] = page.split(place);
  app.get("/asyncapi.yaml", (_request, reply) => reply.type("application/yaml; charset=utf-8").send(contract.yaml()));
  // As bytes: to a text it would add a charset, and JSON has only the one.
  app.get("/asyncapi.json", (_request, reply) => reply.type("application/json").send(Buffer.from(contract.json())));
  app.get("/asyncapi-ui.html", (_request, reply) =>
    reply
      .headers({ "content-security-policy": contentSecurityPolicy })
      .type("text/html; charset=utf-8")
      .send(`${head}${place}${withoutTags(contract.json())}${tail}`),
  );
  for (const [name, type, file] of componentFiles) {
    // They are large and seldom asked for; then they are kept.
    let content: Promise<Buffer> | undefined;
    app.get(`/asyncapi-ui/${name}`, async (_request, reply) => {
      content ??= readFile(file);
      return reply.type(`${type}; charset=utf-8`).send(await content);
    });
  }
}

/** JSON that says the same, and cannot end the element that it stands in. */
function withoutTags(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

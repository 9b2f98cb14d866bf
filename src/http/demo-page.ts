import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { demoAccounts } from "../server/demo.ts";

/** Scripts, styles and connections of this door only; nothing that others could embed. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page of `--demo`: it stands by itself and asks nothing of other machines. */
export async function addDemoPage(app: FastifyInstance, path: string): Promise<void> {
  const files = [
    ["/", "text/html", new URL("./page/index.html", import.meta.url)],
    ["/page.css", "text/css", new URL("./page/page.css", import.meta.url)],
    ["/page.js", "text/javascript", new URL("./page/page.js", import.meta.url)],
    ["/mqtt.js", "text/javascript", new URL(import.meta.resolve("mqtt/dist/mqtt.esm"))],
  ] as const;
  for (const [route, type, file] of files) {
    const text = await readFile(fileURLToPath(file));
    app.get(route, (_request, reply) =>
      reply.headers({ "content-security-policy": contentSecurityPolicy }).type(`${type}; charset=utf-8`).send(text),
    );
  }
  const accounts = demoAccounts.map(({ name, password, may }) => ({ name, password, may }));
  app.get("/demo.json", () => ({ path, accounts }));
}

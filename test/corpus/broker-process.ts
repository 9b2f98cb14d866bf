// A process with one broker in it, on a free port of loopback, until it is told to stop.
import pino from "pino";
import { startServer } from "../../src/server/server.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { policyOf, verdictOf } from "../../src/testing/scenario-settings.ts";
import { corpusSettings } from "./settings.ts";

process.on("disconnect", () => process.exit(0));

const server = await startServer({
  listeners: [{ protocol: "mqtt", host: "127.0.0.1", port: 0, tls: undefined }],
  limits: corpusSettings.limits,
  capabilities: corpusSettings.capabilities,
  policy: policyOf(corpusSettings),
  authenticator: { authenticate: async (request) => verdictOf(corpusSettings, request) },
  store: createMemoryStore(),
  spaceProblem: () => undefined,
  // To the standard output: there must be nothing to say.
  log: pino({ level: "error" }),
  responseInformation: undefined,
  // Often, because the tests wait for it.
  sysIntervalSeconds: 0.05,
});
process.send?.(server.addresses[0]?.port);

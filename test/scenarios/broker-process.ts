// A process with brokers in it: one for every message of settings, on a free port of loopback, until it is told to stop.
import pino from "pino";
import { startServer } from "../../src/server/server.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { policyOf, type ScenarioSettings, verdictOf } from "../../src/testing/scenario-settings.ts";

process.on("message", (settings: ScenarioSettings) => {
  void start(settings);
});
process.on("disconnect", () => process.exit(0));

async function start(settings: ScenarioSettings): Promise<void> {
  const server = await startServer({
    listeners: [{ protocol: "mqtt", host: "127.0.0.1", port: 0, tls: undefined }],
    limits: settings.limits,
    capabilities: settings.capabilities,
    queueOverflow: settings.queueOverflow,
    policy: policyOf(settings),
    authenticator: { authenticate: async (request) => verdictOf(settings, request) },
    store: createMemoryStore(),
    spaceProblem: () => undefined,
    log: pino({ level: "silent" }),
    responseInformation: settings.responseInformation,
    sysIntervalSeconds: 0,
  });
  process.send?.(server.addresses[0]?.port);
}

// A server in a process of its own that says what memory it holds; it ends when its parent lets go of it.
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import { allowAll } from "../../src/broker/policy.ts";
import { Accounts } from "../../src/server/accounts.ts";
import { Attempts } from "../../src/server/attempts.ts";
import {
  createAccountAuthenticator,
  createAnonymousAuthenticator,
  noAuthenticationMethods,
} from "../../src/server/authentication.ts";
import type { Authenticator } from "../../src/server/options.ts";
import { PasswordChecks } from "../../src/server/password-checks.ts";
import { hashPassword } from "../../src/server/password-hash.ts";
import { startServer } from "../../src/server/server.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import type { Held, Question, ServerSettings } from "./settings.ts";

const MiB = 1_048_576;
const sampleMilliseconds = 20;
const settleMilliseconds = 50;

const { limits, directory, hasAccounts } = JSON.parse(process.argv[2] ?? "{}") as ServerSettings;
const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 5 });
let rssMax = 0;

process.on("disconnect", () => process.exit(0));
process.on("message", async (question: Question) => {
  const answer = await held();
  if (question === "reset") {
    delay.reset();
    rssMax = 0;
  }
  process.send?.(answer);
});

const store = directory === undefined ? createMemoryStore() : (await openEmbeddedStore(directory)).store;
const server = await startServer({
  listeners: [{ protocol: "mqtt", host: "127.0.0.1", port: 0, tls: undefined }],
  limits: createLimits(limits),
  capabilities: allCapabilities,
  policy: allowAll,
  authenticator: hasAccounts ? await accountAuthenticator() : createAnonymousAuthenticator(noAuthenticationMethods),
  store,
  spaceProblem: () => undefined,
  log: pino({ level: "error" }, pino.destination(2)),
  responseInformation: undefined,
  sysIntervalSeconds: 1,
});
delay.enable();
setInterval(sample, sampleMilliseconds).unref();
process.send?.(server.addresses[0]?.port);

/** What is reachable now; what is garbage shows in `rssMax`. */
async function held(): Promise<Held> {
  sample();
  const stalledMilliseconds = delay.max / 1_000_000;
  // Buffers are given back behind the collection that found them.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await sleep(settleMilliseconds);
  }
  const { heapUsed, external } = process.memoryUsage();
  return {
    heldMiB: (heapUsed + external) / MiB,
    rssMaxMiB: rssMax / MiB,
    stalledMilliseconds,
  };
}

function sample(): void {
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
}

/** Everybody who knows the password of `pair` may come. */
async function accountAuthenticator(): Promise<Authenticator> {
  const account = { name: "pair", roles: [], passwordHash: await hashPassword("pair"), scramSha256: undefined };
  const checks = new PasswordChecks({
    accounts: new Accounts([account], undefined),
    attempts: new Attempts(),
    now: () => performance.now(),
    outdated: () => {},
  });
  return createAccountAuthenticator(checks, noAuthenticationMethods);
}

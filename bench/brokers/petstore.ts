import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Broker, RunningBroker, Setup, Users } from "../broker.ts";
import { startOnCore } from "../child.ts";
import { accessRules, type Credentials, clientOptions, credentials } from "../credentials.ts";
import { type NodeProgram, thisNode } from "../node-program.ts";
import { readyByLine } from "./start.ts";

const root = join(import.meta.dirname, "../..");
const commandPath = join(root, "dist/cli/main.js");
const contractPath = join(root, "contracts/petstore.asyncapi.yaml");

/** Why our broker cannot be measured, or undefined when it can. */
export function petstoreMissing(): string | undefined {
  return existsSync(commandPath) ? undefined : "petstore-mqtt is not built: npm run build";
}

/** Our own broker, from `dist`; `nodeFlags` go before the program (a profiler's, say). */
export function petstore(setup: Setup, node: NodeProgram = thisNode, nodeFlags: readonly string[] = []): Broker {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return {
    name: "petstore-mqtt",
    release: `${version} on Node ${node.version}`,
    versions: [4, 5],
    start: (users) => start(setup, users, node, nodeFlags),
  };
}

async function start(
  setup: Setup,
  users: Users,
  node: NodeProgram,
  nodeFlags: readonly string[],
): Promise<RunningBroker> {
  const data = mkdtempSync(join(tmpdir(), "petstore-bench-"));
  const known = await credentials();
  const file = join(data, "broker.yaml");
  writeFileSync(file, stringify(configuration(setup, known)));
  const contract = setup.hasContract ? contractPath : "none";
  const flags = ["--config", file, "--contract", contract, "--store", setup.store, "--log-level", "error"];
  const door = setup.hasAccounts ? [] : ["--open", "--mqtt", "0"];
  const words = [...nodeFlags, commandPath, "serve", ...flags, "--data", data, ...door];
  const child = startOnCore("broker", node.path, words);
  return await readyByLine(child, clientOptions(setup, users, known), () =>
    rmSync(data, { recursive: true, force: true }),
  );
}

function configuration({ hasAccounts, isSecure, hasContract }: Setup, { cert, key, accounts }: Credentials): object {
  // A million retained messages are more than most have.
  const limits = { retainedBytesMax: 4_294_967_296 };
  if (!hasAccounts) return { limits };
  const door = isSecure ? { protocol: "mqtts", tls: { cert, key } } : { protocol: "mqtt" };
  return {
    accounts,
    listeners: [{ ...door, host: "127.0.0.1", port: 0 }],
    ...(hasContract ? {} : { access: accessRules }),
    limits,
  };
}

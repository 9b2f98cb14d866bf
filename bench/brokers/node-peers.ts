import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Broker, Setup } from "../broker.ts";
import { startOnCore } from "../child.ts";
import { clientOptions, credentials } from "../credentials.ts";
import { type NodeProgram, thisNode } from "../node-program.ts";
import { readyByLine } from "./start.ts";

const root = join(import.meta.dirname, "../..");
const peers = join(import.meta.dirname, "../peers");

/** Where an aedes stands that is no dependency: `npm install --prefix .cache/aedes-2 aedes@2.0.0-beta.1`. */
const nextAedes = join(root, ".cache/aedes-2/node_modules/aedes");

/** aedes from the development dependencies, and the next one where it is. It has no accounts, and lets everybody in. */
export function aedes(setup: Setup, node: NodeProgram = thisNode): readonly Broker[] {
  const found = [join(root, "node_modules/aedes"), nextAedes].filter(existsSync);
  return found.map((directory, index): Broker => {
    const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version: string };
    return {
      name: index === 0 ? "aedes" : "aedes-next",
      release: `${version} on Node ${node.version}`,
      versions: index === 0 ? [4] : [4, 5],
      start: (users) => startPeer("aedes.mjs", [directory], { ...setup, hasAccounts: false }, users, node),
    };
  });
}

/** Sockets of Node that answer a CONNECT and know nothing else: what a connection costs whoever is written in it. */
export function bareNode(setup: Setup, node: NodeProgram = thisNode): Broker {
  return {
    name: "bare node",
    release: node.version,
    versions: [4, 5],
    start: (users) => startPeer("bare-node.mjs", [], { ...setup, hasAccounts: false }, users, node),
  };
}

async function startPeer(
  script: string,
  words: readonly string[],
  setup: Setup,
  users: Parameters<Broker["start"]>[0],
  node: NodeProgram,
): ReturnType<Broker["start"]> {
  const known = await credentials();
  const files = setup.isSecure ? [known.cert, known.key] : [];
  const child = startOnCore("broker", node.path, [join(peers, script), ...words, ...files]);
  return await readyByLine(child, clientOptions(setup, users, known), () => {});
}

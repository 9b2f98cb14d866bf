import { spawnSync } from "node:child_process";

/** A Node that brokers can run on. */
export interface NodeProgram {
  readonly path: string;
  /** As `v20.19.0`. */
  readonly version: string;
}

/** The one that this runs on. */
export const thisNode: NodeProgram = { path: process.execPath, version: process.version };

/** A release of Node from the package registry, `24` say. Throws an Error with a sentence when it cannot be had. */
export function nodeOfRelease(release: string): NodeProgram {
  if (!/^\d+(\.\d+){0,2}$/.test(release)) throw new Error(`--node is a release of Node such as 24, not ${release}`);
  const print = "console.log(JSON.stringify({ path: process.execPath, version: process.version }))";
  const { status, stdout, stderr } = spawnSync("npx", ["-y", "-p", `node@${release}`, "node", "-e", print], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Node ${release} cannot be had: ${stderr.trim().split("\n")[0] ?? ""}`);
  return JSON.parse(stdout) as NodeProgram;
}

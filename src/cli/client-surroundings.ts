import type { Readable, Writable } from "node:stream";

/** What `pub` and `sub` see of the world, so that a test can make one of its own. */
export interface Surroundings {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  /** What people should know, refusals and progress. */
  readonly errors: Writable & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the data directory of a server is looked for. */
  readonly directory: string;
  /** Aborted by the first SIGINT or SIGTERM; the second one ends the process at once. */
  readonly interrupted: AbortSignal;
}

/** Those of this process. */
export function processSurroundings(): Surroundings {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort(signal));
  return {
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    environment: process.env,
    directory: process.cwd(),
    interrupted: interruption.signal,
  };
}

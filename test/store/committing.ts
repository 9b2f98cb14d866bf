import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";

/** A process that commits numbered batches to a store, one after the other, for ever. */
export interface Committing {
  readonly pid: number;
  /** Resolves when it has told that so many batches, counted from its start, are durable; gives back the last number. */
  acknowledged(count: number): Promise<number>;
  /** Ends it with SIGKILL; gives back the last number that it told of. */
  kill(): Promise<number>;
}

export async function startCommitting(directory: string): Promise<Committing> {
  const child = fork(join(import.meta.dirname, "committing-process.ts"), [directory], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const heard = new EventEmitter();
  let count = 0;
  let last = 0;
  child.on("message", (number: number) => {
    count += 1;
    last = number;
    heard.emit("number");
  });
  child.once("exit", () => heard.emit("number"));
  return {
    pid: child.pid ?? 0,
    acknowledged: async (wanted) => {
      while (count < wanted) {
        if (child.exitCode !== null) throw new Error(`the committing process ended with ${child.exitCode}`);
        await once(heard, "number");
      }
      return last;
    },
    kill: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      return last;
    },
  };
}

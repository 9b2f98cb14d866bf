/** How `pub` and `sub` end; `exit-codes.ts` says it to people. */
export const Ending = {
  Done: 0,
  NoConnection: 1,
  TimeUp: 3,
  Refused: 4,
  Interrupted: 130,
} as const;
export type Ending = (typeof Ending)[keyof typeof Ending];

/** Why a client stops before its work is done. */
export class Stop extends Error {
  override readonly name = "Stop";
  readonly ending: Ending;

  /** @param message a sentence for stderr; empty when nothing need be said */
  constructor(ending: Ending, message: string) {
    super(message);
    this.ending = ending;
  }
}

/** Resolves with the promise, or rejects with the signal's reason as soon as it is aborted. */
export async function unlessStopped<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  return await new Promise<Value>((resolve, reject) => {
    const stopped = (): void => reject(signal.reason);
    signal.addEventListener("abort", stopped, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stopped));
  });
}

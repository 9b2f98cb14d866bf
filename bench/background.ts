import { Buffer } from "node:buffer";
import { RawClient } from "./raw-client.ts";

/** What a broker without accounts holds before a load comes; the load has no use for it. */
export interface Background {
  /** Retained messages, each of a topic of its own, 64 bytes. */
  readonly retained: number;
  /** Subscriptions of idle clients, each to a topic of its own. */
  readonly subscriptions: number;
}

const publishers = 10;
const window = 100;
/** The most that a Session of ours may have by default. */
const subscriptionsPerClient = 10_000;

/** Puts it there; what it returns ends the clients that hold it. */
export async function layBackground(
  port: number,
  { retained, subscriptions }: Background,
): Promise<() => Promise<void>> {
  await Promise.all(
    shares(retained, publishers).map(async (share, index) => {
      const client = await RawClient.open(port, `background-publisher-${index}`, true);
      const more = { payload: Buffer.alloc(64, "x"), retain: true };
      await client.publish(share, window, (message) => `background/${index}/${message}`, more);
      await client.end();
    }),
  );
  const holders = await Promise.all(
    shares(subscriptions, Math.ceil(subscriptions / subscriptionsPerClient)).map(async (share, index) => {
      const client = await RawClient.open(port, `background-subscriber-${index}`, true);
      await client.subscribe(Array.from({ length: share }, (_, filter) => `background/${index}/${filter}`));
      return client;
    }),
  );
  return async () => {
    await Promise.all(holders.map((client) => client.end()));
  };
}

/** So many in even parts. */
function shares(total: number, parts: number): readonly number[] {
  if (total === 0) return [];
  return Array.from({ length: parts }, (_, index) => Math.floor((total + index) / parts));
}

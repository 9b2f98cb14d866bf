import { createLimits, type Limits } from "../../src/broker/limits.ts";
import type { Random } from "../../src/testing/random.ts";
import type { StoreFaults } from "../../src/testing/simulated-store.ts";
import { type ClientTraits, drawTraits } from "./client-traits.ts";

/** What the seed of a run decides before it begins. */
export interface WorldSettings {
  readonly limits: Limits;
  readonly clients: readonly ClientTraits[];
  readonly store: StoreFaults;
  /** How long things happen, ms. */
  readonly duration: number;
  readonly latencyMax: number;
  readonly turnMillisecondsMax: number;
  readonly verdictMillisecondsMax: number;
  readonly batchMutationsMax: number;
  /** ms between crashes, drawn up to this; Infinity without. */
  readonly crashEvery: number;
  readonly downMax: number;
}

/** Draws a world: small or large, calm or rough. */
export function drawSettings(random: Random): WorldSettings {
  const count = random.pick([5, 8, 12, 12, 20, 40]);
  const isQueueSmall = random.chance(0.15);
  const memberChance = random.pick([0, 0.35, 0.35, 0.9]);
  return {
    limits: createLimits({
      receiveMaximum: random.pick([1, 2, 10, 100]),
      inFlightMax: random.pick([1, 3, 100]),
      topicAliasMaximum: random.pick([0, 2, 32]),
      queueMessagesMax: isQueueSmall ? random.pick([2, 5, 20]) : 1_000_000,
      sessionExpirySecondsMax: random.pick([1_000, 604_800, 0xffff_ffff]),
      messageCacheBytesMax: random.pick([0, 1_000, 1_000_000]),
      sliceMax: random.pick([1, 3, 1_000]),
    }),
    clients: Array.from({ length: count }, (_, index) => drawTraits(random, `c${index}`, memberChance)),
    store: {
      commitMillisecondsMax: random.pick([0, 1, 10, 50]),
      readMillisecondsMax: random.pick([0, 5, 50]),
      stallChance: random.pick([0, 0.02, 0.1]),
      stallMillisecondsMax: random.pick([200, 3_000]),
      refusalChance: random.pick([0, 0, 0, 0.01]),
      refusalMillisecondsMax: 2_000,
    },
    duration: random.pick([5_000, 10_000, 20_000]),
    latencyMax: random.pick([1, 10, 50]),
    turnMillisecondsMax: random.pick([0, 1, 3]),
    verdictMillisecondsMax: random.pick([0, 20]),
    batchMutationsMax: random.pick([1, 5, 5_000]),
    crashEvery: random.pick([Number.POSITIVE_INFINITY, 500, 3_000, 10_000]),
    downMax: random.pick([10, 1_000, 12_000]),
  };
}

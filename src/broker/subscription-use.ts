import type { FairShare } from "../base/fair-share.ts";
import { levelCount } from "../topics/topic-name.ts";
import type { Limits } from "./limits.ts";

/** What one subscription counts for besides its Topic Filter: objects and entries of maps. */
const entryBytes = 256;

/** What one level of a filter with wildcards counts for: a node of the trie. */
const levelBytes = 160;

/** What the subscriptions of all Sessions take. */
export interface SubscriptionTotals {
  readonly bytes: FairShare;
  /** How many subscriptions have each shape. */
  readonly shapes: Map<string, number>;
}

/**
 * What the subscriptions of one Session take: memory, and shapes of filters with wildcards.
 *
 * A shape is which levels are wildcards: `a/+/b` and `x/+/y` have the same one. A Topic Name leads to at most one node of
 * the trie for each beginning of a shape, however many filters there are, so what bounds the shapes bounds a match.
 *
 * ```
 *   a/+/c   x/+/z   →  .+.     one look-up per level
 *   +/b/#           →  +.#     one more
 * ```
 */
export class SubscriptionUse {
  readonly #totals: SubscriptionTotals;
  /** Undefined until there is one, since most Sessions have none. */
  #shapes: Map<string, number> | undefined = undefined;
  #bytes = 0;

  constructor(totals: SubscriptionTotals) {
    this.#totals = totals;
  }

  /** Why one more subscription to this filter would be too much, as a sentence; undefined when it is not. */
  problem(topicFilter: string, limits: Limits): string | undefined {
    const bytes = bytesOf(topicFilter);
    const { subscriptionBytesPerSessionMax, subscriptionBytesMax } = limits;
    if (this.#bytes + bytes > subscriptionBytesPerSessionMax) {
      return `Subscriptions of more than ${subscriptionBytesPerSessionMax} bytes (subscriptionBytesPerSessionMax)`;
    }
    const { bytes: all, shapes } = this.#totals;
    if (!all.allows(this.#bytes, bytes)) {
      return `All subscriptions have more than ${subscriptionBytesMax} bytes (subscriptionBytesMax)`;
    }
    const shape = shapeOf(topicFilter);
    if (shape === undefined || this.#shapes?.has(shape)) return undefined;
    const { wildcardShapesPerSessionMax, wildcardShapesMax } = limits;
    if ((this.#shapes?.size ?? 0) >= wildcardShapesPerSessionMax) {
      return `Wildcards in more than ${wildcardShapesPerSessionMax} arrangements (wildcardShapesPerSessionMax)`;
    }
    if (shapes.size >= wildcardShapesMax && !shapes.has(shape)) {
      return `Wildcards of all sessions in more than ${wildcardShapesMax} arrangements (wildcardShapesMax)`;
    }
    return undefined;
  }

  add(topicFilter: string): void {
    this.#change(bytesOf(topicFilter));
    const shape = shapeOf(topicFilter);
    if (shape === undefined) return;
    this.#shapes ??= new Map();
    count(this.#shapes, shape, 1);
    count(this.#totals.shapes, shape, 1);
  }

  remove(topicFilter: string): void {
    this.#change(-bytesOf(topicFilter));
    const shape = shapeOf(topicFilter);
    if (shape === undefined || this.#shapes === undefined) return;
    count(this.#shapes, shape, -1);
    count(this.#totals.shapes, shape, -1);
    if (this.#shapes.size === 0) this.#shapes = undefined;
  }

  #change(bytes: number): void {
    this.#totals.bytes.changed(this.#bytes, this.#bytes + bytes);
    this.#bytes += bytes;
  }
}

function bytesOf(topicFilter: string): number {
  const levels = hasWildcard(topicFilter) ? levelCount(topicFilter) : 0;
  return entryBytes + topicFilter.length + levels * levelBytes;
}

/** `.` for a level with text; undefined for a filter without wildcards, which costs one look-up for all of them. */
function shapeOf(topicFilter: string): string | undefined {
  if (!hasWildcard(topicFilter)) return undefined;
  return topicFilter
    .split("/")
    .map((level) => (level === "+" || level === "#" ? level : "."))
    .join("");
}

function hasWildcard(topicFilter: string): boolean {
  return topicFilter.includes("+") || topicFilter.includes("#");
}

function count(shapes: Map<string, number>, shape: string, by: number): void {
  const after = (shapes.get(shape) ?? 0) + by;
  if (after === 0) shapes.delete(shape);
  else shapes.set(shape, after);
}

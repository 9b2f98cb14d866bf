import { createHistogram } from "node:perf_hooks";
import { type MessageProperties, withUserProperty } from "./client-properties.ts";

/** The User Property in which `pub --latency` says when a message left, milliseconds since 1970 with a fraction. */
const sentAtProperty = "petstore-sent-at";

/** Times, milliseconds. */
export interface LatencySummary {
  readonly messages: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly maxMilliseconds: number;
}

/** How long messages took, kept in a few kilobytes however many there are. */
export class Latency {
  readonly #histogram = createHistogram();

  record(milliseconds: number): void {
    this.#histogram.record(Math.max(1, Math.round(milliseconds * 1000)));
  }

  /** undefined when nothing was recorded. */
  summary(): LatencySummary | undefined {
    const { count, max } = this.#histogram;
    if (count === 0) return undefined;
    return {
      messages: count,
      p50Milliseconds: this.#histogram.percentile(50) / 1000,
      p99Milliseconds: this.#histogram.percentile(99) / 1000,
      maxMilliseconds: max / 1000,
    };
  }
}

/** The wall clock, finer than a millisecond. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

export function stamped(properties: MessageProperties | undefined, now: number): MessageProperties {
  const userProperties = withUserProperty(properties?.userProperties as never, sentAtProperty, now.toFixed(3));
  return { ...properties, userProperties };
}

/** How long it has been under way, milliseconds; undefined for a message without a stamp. */
export function sinceStamp(properties: MessageProperties | undefined, now: number): number | undefined {
  const stamp = [properties?.userProperties?.[sentAtProperty]].flat().at(-1);
  const sentAt = Number(stamp ?? Number.NaN);
  return Number.isFinite(sentAt) ? Math.max(0, now - sentAt) : undefined;
}

/** For people. */
export function latencyText({ p50Milliseconds, p99Milliseconds, maxMilliseconds }: LatencySummary): string {
  const [p50, p99, max] = [p50Milliseconds, p99Milliseconds, maxMilliseconds].map((each) => each.toFixed(2));
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
}

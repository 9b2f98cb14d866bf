import { type LatencySummary, latencyText } from "./client-latency.ts";

/** What came of the messages of one `pub`. */
export interface PublishCounts {
  published: number;
  /** Of QoS 1 and 2. */
  acknowledged: number;
  /** Acknowledged, but nobody subscribes to the topic (0x10). */
  withoutSubscribers: number;
  refused: number;
  /** Of which nothing is known because the connection went away. */
  unacknowledged: number;
  /** Of payload. */
  bytes: number;
}

export function noCounts(): PublishCounts {
  return { published: 0, acknowledged: 0, withoutSubscribers: 0, refused: 0, unacknowledged: 0, bytes: 0 };
}

/** One line for people. */
export function publishSummaryText(
  counts: PublishCounts,
  seconds: number,
  latency: LatencySummary | undefined,
): string {
  const { published, acknowledged, withoutSubscribers, refused, unacknowledged } = counts;
  const parts = [
    acknowledged > 0 ? `${acknowledged} acknowledged` : "",
    withoutSubscribers > 0 ? `${withoutSubscribers} without subscribers` : "",
    refused > 0 ? `${refused} refused` : "",
    unacknowledged > 0 ? `${unacknowledged} not acknowledged` : "",
    latency === undefined ? "" : `an acknowledgement took ${latencyText(latency)}`,
  ].filter((part) => part !== "");
  const rate = published > 1 ? `, ${perSecond(published, seconds)} a second` : "";
  const outcome = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  return `published ${published} message${published === 1 ? "" : "s"} in ${seconds.toFixed(2)} s${rate}${outcome}\n`;
}

/** One object on a line for machines. */
export function publishSummaryJson(
  counts: PublishCounts,
  seconds: number,
  latency: LatencySummary | undefined,
): string {
  const rates = { seconds: Number(seconds.toFixed(3)), messagesPerSecond: perSecond(counts.published, seconds) };
  return `${JSON.stringify({ ...counts, ...rates, ...(latency === undefined ? {} : { latency }) })}\n`;
}

/** A line that is written over again and again. */
export function progressText(counts: PublishCounts, total: number | undefined, seconds: number): string {
  const of = total === undefined ? "" : ` of ${total}`;
  return `\r${counts.published}${of} published, ${perSecond(counts.published, seconds)} a second\x1b[K`;
}

function perSecond(count: number, seconds: number): number {
  return Math.round(count / Math.max(seconds, 0.001));
}

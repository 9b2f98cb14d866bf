import { type LatencySummary, latencyText } from "./client-latency.ts";

/** What `sub` has received. */
export interface ReceiveCounts {
  messages: number;
  /** Of payload. */
  bytes: number;
}

/** One line for people. */
export function receiveSummaryText({ messages, bytes }: ReceiveCounts, seconds: number, latency: Latencies): string {
  const took =
    latency === "not asked"
      ? ""
      : latency === undefined
        ? "; none was stamped by pub --latency"
        : `; ${latencyText(latency)}`;
  return `received ${messages} message${messages === 1 ? "" : "s"}, ${bytes} bytes in ${seconds.toFixed(2)} s${took}\n`;
}

/** One object on a line for machines. */
export function receiveSummaryJson({ messages, bytes }: ReceiveCounts, seconds: number, latency: Latencies): string {
  const measured = latency === "not asked" || latency === undefined ? {} : { latency };
  return `${JSON.stringify({ messages, bytes, seconds: Number(seconds.toFixed(3)), ...measured })}\n`;
}

/** undefined when no message bore a stamp. */
export type Latencies = LatencySummary | undefined | "not asked";

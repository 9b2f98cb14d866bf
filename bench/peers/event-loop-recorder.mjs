// Loaded into our broker by event-loop-delay.ts: records the delay of its event loop and leaves it in a file at the end.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Start and compilation are not what is asked for. */
const warmUpMilliseconds = 2_000;
const resolutionMilliseconds = 1;

const histogram = monitorEventLoopDelay({ resolution: resolutionMilliseconds });
histogram.enable();
setTimeout(() => histogram.reset(), warmUpMilliseconds).unref();

process.on("exit", () => {
  const milliseconds = (nanoseconds) => Math.max(0, Math.round(nanoseconds / 1e5 - resolutionMilliseconds * 10) / 10);
  const [p50, p99] = [50, 99].map((percentile) => milliseconds(histogram.percentile(percentile)));
  const max = milliseconds(histogram.max);
  writeFileSync(process.env.PETSTORE_EVENT_LOOP_DELAY_FILE, JSON.stringify({ p50, p99, max }));
});

import { destination, type Logger, pino, stdTimeFunctions } from "pino";

/** From the most to the least talkative. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What may wait when nobody reads stderr, bytes; beyond it log lines are dropped rather than the broker stopped. */
const waitingBytesMax = 4_194_304;

/** The log: one JSON object a line on stderr, levels as words, times in ISO 8601. It is flushed when the process exits. */
export function createLog(level: LogLevel): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination({ dest: 2, sync: false, maxLength: waitingBytesMax }));
}

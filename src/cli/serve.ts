import { defaultLogLevel } from "../server/config.ts";
import { createLog } from "../server/log.ts";
import type { Server } from "../server/options.ts";
import { startServer } from "../server/server.ts";
import type { ServeFlags } from "../service/flags.ts";
import { loadConfig } from "../service/load-config.ts";
import { createServerParts } from "../service/server-parts.ts";
import { readyLine } from "../service/urls.ts";
import { demoGuide } from "./demo-guide.ts";

/**
 * `petstore-mqtt serve`: starts, says where it listens, and ends with SIGINT or SIGTERM.
 * @throws UsageError, ConfigError or Error with sentences for people when it cannot start
 */
export async function serve(flags: ServeFlags): Promise<void> {
  const config = await loadConfig(flags.config);
  const log = createLog(flags.logLevel ?? config.logLevel ?? defaultLogLevel);
  const { options, caFile } = await createServerParts(flags, config, log);
  const server = await startServer(options);
  endWithSignals(server, (signal) => log.info(`${signal}: closing; a second one ends at once`));
  const door = server.addresses.find(({ protocol }) => protocol === "mqtts") ?? server.addresses[0];
  if (flags.demo && door !== undefined) process.stdout.write(`${demoGuide(door, caFile)}\n`);
  process.stdout.write(`${readyLine(server.addresses)}\n`);
}

/** The first signal drains, the second does not wait for it. */
function endWithSignals(server: Server, ending: (signal: string) => void): void {
  let isEnding = false;
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(128 + number);
      isEnding = true;
      ending(signal);
      server.close().then(
        () => process.exit(0),
        (error: Error) => {
          process.stderr.write(`petstore-mqtt: it did not close well: ${error.message}\n`);
          process.exit(1);
        },
      );
    });
  }
}

import { defaultLogLevel } from "../server/config.ts";
import { createLog } from "../server/log.ts";
import type { ListenerAddress } from "../server/options.ts";
import { startServer } from "../server/server.ts";
import { openControlSocket } from "../service/control-socket.ts";
import { loadConfig } from "../service/load-config.ts";
import { createServerParts } from "../service/server-parts.ts";
import { readyLine } from "../service/urls.ts";
import type { Given } from "./command.ts";
import { demoGuide, demoPageGuide } from "./demo-guide.ts";
import { serveFlags } from "./serve-flags.ts";

/**
 * `petstore-mqtt serve`: starts, says where it listens, and ends with SIGINT or SIGTERM.
 * @returns the exit code of a process without work; while it serves, the signal that ends it decides
 * @throws UsageError, ConfigError or Error with sentences for people when it cannot start
 */
export async function serve(given: Given): Promise<number> {
  let look = (): void => {};
  // From the first moment on: without a listener it ends the process, and it may come while a large store is read.
  process.on("SIGHUP", () => look());
  const flags = serveFlags(given);
  const config = await loadConfig(flags.config);
  const log = createLog(flags.logLevel ?? config.logLevel ?? defaultLogLevel);
  const { options, caFile, data } = await createServerParts(flags, config, log);
  const server = await startServer(options);
  // Why is in the log. It does not wait for what a broken store may still do.
  server.once("failed", () => process.exit(1));
  const control = await openControlSocket(data, server, log);
  const close = async (): Promise<void> => {
    await control?.close();
    await server.close();
  };
  endWithSignals(close, (signal) => log.info(`${signal}: closing; a second one ends at once`));
  // Whoever changed a certificate or the accounts may say so; files are watched too, where that is possible.
  look = (): void => {
    void options.certificateWatch?.look();
    void options.accountsWatch?.look();
    void options.policyWatch?.look();
    void options.tokenKeysWatch?.look();
  };
  if (flags.demo) process.stdout.write(demoText(server.addresses, caFile));
  process.stdout.write(`${readyLine(server.addresses)}\n`);
  return 0;
}

/** For clients at the first of the secure doors, else of the plain ones. */
function demoText(addresses: readonly ListenerAddress[], caFile: string | undefined): string {
  const first = (...protocols: readonly string[]): ListenerAddress | undefined =>
    protocols.flatMap((protocol) => addresses.filter((address) => address.protocol === protocol))[0];
  const door = first("mqtts", "mqtt");
  const webDoor = first("wss", "ws");
  const guides = [door && demoGuide(door, caFile), webDoor && demoPageGuide(webDoor)];
  return guides.map((guide) => (guide === undefined ? "" : `${guide}\n`)).join("");
}

/** The first signal drains, the second does not wait for it. */
function endWithSignals(close: () => Promise<void>, ending: (signal: string) => void): void {
  let isEnding = false;
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(128 + number);
      isEnding = true;
      ending(signal);
      close().then(
        () => process.exit(0),
        (error: Error) => {
          process.stderr.write(`petstore-mqtt: it did not close well: ${error.message}\n`);
          process.exit(1);
        },
      );
    });
  }
}

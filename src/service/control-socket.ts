import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { Logger } from "pino";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { type Control, openControl } from "../server/control.ts";
import type { Server } from "../server/options.ts";

/** What `sun_path` holds besides its zero, by platform: a longer name is cut off or refused. */
const pathBytesMax = process.platform === "linux" ? 107 : 103;

/** Where a server listens to commands of this user: under the data directory, by the shorter of its two names. */
export function controlPath(data: string): string {
  const absolute = join(data, "control.sock");
  const fromHere = relative(process.cwd(), absolute);
  return Buffer.byteLength(fromHere) < Buffer.byteLength(absolute) ? fromHere : absolute;
}

/** Whether the system takes this path for a socket. */
export function isControlPath(path: string): boolean {
  return Buffer.byteLength(path) <= pathBytesMax;
}

/**
 * Opens the control socket of a running server. A server that keeps nothing on disk makes no directory for it. When it
 * cannot be opened, that is a warning: clients are served without it.
 */
export async function openControlSocket(
  data: string,
  server: Pick<Server, "inspect" | "deadLetters" | "disconnect">,
  log: Logger,
): Promise<Control | undefined> {
  if (!existsSync(data)) return undefined;
  const path = controlPath(data);
  if (!isControlPath(path)) {
    log.warn(
      `${path} is longer than the ${pathBytesMax} bytes that a socket's path may have, so petstore-mqtt sessions, retained, queue, refusals and dead-letters cannot ask this server; choose a shorter --data, or start in a directory nearer to it`,
    );
    return undefined;
  }
  const controlled = {
    inspect: server.inspect.bind(server),
    deadLetters: server.deadLetters.bind(server),
    disconnect: (clientId: string) => server.disconnect(clientId, ReasonCode.AdministrativeAction),
  };
  try {
    return await openControl(path, controlled, log);
  } catch (error) {
    log.warn(
      { err: error },
      `the control socket ${path} cannot be opened, so petstore-mqtt sessions, retained, queue, refusals and dead-letters cannot ask this server`,
    );
    return undefined;
  }
}

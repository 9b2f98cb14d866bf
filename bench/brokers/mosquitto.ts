import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Broker, Setup } from "../broker.ts";
import { isCommand, startOnCore } from "../child.ts";
import { type Credentials, clientOptions, credentials } from "../credentials.ts";
import { freePort, readyByConnecting } from "./start.ts";

const command = "mosquitto";

/** Why it cannot be measured, or undefined when it can. */
export function mosquittoMissing(): string | undefined {
  return isCommand(command) ? undefined : "mosquitto is not installed";
}

/**
 * Mosquitto without bounds on its queues. With the store on disk it saves all of its state after changes, which is the
 * nearest that it comes to keeping what it acknowledges; it does not wait for the disk.
 */
export function mosquitto(name: string, setup: Setup): Broker {
  const help = spawnSync(command, ["-h"], { encoding: "utf8" });
  return {
    name,
    release: /version (\S+)/.exec(help.stdout)?.[1] ?? "of unknown version",
    versions: [4, 5],
    async start(users) {
      const directory = mkdtempSync(join(tmpdir(), "mosquitto-bench-"));
      const port = await freePort();
      const known = await credentials();
      const lines = [`listener ${port} 127.0.0.1`, ...configuration(setup, known, directory)];
      writeFileSync(join(directory, "mosquitto.conf"), `${lines.join("\n")}\n`);
      const child = startOnCore("broker", command, ["-c", join(directory, "mosquitto.conf")]);
      const cleanUp = (): void => rmSync(directory, { recursive: true, force: true });
      return await readyByConnecting(child, port, clientOptions(setup, users, known), cleanUp);
    },
  };
}

function configuration(setup: Setup, known: Credentials, directory: string): readonly string[] {
  const { cert, key, passwords, acl } = known;
  return [
    ...(setup.isSecure ? [`certfile ${cert}`, `keyfile ${key}`, "tls_version tlsv1.3"] : []),
    ...(setup.hasAccounts
      ? ["allow_anonymous false", `password_file ${passwords}`, `acl_file ${acl}`]
      : ["allow_anonymous true"]),
    ...(setup.store === "disk"
      ? ["persistence true", "autosave_on_changes true", "autosave_interval 1"]
      : ["persistence false"]),
    `persistence_location ${directory}/`,
    // As root it would become another user, who cannot read or write there.
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    "log_dest none",
    "set_tcp_nodelay true",
    // Its queues shall not drop, and its window shall not be the limit.
    "max_queued_messages 0",
    "max_inflight_messages 1000",
  ];
}

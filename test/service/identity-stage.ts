import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from "mqtt";
import { type Logger, pino } from "pino";
import { parseConfig } from "../../src/server/config-file.ts";
import type { Server, ServerOptions } from "../../src/server/options.ts";
import { startServer } from "../../src/server/server.ts";
import { createServerParts } from "../../src/service/server-parts.ts";

const waitMilliseconds = 10_000;

/** How a connection began: refused with a Reason Code, refused by TLS, or not. */
export interface Begun {
  readonly client: MqttClient;
  /** Undefined when TLS or the door refused it. */
  readonly reasonCode: number | undefined;
  readonly reason: string | undefined;
}

/** A server of a configuration file, with its files in a directory of its own. */
export class IdentityStage {
  readonly directory: string = mkdtempSync(join(tmpdir(), "petstore-mqtt-identity-"));
  readonly logged: string[] = [];
  readonly #clients: MqttClient[] = [];
  /** No watch of a server keeps a process alive. */
  readonly #alive: NodeJS.Timeout = setInterval(() => {}, 60_000);
  #server: Server | undefined = undefined;
  #options: ServerOptions | undefined = undefined;

  path(name: string): string {
    return join(this.directory, name);
  }

  /** As careful programs do it: another file in its place. */
  write(name: string, text: string): void {
    writeFileSync(this.path(`${name}.new`), text, { mode: 0o600 });
    renameSync(this.path(`${name}.new`), this.path(name));
  }

  async start(config: string): Promise<void> {
    this.write("broker.yaml", config);
    const { config: parsed, findings } = parseConfig(this.path("broker.yaml"), config);
    if (findings.length > 0) throw new Error(JSON.stringify(findings));
    const log: Logger = pino(
      { level: "debug" },
      { write: (line: string) => void this.logged.push(JSON.parse(line).msg) },
    );
    const flags = { ...noFlags, config: this.path("broker.yaml"), data: this.directory };
    const { options } = await createServerParts(flags, parsed, log);
    this.#options = options;
    this.#server = await startServer(options);
  }

  get options(): ServerOptions {
    return this.#options!;
  }

  port(door = 0): number {
    return this.#server!.addresses[door]!.port;
  }

  /** Connects to a door; resolves when that is decided. */
  begin(options: IClientOptions, door = 0): Promise<Begun> {
    const { protocol, port } = this.#server!.addresses[door]!;
    const path = protocol === "wss" ? "/mqtt" : "";
    const client = connect(`${protocol}://localhost:${port}${path}`, {
      reconnectPeriod: 0,
      connectTimeout: waitMilliseconds,
      protocolVersion: 5,
      rejectUnauthorized: false,
      ...options,
    });
    this.#clients.push(client);
    return new Promise((resolve) => {
      const done = (code: number | undefined, reason?: string): void => resolve({ client, reasonCode: code, reason });
      client.on("packetreceive", (packet) => {
        if (packet.cmd !== "connack") return;
        const { reasonCode, returnCode, properties } = packet as IConnackPacket;
        done(reasonCode ?? returnCode, properties?.reasonString);
      });
      client.on("error", () => {});
      client.once("close", () => done(undefined));
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#alive);
    for (const client of this.#clients) client.end(true);
    await this.#server?.close();
    rmSync(this.directory, { recursive: true });
  }
}

/** Resolves with the DISCONNECT that ends a connection: its Reason Code and Reason String. */
export function disconnected(client: MqttClient): Promise<readonly [code: number | undefined, reason: string]> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error("no DISCONNECT came")), waitMilliseconds);
    client.once("disconnect", ({ reasonCode, properties }) => {
      clearTimeout(timeout);
      resolve([reasonCode, properties?.reasonString ?? ""]);
    });
  });
}

const noFlags = {
  config: undefined,
  data: undefined,
  store: "memory",
  mqtts: undefined,
  mqtt: undefined,
  wss: undefined,
  ws: undefined,
  bind: undefined,
  contract: "none",
  contractView: undefined,
  demo: false,
  open: false,
  logLevel: undefined,
} as const;

import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { type Ended, type Running, start, startFor } from "./command.ts";

/** A server on disk in a directory, and what a test does with it. */
export interface StockedServer {
  readonly running: Running;
  /** Runs a command in its directory. */
  run(line: readonly string[]): Promise<Ended>;
  connect(options: IClientOptions): Promise<MqttClient>;
  stop(): Promise<void>;
}

const serverMillisecondsMax = 120_000;

const connected: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 5_000 };

/** Starts `serve --open` in the directory, with its data under `petstore-data`. */
export async function startStocked(directory: string): Promise<StockedServer> {
  const running = startFor(serverMillisecondsMax, directory, ["serve", "--open", "--mqtt", "0", "--log-level", "warn"]);
  const [url = ""] = await running.ready;
  return {
    running,
    run: (line) => start(directory, ...line).ended,
    connect: (options) => connectAsync(url, { ...connected, ...options }),
    stop: async () => {
      running.child.kill("SIGTERM");
      await running.ended;
    },
  };
}

/** A client that subscribes and goes; its Session stays for an hour. */
export async function leaveSession(server: StockedServer, clientId: string, topicFilter: string): Promise<void> {
  const client = await server.connect({ clientId, clean: true, properties: { sessionExpiryInterval: 3_600 } });
  await client.subscribeAsync(topicFilter, { qos: 1 });
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.stream.destroy();
  await closed;
  await client.endAsync(true);
}

/** Rows of JSON that a command printed. */
export function rowsOf({ stdout }: Ended): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { PassThrough, type Readable } from "node:stream";
import { pino } from "pino";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import type { Refusal } from "../../src/broker/policy.ts";
import type { Surroundings } from "../../src/cli/client-surroundings.ts";
import type { Command } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/parse-flags.ts";
import { pubCommand } from "../../src/cli/pub-command.ts";
import { publish } from "../../src/cli/pub-run.ts";
import { subCommand } from "../../src/cli/sub-command.ts";
import { subscribe } from "../../src/cli/sub-run.ts";
import { decode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import type { Connect, Packet, Publish, Subscribe } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import type { ListenerOptions, Server, ServerOptions } from "../../src/server/options.ts";
import { startServer } from "../../src/server/server.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";

const waitMillisecondsMax = 20_000;

/** Topics below `no/` are for nobody, and alice has a password. */
export async function startStage(replaced: Partial<ServerOptions> = {}): Promise<Server> {
  return await startServer({
    listeners: [{ protocol: "mqtt", host: "127.0.0.1", port: 0, tls: undefined }],
    limits: createLimits(),
    capabilities: allCapabilities,
    policy: {
      mayPublish: (_principal, { topicName }) => refusal(topicName),
      maySubscribe: (_principal, topicFilter) => refusal(topicFilter),
    },
    authenticator: {
      authenticate: async ({ clientId, userName, password }) => {
        if (userName === "alice" && Buffer.from(password ?? "").toString() !== "secret") {
          const reasonCode = ReasonCode.BadUserNameOrPassword;
          return { kind: "refuse", reasonCode, reasonString: "who are you?", serverReference: undefined };
        }
        const principal = { tenant: 0, name: userName ?? "", roles: [], clientId };
        return { kind: "accept", principal, authenticationData: undefined };
      },
    },
    store: createMemoryStore(),
    spaceProblem: () => undefined,
    log: pino({ level: "silent" }),
    responseInformation: "answers/%c",
    sysIntervalSeconds: 0,
    ...replaced,
  });
}

function refusal(topic: string): Refusal | undefined {
  if (!topic.startsWith("no/")) return undefined;
  return { reasonCode: ReasonCode.NotAuthorized, reasonString: "no/ is for nobody", place: "" };
}

/** Where the first listener of a server is. */
export function urlOf({ addresses }: Server, index = 0): string {
  const { protocol, port, path = "" } = addresses[index]!;
  return `${protocol}://localhost:${port}${path}`;
}

/** A door of this protocol on a free port. */
export function door(protocol: ListenerOptions["protocol"], tls?: ListenerOptions["tls"]): ListenerOptions {
  return { protocol, host: "localhost", port: 0, tls };
}

/** What a run of `pub` or `sub` starts with. */
export interface Start {
  readonly input?: Readable | string;
  readonly isInputTerminal?: boolean;
  readonly isTerminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** One run, inside this process. */
export interface ClientRun {
  /** The exit code; rejects with the UsageError. */
  readonly code: Promise<number>;
  readonly output: PassThrough;
  out(): string;
  errors(): string;
  /** Resolves when it has written this to stdout or to stderr; rejects when it ends first. */
  said(text: string): Promise<void>;
  interrupt(): void;
}

const running = new Set<AbortController>();

/** Runs `pub` with these words, as typed. */
export function pub(args: readonly string[], start: Start = {}): ClientRun {
  return run(pubCommand, publish, args, start);
}

/** Runs `sub` with these words, as typed. */
export function sub(args: readonly string[], start: Start = {}): ClientRun {
  return run(subCommand, subscribe, args, start);
}

/** Runs it to its end. */
export async function ended(clientRun: ClientRun): Promise<{ code: number; out: string; errors: string }> {
  const code = await clientRun.code;
  return { code, out: clientRun.out(), errors: clientRun.errors() };
}

/** Interrupts what a failed test has left behind. */
export function interruptAll(): void {
  for (const interruption of running) interruption.abort();
}

function run(command: Command, body: typeof publish, args: readonly string[], start: Start): ClientRun {
  const interruption = new AbortController();
  const terminal = { isTTY: start.isTerminal ?? false };
  const output = Object.assign(new PassThrough(), terminal);
  const errors = Object.assign(new PassThrough(), terminal);
  const texts = { out: "", errors: "" };
  const watchers = new Set<() => void>();
  const collect = (stream: PassThrough, name: "out" | "errors"): void => {
    stream.on("data", (chunk: Buffer) => {
      texts[name] += chunk.toString();
      for (const watch of watchers) watch();
    });
  };
  collect(output, "out");
  collect(errors, "errors");
  const surroundings: Surroundings = {
    input: inputOf(start),
    output,
    errors,
    environment: start.environment ?? {},
    directory: start.directory ?? tmpdir(),
    interrupted: interruption.signal,
  };
  running.add(interruption);
  // What should have ended by itself ends with another exit code.
  const bound = setTimeout(() => interruption.abort(), waitMillisecondsMax);
  const code = begin(command, body, args, surroundings).finally(() => {
    clearTimeout(bound);
    running.delete(interruption);
  });
  // A test may look at something else first.
  code.catch(() => {});
  return {
    code,
    output,
    out: () => texts.out,
    errors: () => texts.errors,
    said: (text) =>
      withinTime(`nothing said ${text}`, (done, failed) => {
        const watch = (): void => {
          if (!texts.out.includes(text) && !texts.errors.includes(text)) return;
          watchers.delete(watch);
          done();
        };
        watchers.add(watch);
        watch();
        const early = (): void => failed(new Error(`it ended without ${text}: ${texts.out}${texts.errors}`));
        code.then(() => setImmediate(early), failed);
      }),
    interrupt: () => interruption.abort("SIGINT"),
  };
}

async function begin(
  command: Command,
  body: typeof publish,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const given = parseFlags(command, args);
  assert.ok(given !== "help");
  return await body(given, surroundings);
}

function inputOf({ input, isInputTerminal }: Start): Surroundings["input"] {
  const stream = new PassThrough();
  if (typeof input === "string") stream.end(input);
  return Object.assign(input === undefined || typeof input === "string" ? stream : input, {
    isTTY: isInputTerminal ?? false,
  });
}

function withinTime(what: string, wait: (done: () => void, failed: (error: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} in time`)), waitMillisecondsMax);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      finish();
    };
    wait(
      () => settle(resolve),
      (error) => settle(() => reject(error)),
    );
  });
}

/** Stands between a client and a server, reads along, and cuts. */
export interface Relay {
  readonly url: string;
  /** What clients have sent, and servers answered, in order. */
  readonly sent: readonly Packet[];
  readonly answered: readonly Packet[];
  connects(): readonly Connect[];
  publishes(): readonly Publish[];
  subscribes(): readonly Subscribe[];
  /** The most PUBLISH packets above QoS 0 that a client had unacknowledged. */
  inFlightMax(): number;
  /** Cuts every connection, without a word. */
  cut(): void;
  /** From now on connections are cut as they come, or no longer. */
  closeDoor(isClosed: boolean): void;
  /** Resolves when a client has sent a packet that fits. */
  sees(fits: (packet: Packet) => boolean): Promise<void>;
  /** Resolves when it is so; asked whenever something passes. */
  until(isSo: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startRelay(server: Server): Promise<Relay> {
  const sockets = new Set<Socket>();
  const sent: Packet[] = [];
  const answered: Packet[] = [];
  const watchers = new Set<() => void>();
  let isClosed = false;
  let inFlight = 0;
  let inFlightMax = 0;
  const listener = createServer((client) => {
    if (isClosed) {
      client.destroy();
      return;
    }
    const upstream = connectTcp(server.addresses[0]!.port, "127.0.0.1");
    const clientReader = new PacketReader((packet) => {
      sent.push(packet);
      if (packet.type === PacketType.Publish && packet.qos > 0) inFlight += 1;
      inFlightMax = Math.max(inFlightMax, inFlight);
    });
    const serverReader = new PacketReader((packet) => {
      answered.push(packet);
      if (packet.type === PacketType.Puback || packet.type === PacketType.Pubcomp) inFlight -= 1;
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk: Buffer) => {
        if (from === client) serverReader.protocolVersion = clientReader.read(chunk);
        else serverReader.read(chunk);
        for (const watch of watchers) watch();
        to.write(chunk);
      });
      from
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(from);
          to.end();
        });
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const ofType = <P extends Packet>(type: P["type"]): P[] => sent.filter((packet): packet is P => packet.type === type);
  const until = (isSo: () => boolean): Promise<void> =>
    withinTime("it did not come to pass", (done) => {
      const watch = (): void => {
        if (!isSo()) return;
        watchers.delete(watch);
        done();
      };
      watchers.add(watch);
      watch();
    });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    inFlight = 0;
  };
  return {
    url: `mqtt://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    sent,
    answered,
    connects: () => ofType<Connect>(PacketType.Connect),
    publishes: () => ofType<Publish>(PacketType.Publish),
    subscribes: () => ofType<Subscribe>(PacketType.Subscribe),
    inFlightMax: () => inFlightMax,
    cut,
    closeDoor: (closed) => {
      isClosed = closed;
    },
    sees: (fits) => until(() => sent.some(fits)),
    until,
    close: async () => {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
}

/** Reads one direction of a connection; keeps what it reads. */
class PacketReader {
  protocolVersion: ProtocolVersion = ProtocolVersion.V5;
  readonly #framer = new Framer(packetBytesMax);
  readonly #take: (packet: Packet) => void;

  constructor(take: (packet: Packet) => void) {
    this.#take = take;
  }

  read(chunk: Buffer): ProtocolVersion {
    this.#framer.push(Buffer.from(chunk));
    while (this.#framer.next()) {
      const packet = decode(this.#framer.firstByte, this.#framer.reader, this.protocolVersion);
      if (packet.type === PacketType.Connect) this.protocolVersion = packet.protocolVersion;
      this.#take(packet);
    }
    return this.protocolVersion;
  }
}

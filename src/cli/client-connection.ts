import { type IConnackPacket, type MqttClient, connect as open } from "mqtt";
import { Ending, Stop, unlessStopped } from "./client-endings.ts";
import type { ClientPlan } from "./client-plan.ts";
import {
  connectionProblem,
  isTemporary,
  isTemporaryReturnCode,
  refusalText,
  returnCodeText,
  visible,
} from "./client-problems.ts";

/** What the one who uses a connection hears of it. */
export interface ConnectionEvents {
  /** Before anything is sent: the place to listen for messages. */
  readonly prepare: (client: MqttClient) => unknown;
  /** After each CONNACK that lets it in. */
  readonly up: (connack: IConnackPacket, isFirst: boolean) => void;
  /** After each end of a connection that had been up. */
  readonly down: () => void;
  /** A sentence for people. */
  readonly note: (sentence: string) => void;
}

const connectMillisecondsMax = 10_000;
const closeMillisecondsMax = 2_000;
const firstDelayMilliseconds = 500;
const delayMillisecondsMax = 30_000;

/** One client that comes back when its connection is lost, with growing delay. */
export class ClientConnection {
  readonly client: MqttClient;
  readonly #plan: ClientPlan;
  readonly #events: ConnectionEvents;
  readonly #end = new AbortController();
  #connack: IConnackPacket | undefined;
  #isUp = false;
  #wasUp = false;
  #isClosing = false;
  #upWaiters: (() => void)[] = [];
  #error: Error | undefined;
  /** What the Server itself said when it closed. */
  #farewell: { readonly text: string; readonly isFinal: boolean } | undefined;
  #giveUpTimer: NodeJS.Timeout | undefined;

  /** Connects at once. */
  constructor(plan: ClientPlan, events: ConnectionEvents) {
    this.#plan = plan;
    this.#events = events;
    this.client = open({
      ...plan.options,
      connectTimeout: connectMillisecondsMax,
      // Who is not let in the first time is told so; later it is tried again.
      reconnectPeriod: 0,
      reconnectOnConnackError: true,
      resubscribe: false,
    });
    events.prepare(this.client);
    this.#listen();
  }

  /** Aborted, with a `Stop` as reason, when there is no connection and there will be none. */
  get lost(): AbortSignal {
    return this.#end.signal;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether the Server has let it in at least once. */
  get wasUp(): boolean {
    return this.#wasUp;
  }

  /** Of the present Network Connection, or of the last one. Not to be asked before it has been up. */
  get connack(): IConnackPacket {
    return this.#connack!;
  }

  /** Resolves when it is up. @throws the signal's reason; whoever waits wants it to follow `lost` */
  async whenUp(signal: AbortSignal): Promise<void> {
    if (this.#isUp) return;
    const up = new Promise<void>((resolve) => this.#upWaiters.push(resolve));
    await unlessStopped(up, signal);
  }

  /** Sends DISCONNECT and waits until it is gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#giveUpTimer);
    const { client } = this;
    // An acknowledgement that is still missing would hold up the end.
    for (const identifier of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(identifier));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        client.stream.destroy();
        resolve();
      }, closeMillisecondsMax);
      client.end(!this.#isUp, {}, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #listen(): void {
    const { client } = this;
    client.on("packetreceive", (packet) => {
      if (packet.cmd === "connack") this.#connack = packet;
    });
    client.on("connect", (connack) => this.#wentUp(connack));
    client.on("disconnect", ({ reasonCode = 0, properties }) => {
      const reference = properties?.serverReference;
      const other = reference === undefined ? "" : `; it names ${visible(reference)} instead`;
      const text = `the server closed the connection: ${refusalText(reasonCode, properties?.reasonString)}${other}`;
      this.#farewell = { text, isFinal: !isTemporary(reasonCode) };
    });
    client.on("error", (error) => this.#failed(error));
    client.on("close", () => this.#wentDown());
    client.on("reconnect", () => {
      const { options } = client;
      options.reconnectPeriod = Math.min((options.reconnectPeriod ?? 0) * 2, delayMillisecondsMax);
      // The stream of the new attempt is there when this event is over.
      process.nextTick(() => this.#watchStream());
    });
    this.#watchStream();
  }

  /** MQTT.js keeps errors without a code, as those of a WebSocket, to itself. */
  #watchStream(): void {
    this.client.stream.on("error", (error: Error) => {
      this.#error ??= error;
    });
  }

  #wentUp(connack: IConnackPacket): void {
    const isFirst = !this.#wasUp;
    this.#wasUp = true;
    this.client.options.reconnectPeriod = this.#plan.reconnectSecondsMax === 0 ? 0 : firstDelayMilliseconds;
    clearTimeout(this.#giveUpTimer);
    this.#giveUpTimer = undefined;
    this.#error = undefined;
    this.#farewell = undefined;
    this.#isUp = true;
    if (!isFirst) this.#events.note(`connected to ${this.#plan.server} again`);
    this.#events.up(connack, isFirst);
    const waiters = this.#upWaiters;
    this.#upWaiters = [];
    for (const resume of waiters) resume();
  }

  #failed(error: Error & { readonly code?: unknown }): void {
    if (error instanceof NotTaken) return;
    if (typeof error.code === "number" && !this.#isUp) this.#farewell = this.#refused(error.code);
    this.#error ??= error;
    // Whatever it is, what follows on this connection cannot be understood.
    this.client.stream.destroy();
  }

  /** A CONNACK that says no. */
  #refused(code: number): { readonly text: string; readonly isFinal: boolean } {
    const isVersion5 = this.#plan.version === 5;
    const why = isVersion5 ? refusalText(code, this.#connack?.properties?.reasonString) : returnCodeText(code);
    const isFinal = isVersion5 ? !isTemporary(code) : !isTemporaryReturnCode(code);
    return { text: `${this.#plan.server} refused the connection: ${why}`, isFinal };
  }

  #wentDown(): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    if (wasUp) this.#events.down();
    if (this.#isClosing || this.#end.signal.aborted) return;
    const why = this.#farewell?.text ?? connectionProblem(this.#plan.server, this.#error);
    const mayComeBack = (this.client.options.reconnectPeriod ?? 0) > 0 && this.#farewell?.isFinal !== true;
    if (!mayComeBack) {
      this.#giveUp(why);
      return;
    }
    this.#farewell = undefined;
    this.#error = undefined;
    if (this.#giveUpTimer !== undefined || !wasUp) return;
    this.#events.note(`${why}; trying again`);
    const { reconnectSecondsMax } = this.#plan;
    if (reconnectSecondsMax === Number.POSITIVE_INFINITY) return;
    const milliseconds = Math.min(reconnectSecondsMax * 1000, timerMillisecondsMax);
    this.#giveUpTimer = setTimeout(() => {
      this.#giveUp(`${this.#plan.server} did not come back within ${reconnectSecondsMax} seconds`);
    }, milliseconds);
  }

  #giveUp(why: string): void {
    clearTimeout(this.#giveUpTimer);
    this.client.end(true);
    this.#end.abort(new Stop(Ending.NoConnection, why));
  }
}

/** Given to MQTT.js instead of a Reason Code so that a message is not acknowledged. It is no problem of the connection. */
export class NotTaken extends Error {
  override readonly name = "NotTaken";
}

/** The longest that `setTimeout` can wait. */
const timerMillisecondsMax = 2_147_483_647;

import type { ClientSubscribeCallback, IClientSubscribeOptions } from "mqtt";
import { fourByteMax, variableByteMax } from "../mqtt/limits.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { isFailure } from "../mqtt/reason-code.ts";
import { UsageError } from "../service/errors.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import { ClientConnection } from "./client-connection.ts";
import { Ending, Stop, unlessStopped } from "./client-endings.ts";
import { Latency } from "./client-latency.ts";
import { type ClientPlan, clientPlan, givenQoS } from "./client-plan.ts";
import { refusalText, visible } from "./client-problems.ts";
import { givenUserProperties } from "./client-properties.ts";
import { StopSwitch, timeoutSecondsMax } from "./client-stop.ts";
import type { Surroundings } from "./client-surroundings.ts";
import type { Given } from "./command.ts";
import { subscribeFlagsOfVersion5 } from "./sub-flags.ts";
import { jsonFormat, type MessageFormat, plainFormat, templateFormat, verboseFormat } from "./sub-format.ts";
import { Intake } from "./sub-intake.ts";
import { receiveSummaryJson, receiveSummaryText } from "./sub-summary.ts";

const persistentSeconds = 24 * 60 * 60;
/** For messages of QoS 2 that are under way at the end. */
const lastMessagesMilliseconds = 2_000;

/**
 * `petstore-mqtt sub`: writes what comes until it is told to end. Resolves to the exit code.
 * @throws UsageError
 */
export async function subscribe(given: Given, surroundings: Surroundings): Promise<number> {
  const plan = clientPlan(
    given,
    {
      command: "sub",
      reconnectSecondsMax: Number.POSITIVE_INFINITY,
      persistentSeconds: given.has("persistent") ? persistentSeconds : undefined,
      version5Flags: subscribeFlagsOfVersion5,
    },
    surroundings,
  );
  const filters = givenFilters(given);
  const options = subscribeOptions(given, plan);
  const format = givenFormat(given, surroundings);
  const stop = new StopSwitch(surroundings);
  try {
    return await new Listening(given, plan, { filters, options }, format, surroundings, stop).run();
  } finally {
    stop.release();
  }
}

/** What is asked for in SUBSCRIBE. */
interface Wish {
  readonly filters: readonly string[];
  readonly options: IClientSubscribeOptions;
}

function givenFilters(given: Given): readonly string[] {
  const filters = [...new Set([...given.positionals, ...given.texts("topic")])];
  if (filters.length === 0) throw new UsageError("sub needs a TOPIC-FILTER; petstore-mqtt help sub has examples");
  for (const filter of filters) {
    try {
      const { shareName } = parseTopicFilter(filter);
      if (shareName !== undefined && given.has("no-local")) {
        throw new UsageError(`${filter} is shared, and --no-local is not for those; leave one out`);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new UsageError(`Topic Filter ${JSON.stringify(filter)}: ${error.message}`);
    }
  }
  return filters;
}

function subscribeOptions(given: Given, { version }: ClientPlan): IClientSubscribeOptions {
  const qos = givenQoS(given, "qos");
  const identifier = given.integer("subscription-identifier", 1, variableByteMax);
  if (version === 4) return { qos };
  const userProperties = givenUserProperties(given, "user-property");
  return {
    qos,
    nl: given.has("no-local"),
    rap: given.has("retain-as-published"),
    rh: givenQoS(given, "retain-handling"),
    properties: {
      ...(identifier === undefined ? {} : { subscriptionIdentifier: identifier }),
      ...(userProperties === undefined ? {} : { userProperties }),
    },
  };
}

function givenFormat(given: Given, { output }: Surroundings): MessageFormat {
  const ways = ["verbose", "json", "format"].filter((flag) => given.has(flag));
  if (ways.length > 1) throw new UsageError(`--${ways.join(" and --")}: leave one out`);
  const isTerminal = output.isTTY === true;
  const template = given.text("format");
  if (template !== undefined) return templateFormat(template, isTerminal);
  if (given.has("json")) return jsonFormat();
  return given.has("verbose") ? verboseFormat(isTerminal) : plainFormat(isTerminal);
}

/** One run with its connection. */
class Listening {
  readonly #plan: ClientPlan;
  readonly #wish: Wish;
  readonly #surroundings: Surroundings;
  readonly #stop: StopSwitch;
  readonly #isJson: boolean;
  readonly #countMax: number;
  readonly #timeoutSeconds: number | undefined;
  readonly #latency: Latency | undefined;
  readonly #intake: Intake;
  readonly #connection: ClientConnection;
  #refused = 0;
  #isSubscribed = false;

  constructor(
    given: Given,
    plan: ClientPlan,
    wish: Wish,
    format: MessageFormat,
    surroundings: Surroundings,
    stop: StopSwitch,
  ) {
    this.#plan = plan;
    this.#wish = wish;
    this.#surroundings = surroundings;
    this.#stop = stop;
    this.#isJson = given.has("json");
    this.#countMax = given.integer("count", 1, fourByteMax) ?? Number.POSITIVE_INFINITY;
    this.#timeoutSeconds = given.integer("timeout", 1, timeoutSecondsMax);
    this.#latency = given.has("latency") ? new Latency() : undefined;
    const full = (): void => this.#stop.stop(new Stop(Ending.Done, ""));
    this.#intake = new Intake(this.#countMax, format, surroundings.output, this.#latency, full);
    this.#connection = new ClientConnection(plan, {
      prepare: (client) => this.#intake.attach(client),
      up: ({ sessionPresent, properties }, isFirst) => {
        const information = properties?.responseInformation;
        if (isFirst && information !== undefined) this.#say(`Response Information: ${visible(information)}`);
        if (!sessionPresent) this.#intake.sessionLost();
        if (!isFirst && !sessionPresent) this.#say("the server has no Session of us; what came meanwhile is lost");
        if (!this.#isSubscribed || !sessionPresent) this.#subscribe();
      },
      down: () => {},
      note: (sentence) => this.#say(sentence),
    });
    stop.follow(this.#connection);
  }

  async run(): Promise<number> {
    const { output } = this.#surroundings;
    // Whoever read it has seen enough.
    const gone = (): void => this.#stop.stop(new Stop(Ending.Done, ""));
    output.on("error", gone).on("close", gone);
    this.#stop.after(this.#timeoutSeconds);
    const startedAt = performance.now();
    const why = await stopped(this.#stop.signal);
    await this.#lastMessages();
    await this.#connection.close();
    output.off("close", gone);
    if (why.ending === Ending.NoConnection || why.ending === Ending.Refused) this.#say(why.message);
    if (this.#connection.wasUp) this.#summary((performance.now() - startedAt) / 1000);
    return this.#endingOf(why);
  }

  #subscribe(): void {
    const { filters, options } = this.#wish;
    this.#connection.client.subscribe([...filters], options, (_error, _granted, suback) => {
      // Without an answer the connection went down, and it is tried again on the next one.
      if (suback !== undefined) this.#subscribed(suback);
    });
  }

  #subscribed({ granted, properties }: NonNullable<Parameters<ClientSubscribeCallback>[2]>): void {
    const { filters, options } = this.#wish;
    const codes = granted as number[];
    this.#isSubscribed = true;
    this.#refused = codes.filter(isFailure).length;
    for (const [index, filter] of filters.entries()) {
      const code = codes[index] ?? 0;
      if (isFailure(code)) this.#say(`${visible(filter)} was refused: ${refusalText(code, properties?.reasonString)}`);
      else if (code < options.qos) this.#say(`${visible(filter)}: the server grants QoS ${code} at most`);
      else if (!this.#plan.isQuiet) this.#say(`subscribed to ${visible(filter)}`);
    }
    if (this.#refused === filters.length) this.#stop.stop(new Stop(Ending.Refused, ""));
  }

  async #lastMessages(): Promise<void> {
    const finished = this.#intake.finish();
    if (!this.#connection.isUp) return;
    const patience = AbortSignal.any([AbortSignal.timeout(lastMessagesMilliseconds), this.#connection.lost]);
    await unlessStopped(finished, patience).catch(() => {});
  }

  #endingOf({ ending }: Stop): number {
    if (!this.#connection.wasUp) return ending;
    const isComplete = this.#countMax === Number.POSITIVE_INFINITY || this.#intake.counts.messages >= this.#countMax;
    const isAsked = ending === Ending.TimeUp || ending === Ending.Interrupted;
    const final = isAsked && isComplete ? Ending.Done : ending;
    return final === Ending.Done && this.#refused > 0 ? Ending.Refused : final;
  }

  #summary(seconds: number): void {
    if (this.#plan.isQuiet) return;
    const text = this.#isJson ? receiveSummaryJson : receiveSummaryText;
    const latency = this.#latency === undefined ? "not asked" : this.#latency.summary();
    this.#surroundings.errors.write(text(this.#intake.counts, seconds, latency));
  }

  #say(sentence: string): void {
    if (sentence !== "") this.#surroundings.errors.write(`petstore-mqtt: ${sentence}\n`);
  }
}

/** Resolves with the reason when the signal is aborted. */
function stopped(signal: AbortSignal): Promise<Stop> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

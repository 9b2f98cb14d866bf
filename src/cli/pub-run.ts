import { fourByteMax, twoByteMax } from "../mqtt/limits.ts";
import { UsageError } from "../service/errors.ts";
import { ClientConnection } from "./client-connection.ts";
import { Ending, Stop, unlessStopped } from "./client-endings.ts";
import { Latency } from "./client-latency.ts";
import { type ClientPlan, clientPlan, givenQoS } from "./client-plan.ts";
import { visible } from "./client-problems.ts";
import { givenMessageProperties } from "./client-properties.ts";
import { StopSwitch, timeoutSecondsMax } from "./client-stop.ts";
import type { Surroundings } from "./client-surroundings.ts";
import type { Given } from "./command.ts";
import { publishFlagsOfVersion5 } from "./pub-flags.ts";
import type { MessageDefaults, OutgoingMessage } from "./pub-message.ts";
import { Pace } from "./pub-pace.ts";
import { Publisher } from "./pub-publisher.ts";
import { type MessageSource, messageSource } from "./pub-source.ts";
import { noCounts, type PublishCounts, progressText, publishSummaryJson, publishSummaryText } from "./pub-summary.ts";

const reconnectSecondsMax = 30;
const progressMilliseconds = 500;
/** After Ctrl-C, for what is still under way. */
const lastAcknowledgementsMilliseconds = 3_000;

/**
 * `petstore-mqtt pub`: publishes what its flags say and says what came of it. Resolves to the exit code.
 * @throws UsageError
 */
export async function publish(given: Given, surroundings: Surroundings): Promise<number> {
  const plan = clientPlan(
    given,
    {
      command: "pub",
      reconnectSecondsMax,
      persistentSeconds: undefined,
      version5Flags: publishFlagsOfVersion5,
    },
    surroundings,
  );
  const work = workOf(given);
  const stop = new StopSwitch(surroundings);
  stop.after(given.integer("timeout", 1, timeoutSecondsMax));
  try {
    const source = await unlessStopped(messageSource(given, defaultsOf(given, plan), surroundings), stop.signal);
    if (!source.isRepeatable && work.repeat > 1) {
      throw new UsageError("what comes in only once cannot be repeated; put it into a file, or leave --repeat out");
    }
    return await new Publication(plan, work, source, surroundings, stop).run();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(surroundings, error.message);
    return error.ending;
  } finally {
    stop.release();
    // Who is asked for input no longer must not hold up the end.
    surroundings.input.destroy();
  }
}

/** How often, how fast, and what is said about it. */
interface Work {
  /** Infinity for all there are. */
  readonly count: number;
  readonly repeat: number;
  readonly perSecond: number | undefined;
  readonly isLatency: boolean;
  readonly isJson: boolean;
}

function workOf(given: Given): Work {
  if (given.has("count") && given.has("repeat")) throw new UsageError("--count and --repeat: leave one out");
  const count = given.integer("count", 1, fourByteMax);
  return {
    count: count ?? Number.POSITIVE_INFINITY,
    repeat: given.integer("repeat", 1, fourByteMax) ?? 1,
    perSecond: given.integer("rate", 1, 1_000_000),
    isLatency: given.has("latency"),
    isJson: given.has("json"),
  };
}

function defaultsOf(given: Given, { version }: ClientPlan): MessageDefaults {
  if (given.has("topic") && given.positionals.length > 1) {
    throw new UsageError(`--topic names the topic; leave ${given.positionals[0]} out`);
  }
  const topicAlias = given.integer("topic-alias", 1, twoByteMax);
  const properties = { ...givenMessageProperties(given, ""), ...(topicAlias === undefined ? {} : { topicAlias }) };
  return {
    topic: given.text("topic") ?? given.positionals[0],
    qos: givenQoS(given, "qos"),
    retain: given.has("retain"),
    properties: version === 5 ? properties : undefined,
  };
}

/** One run with its connection. */
class Publication {
  readonly #plan: ClientPlan;
  readonly #work: Work;
  readonly #source: MessageSource;
  readonly #surroundings: Surroundings;
  readonly #stop: StopSwitch;
  readonly #counts: PublishCounts = noCounts();
  readonly #latency: Latency | undefined;
  readonly #connection: ClientConnection;
  readonly #publisher: Publisher;

  constructor(plan: ClientPlan, work: Work, source: MessageSource, surroundings: Surroundings, stop: StopSwitch) {
    this.#plan = { ...plan, options: { ...plan.options, autoUseTopicAlias: true } };
    this.#work = work;
    this.#source = source;
    this.#surroundings = surroundings;
    this.#stop = stop;
    this.#latency = work.isLatency ? new Latency() : undefined;
    const note = (sentence: string): void => say(surroundings, sentence);
    this.#connection = new ClientConnection(this.#plan, {
      prepare: (client) => client.on("packetreceive", (packet) => this.#publisher.received(packet)),
      up: ({ properties }, isFirst) => {
        const information = properties?.responseInformation;
        if (isFirst && information !== undefined) note(`Response Information: ${visible(information)}`);
      },
      down: () => this.#publisher.wentDown(),
      note,
    });
    stop.follow(this.#connection);
    this.#publisher = new Publisher(this.#connection, this.#counts, note, this.#latency, stop.signal);
  }

  async run(): Promise<number> {
    let startedAt = performance.now();
    const progress = setInterval(() => this.#progress(startedAt), progressMilliseconds);
    let problem: Error | undefined;
    try {
      await this.#connection.whenUp(this.#stop.signal);
      startedAt = performance.now();
      await this.#publishAll();
      await this.#publisher.settled(this.#stop.signal);
    } catch (error) {
      problem = error as Error;
      await this.#lastAcknowledgements();
    } finally {
      clearInterval(progress);
      this.#publisher.abandon();
      await this.#connection.close();
      if (this.#showsProgress) this.#surroundings.errors.write("\r\x1b[K");
    }
    if (this.#counts.published > 0 || problem === undefined) this.#summary(startedAt);
    // A batch may turn out to be wrong in the middle.
    if (problem !== undefined) throw problem;
    if (this.#counts.refused > 0) return Ending.Refused;
    return this.#counts.unacknowledged > 0 ? Ending.NoConnection : Ending.Done;
  }

  async #publishAll(): Promise<void> {
    const { count, repeat, perSecond } = this.#work;
    const pace = perSecond === undefined ? undefined : new Pace(perSecond);
    const { signal } = this.#stop;
    const rounds = count === Number.POSITIVE_INFINITY || !this.#source.isRepeatable ? repeat : Number.POSITIVE_INFINITY;
    let left = count;
    for (let round = 0; round < rounds && left > 0; round += 1) {
      let isEmpty = true;
      for await (const message of stoppable(this.#source.open(), signal)) {
        if (pace !== undefined) await pace.turn(signal);
        await this.#publisher.publish(message);
        isEmpty = false;
        left -= 1;
        if (left === 0) return;
      }
      // A file without messages would be read for ever.
      if (isEmpty) return;
    }
  }

  /** What was sent may still be acknowledged, for a moment. */
  async #lastAcknowledgements(): Promise<void> {
    if (!this.#connection.isUp) return;
    const patience = AbortSignal.any([AbortSignal.timeout(lastAcknowledgementsMilliseconds), this.#connection.lost]);
    await this.#publisher.settled(patience).catch(() => {});
  }

  get #showsProgress(): boolean {
    return this.#surroundings.errors.isTTY === true && !this.#plan.isQuiet;
  }

  #progress(startedAt: number): void {
    if (!this.#showsProgress || this.#counts.published === 0) return;
    const { count, repeat } = this.#work;
    const all = this.#source.count === undefined ? undefined : this.#source.count * repeat;
    const total = count === Number.POSITIVE_INFINITY ? all : count;
    this.#surroundings.errors.write(progressText(this.#counts, total, (performance.now() - startedAt) / 1000));
  }

  #summary(startedAt: number): void {
    if (this.#plan.isQuiet) return;
    const seconds = (performance.now() - startedAt) / 1000;
    const text = this.#work.isJson ? publishSummaryJson : publishSummaryText;
    this.#surroundings.output.write(text(this.#counts, seconds, this.#latency?.summary()));
  }
}

/** The messages until the signal is aborted, even while the next one is waited for. @throws the signal's reason */
async function* stoppable(
  messages: AsyncIterable<OutgoingMessage>,
  signal: AbortSignal,
): AsyncGenerator<OutgoingMessage> {
  const iterator = messages[Symbol.asyncIterator]();
  while (true) {
    signal.throwIfAborted();
    const next = await unlessStopped(iterator.next(), signal);
    if (next.done === true) return;
    yield next.value;
  }
}

function say({ errors }: Surroundings, sentence: string): void {
  if (sentence !== "") errors.write(`petstore-mqtt: ${sentence}\n`);
}

import type { Observation } from "../../src/broker/observation.ts";
import type { Session } from "../../src/broker/session.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { Agenda } from "../../src/testing/agenda.ts";
import { Random } from "../../src/testing/random.ts";
import { faultlessStore, SimulatedStore } from "../../src/testing/simulated-store.ts";
import { type ClientWorld, SimulatedClient } from "./client.ts";
import { type ClientTraits, proberTraits, watcherTraits } from "./client-traits.ts";
import { checkNothingIsLost, checkShared } from "./delivery-check.ts";
import { Ledger } from "./ledger.ts";
import { Link } from "./link.ts";
import { type ProcessWatcher, SimulatedProcess } from "./process.ts";
import { isLost, type SessionRecord, type Step, Violation } from "./records.ts";
import { checkBounds, checkRest } from "./rest-check.ts";
import { checkRetained, retainedNow } from "./retained-check.ts";
import { drawSettings, type WorldSettings } from "./settings.ts";
import { checkWills } from "./will-check.ts";

/** How long everybody has to finish what was begun, ms: longer than any delay or expiry that is waited for. */
const settleMilliseconds = 40_000;
/** And how long, if there is still something to do. */
const settleMillisecondsMax = 2_000_000;

/** What a run came to. */
export interface RunCounts {
  readonly steps: number;
  readonly messages: number;
  readonly crashes: number;
}

/** One run: the whole Broker, its store and its Clients, from one seed. */
export class World implements ClientWorld, ProcessWatcher {
  readonly agenda: Agenda = new Agenda();
  readonly random: Random;
  readonly ledger: Ledger;
  readonly log: ((line: string) => void) | undefined;
  readonly #settings: WorldSettings;
  readonly #store: SimulatedStore;
  readonly #watchers: SimulatedClient[] = [];
  readonly #clients: SimulatedClient[] = [];
  /** Connections whose acceptance or end is still to be seen. */
  readonly #open: Set<Link> = new Set();
  /** Sessions of this process that a connection was on. */
  readonly #sessions: Set<Session> = new Set();
  #process: SimulatedProcess | undefined = undefined;
  #dead: SimulatedProcess[] = [];
  #isSettling = false;
  #links = 0;
  #lives = 0;

  /** @param write takes history, a line at a time; undefined writes none, and changes nothing else */
  constructor(seed: number, write: ((line: string) => void) | undefined) {
    this.random = new Random(seed);
    this.#settings = drawSettings(this.random);
    this.ledger = new Ledger(this.random);
    this.ledger.isRefusing = () => this.#process?.isRefusing === true;
    this.#store = new SimulatedStore(this.agenda, this.random, this.#settings.store);
    this.log = write === undefined ? undefined : (line) => write(`${this.agenda.now} ${this.ledger.index} ${line}`);
  }

  /**
   * Lets it all happen.
   * @throws Violation
   */
  async run(): Promise<RunCounts> {
    const { agenda, random } = this;
    await this.#boot();
    for (const name of ["w1", "w2"]) this.#watchers.push(this.#add(watcherTraits(name)));
    for (const traits of this.#settings.clients) this.#add(traits);
    this.#planCrash();
    this.#checkBounds();
    await agenda.runUntil(agenda.now + this.#settings.duration);
    await this.#rest();
    await this.#probe("p1");
    this.#crash();
    await this.#boot();
    await this.#rest();
    await this.#probe("p2");
    if (random.chance(0.5)) await this.#rest();
    return { steps: this.ledger.index, messages: this.ledger.messages.size, crashes: this.#lives - 1 };
  }

  nextIndex(): number {
    this.ledger.index += 1;
    return this.ledger.index;
  }

  observed(observation: Observation): void {
    this.log?.(`  ${JSON.stringify(observation)}`);
    this.ledger.observed(observation);
  }

  sending(link: Link, packet: Packet, now: number): void {
    this.ledger.sending(link, packet, now);
  }

  stepped(step: Step): void {
    if (this.#process?.isRefusing) this.ledger.hasRefused = true;
    for (const link of this.#open) {
      if (link.accepted === undefined && link.state === "Connected") {
        link.accepted = step;
        if (link.session !== undefined) this.#sessions.add(link.session);
        this.ledger.welcomed(link, step);
      }
      if (link.state !== "Closed") continue;
      link.left = step;
      this.#open.delete(link);
    }
  }

  open(client: SimulatedClient): Link | undefined {
    const process = this.#process;
    if (process === undefined) return undefined;
    this.#links += 1;
    const link = new Link(this.#links, client, process, this.agenda, this.random, this.#settings.latencyMax);
    this.#open.add(link);
    process.accept(link);
    return link;
  }

  cut(link: Link): void {
    const { agenda, random } = this;
    this.log?.(`${link.owner.name} is cut off`);
    link.cut();
    if (random.chance(0.7)) agenda.after(random.pick([0, 10, 500, 3_000]), () => link.breaks());
    agenda.after(random.pick([0, 10, 300]), () => link.owner.ended(link));
  }

  #add(traits: ClientTraits): SimulatedClient {
    const client = new SimulatedClient(this, traits);
    this.#clients.push(client);
    client.start();
    return client;
  }

  async #boot(): Promise<void> {
    this.#lives += 1;
    const process = new SimulatedProcess(this.#lives, this.#settings, this.agenda, this.random, this.#store, this);
    this.#process = process;
    for (const dead of this.#dead) dead.succeededAt = this.agenda.now;
    this.log?.("a process starts");
    await process.recover();
  }

  #crash(): void {
    const process = this.#process;
    if (process === undefined) return;
    process.crash();
    this.#sessions.clear();
    // What it took over and did not keep, the next one takes over again.
    if (process.recovered !== undefined && !isLost(process.recovered)) this.#dead = [];
    this.#dead.push(process);
    this.#process = undefined;
    this.log?.(`the process dies; batch ${process.durable} is the last one that is kept`);
    for (const link of process.links) {
      this.#open.delete(link);
      this.agenda.after(this.random.pick([0, 10, 300]), () => link.owner.ended(link));
    }
  }

  #planCrash(): void {
    const { agenda, random } = this;
    const { crashEvery, downMax } = this.#settings;
    if (crashEvery === Number.POSITIVE_INFINITY) return;
    agenda.after(random.integer(1, crashEvery), () => {
      if (this.#isSettling) return;
      const isAsked = random.chance(0.15);
      if (isAsked) this.#drain();
      agenda.after(isAsked ? random.integer(0, 1_000) : 0, () => {
        this.#crash();
        agenda.after(random.integer(0, downMax), async () => {
          await this.#boot();
          this.#planCrash();
        });
      });
    });
  }

  /** It is asked to stop before it is killed: Clients hear of it. */
  #drain(): void {
    this.ledger.hasRefused = true;
    this.#process?.drain();
  }

  #checkBounds(): void {
    checkBounds(this.#sessions, this.#clients, this.#settings.limits);
    if (!this.#isSettling) this.agenda.after(500, () => this.#checkBounds());
  }

  /** Nothing goes wrong any more: everybody comes back and finishes; then all is looked at. */
  async #rest(): Promise<void> {
    const { agenda, ledger } = this;
    this.#isSettling = true;
    this.#store.faults = faultlessStore;
    for (const client of this.#clients) client.settle();
    await this.#finish();
    for (const client of this.#clients) {
      const { name, awaits } = client;
      if (awaits !== undefined) throw new Violation(`${name} still waits for ${awaits}`, name);
    }
    checkNothingIsLost(ledger, agenda.now);
    checkShared(ledger, agenda.now);
    checkWills(ledger, this.#watchers.map(sessionOf), agenda.now);
    if (this.#process !== undefined) await checkRest(this.#process, this.#store, this.#clients);
  }

  async #finish(): Promise<void> {
    const { agenda } = this;
    const last = agenda.now + settleMillisecondsMax;
    await agenda.runUntil(agenda.now + settleMilliseconds);
    while (agenda.now < last && !this.#isIdle()) await agenda.runUntil(agenda.now + 1_000);
    // The last settlement may be in a commit that is still open.
    await agenda.runUntil(agenda.now + 1_000);
  }

  #isIdle(): boolean {
    return (
      this.#process?.broker.counters.queuedMessages === 0 && this.#clients.every(({ awaits }) => awaits === undefined)
    );
  }

  /** What is promised is still so: subscriptions bring what is published now, and the last messages are retained. */
  async #probe(name: string): Promise<void> {
    const { agenda, ledger } = this;
    const prober = this.#add(proberTraits(name));
    const reader = this.#add({ ...proberTraits(`${name}-reader`), subscribes: ["r/#"] });
    prober.settle();
    reader.settle();
    for (const topicName of prober.traits.publishes) prober.publish(ledger.createMessage(prober.traits, topicName));
    const expected = retainedNow(ledger, agenda.now + 1_000);
    await this.#finish();
    checkRetained(ledger, sessionOf(reader), expected);
    checkNothingIsLost(ledger, agenda.now);
    checkShared(ledger, agenda.now);
  }
}

function sessionOf(client: SimulatedClient): SessionRecord {
  const { session } = client;
  if (session === undefined) throw new Violation(`${client.name} is not connected`, client.name);
  return session;
}

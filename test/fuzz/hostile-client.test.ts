import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import { formatPacket, parsePacket } from "../../src/mqtt/notation.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { CoreStage } from "../../src/testing/core-stage.ts";
import { encoded } from "../../src/testing/recording-outbox.ts";
import type { ScenarioSettings } from "../../src/testing/scenario-settings.ts";
import { fuzz } from "./budget.ts";
import { mutated } from "./mutations.ts";

/** Small limits, so that every one of them is met. */
const settings: ScenarioSettings = {
  limits: createLimits({
    receiveMaximum: 2,
    inFlightMax: 3,
    topicAliasMaximum: 2,
    packetBytesMax: 400,
    queueMessagesMax: 4,
    queueBytesMax: 1_024,
    subscriptionsMax: 4,
    topicLevelsMax: 8,
    sessionExpirySecondsMax: 60,
    retainedBytesMax: 2_000,
    connectionsMax: 5,
    sessionsMax: 6,
    messageCacheBytesMax: 200,
    sliceMax: 2,
  }),
  capabilities: allCapabilities,
  rules: [{ allows: false, verb: "all", topicFilter: "denied/#", reasonCode: 0x87 }],
  accounts: undefined,
  method: { name: "DEMO", challenge: "who", response: "me", success: "welcome" },
  responseInformation: "replies/%c",
};

/** Something that happens; connections are numbered. */
type Step =
  | { readonly kind: "bytes"; readonly who: number; readonly bytes: Uint8Array }
  | { readonly kind: "packets"; readonly who: number; readonly lines: readonly string[] }
  | { readonly kind: "drop" | "stall" | "drain"; readonly who: number }
  | { readonly kind: "wait"; readonly milliseconds: number }
  | { readonly kind: "server"; readonly verb: "refuses" | "accepts" | "restarts" }
  | { readonly kind: "serverPublishes"; readonly line: string };

const who = fc.nat({ max: 2 });
const identifier = fc.integer({ min: 1, max: 4 }).map((number) => `#${number}`);
const qos = fc.constantFrom("", " q1", " q2");
const topic = fc.constantFrom("a", "a/b", "b", "denied/x", "$SYS/x", "a/b/c/d/e/f/g/h/i", "é");
const filter = fc.constantFrom("a", "a/+", "#", "+/b", "$share/g/a", "$share/g/#", "$share/h/a/+", "denied/#", "é");
const payload = fc.constantFrom("", ' payload="x"', ` payload="${"y".repeat(150)}"`);

function line(...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> {
  const arbitraries = parts.map((part) => (typeof part === "string" ? fc.constant(part) : part));
  return fc.tuple(...arbitraries).map((texts) => texts.join(""));
}

function maybe(...texts: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom("", ...texts);
}

const connect = line(
  fc.constantFrom("CONNECT h0", "CONNECT h1", 'CONNECT ""'),
  maybe(" v4"),
  maybe(" clean"),
  maybe(" keepAlive=2"),
  maybe(" sessionExpiryInterval=20", " sessionExpiryInterval=4294967295"),
  maybe(" receiveMaximum=1"),
  maybe(" maximumPacketSize=30", " maximumPacketSize=4"),
  maybe(" topicAliasMaximum=1"),
  maybe(' authenticationMethod="DEMO"'),
  maybe(' will(q2 retain "a" payload="bye")', ' will(q1 "a/b" delayInterval=5 payload="late")', ' will(q0 "denied/w")'),
);

const packet = fc.oneof(
  { weight: 2, arbitrary: connect },
  { weight: 6, arbitrary: line("PUBLISH", qos, fc.constantFrom("", " retain"), ' "', topic, '"', payload) },
  {
    weight: 1,
    arbitrary: line("PUBLISH", qos, ' "', maybe("a", "b"), '" topicAlias=', fc.constantFrom("1", "2", "3")),
  },
  { weight: 3, arbitrary: line("SUBSCRIBE ", identifier, ' "', filter, '"', fc.constantFrom(" q0", " q1", " q2")) },
  { weight: 1, arbitrary: line("UNSUBSCRIBE ", identifier, ' "', filter, '"') },
  {
    weight: 4,
    arbitrary: line(fc.constantFrom("PUBACK ", "PUBREC ", "PUBREL ", "PUBCOMP "), identifier),
  },
  { weight: 1, arbitrary: line(fc.constantFrom("PUBACK ", "PUBREC "), identifier, " 0x80") },
  { weight: 1, arbitrary: fc.constantFrom("PINGREQ", "DISCONNECT", "DISCONNECT 0x04") },
  { weight: 1, arbitrary: line("DISCONNECT 0x04 sessionExpiryInterval=", fc.constantFrom("0", "30")) },
  {
    weight: 1,
    arbitrary: line(
      "AUTH ",
      fc.constantFrom("0x18", "0x19"),
      ' authenticationMethod="DEMO"',
      maybe(' authenticationData="me"'),
    ),
  },
);

/** A PUBLISH of QoS 1 or 2 gets an identifier here, where both are known. */
const identified = fc
  .tuple(packet, identifier)
  .map(([text, number]) => text.replace(/^(PUBLISH q[12])/, `$1 ${number}`));

/** Comes back, or comes for the first time, and takes part. */
const opening = fc
  .tuple(
    line("CONNECT h", fc.constantFrom("0", "1", "2"), maybe(" v4"), maybe(" sessionExpiryInterval=20")),
    fc.subarray(['SUBSCRIBE #1 "#" q2', 'SUBSCRIBE #2 "$share/g/#" q2', 'SUBSCRIBE #3 "a" q1']),
  )
  .map(([first, others]) => [first, ...others]);

const burst = fc
  .tuple(fc.constantFrom("", " retain"), fc.constantFrom("a", "a/b"), payload, fc.integer({ min: 3, max: 9 }))
  .map(([retain, name, content, count]) =>
    Array.from({ length: count }, (_, index) => `PUBLISH q1 #${index + 1}${retain} "${name}"${content}`),
  );

const answers = fc.constantFrom("PUBACK", "PUBREC", "PUBCOMP").map((name) => [1, 2, 3].map((id) => `${name} #${id}`));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("packets" as const),
      who,
      lines: fc.array(identified, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant("packets" as const), who, lines: fc.oneof(opening, burst, answers) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("bytes" as const), who, bytes: mutated.map(([, bytes]) => bytes) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("drop" as const, "stall" as const, "drain" as const), who }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      milliseconds: fc.constantFrom(1, 1_000, 6_000, 30_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("server" as const),
      verb: fc.constantFrom("refuses" as const, "accepts" as const, "restarts" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: line("PUBLISH", qos, maybe(" retain"), ' "', topic, '"', payload).map((text) => ({
      kind: "serverPublishes" as const,
      line: text.replace(/^(PUBLISH q[12])/, "$1 #1"),
    })),
  },
);

test("whatever Clients send in whatever order, the core goes on, and keeps nothing of them", async (context) => {
  await fuzz(
    context,
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const world = new HostileWorld();
      await world.start();
      for (const each of steps) await world.play(each);
      await world.finish();
    }),
  );
});

/** A core with those who send anything, and one who behaves. */
class HostileWorld {
  readonly #stage = new CoreStage(settings);
  readonly #versions = new Map<string, ProtocolVersion>();
  #round = 0;

  async start(): Promise<void> {
    await this.#stage.open("honest");
    await this.#send("honest", ["CONNECT honest clean", 'SUBSCRIBE #1 "honest" q1']);
    const names = [await this.#next("honest"), await this.#next("honest")].map(
      (each) => formatPacket(each).split(" ")[0],
    );
    assert.deepEqual(names, ["CONNACK", "SUBACK"]);
  }

  async play(step: Step): Promise<void> {
    if (step.kind === "wait") await this.#stage.wait(step.milliseconds);
    else if (step.kind === "serverPublishes") await this.#stage.server("publishes", step.line);
    else if (step.kind === "server") {
      await this.#stage.server(step.verb, undefined);
      if (step.verb === "restarts") await this.start();
    } else await this.#playClient(`hostile${step.who}`, step);
    for (let each = 0; each <= 2; each += 1) await this.#forget(`hostile${each}`);
  }

  async #playClient(name: string, step: Extract<Step, { who: number }>): Promise<void> {
    if (step.kind === "bytes" || step.kind === "packets") {
      if (!this.#stage.isOpen(name)) await this.#stage.open(name);
      if (step.kind === "bytes") await this.#stage.send(name, step.bytes);
      else await this.#send(name, step.lines);
    } else if (this.#stage.isOpen(name)) {
      if (step.kind === "drop") await this.#stage.drop(name);
      else await this.#stage.room(name, step.kind === "drain");
    }
  }

  /** Everybody leaves and their time is over: nothing is left, in memory or, after a restart, in the store. */
  async finish(): Promise<void> {
    await this.#stage.server("accepts", undefined);
    await this.#roundTrip();
    for (let each = 0; each <= 2; each += 1) {
      const name = `hostile${each}`;
      if (this.#stage.isOpen(name)) await this.#stage.drop(name);
    }
    await this.#stage.wait(120_000);
    await this.#clearRetained();
    await this.#roundTrip();
    this.#nothingBut({ connectionsOpen: 1, clientsConnected: 1, sessions: 1, subscriptions: 1 });
    assert.equal(this.#stage.broker.nextDeadline(), Number.POSITIVE_INFINITY);
    await this.#stage.server("restarts", undefined);
    this.#nothingBut({});
  }

  #nothingBut(there: Readonly<Record<string, number>>): void {
    const { connectionsOpen, clientsConnected, sessions, subscriptions, sharedSubscriptions } =
      this.#stage.broker.counters;
    const { retainedMessages, retainedBytes, queuedMessages } = this.#stage.broker.counters;
    const found = { connectionsOpen, clientsConnected, sessions, subscriptions, sharedSubscriptions };
    const none = Object.fromEntries(
      Object.keys({ ...found, retainedMessages, retainedBytes, queuedMessages }).map((name) => [name, 0]),
    );
    assert.deepEqual({ ...found, retainedMessages, retainedBytes, queuedMessages }, { ...none, ...there });
  }

  /** What was retained by legal packets is told to a new subscriber, who clears it. */
  async #clearRetained(): Promise<void> {
    const name = "cleaner";
    await this.#stage.open(name);
    await this.#send(name, ["CONNECT cleaner clean", 'SUBSCRIBE #1 "#" q0', 'SUBSCRIBE #2 "$SYS/#" q0']);
    const topics = new Set<string>();
    for (let received = await this.#stage.next(name); received !== undefined; received = await this.#stage.next(name)) {
      if (received.kind === "packet" && received.packet.type === PacketType.Publish)
        topics.add(received.packet.topicName);
    }
    for (const topicName of topics) {
      await this.#stage.server("publishes", `PUBLISH retain ${JSON.stringify(topicName)}`);
    }
    await this.#stage.drop(name);
  }

  async #roundTrip(): Promise<void> {
    this.#round += 1;
    const payloadText = String(this.#round);
    await this.#send("honest", [`PUBLISH "honest" q1 #9 payload="${payloadText}"`]);
    const came = [await this.#next("honest"), await this.#next("honest")];
    const publish = came.find((each) => each.type === PacketType.Publish);
    assert.ok(publish?.type === PacketType.Publish, came.map(formatPacket).join(", "));
    assert.equal(Buffer.from(publish.payload).toString(), payloadText);
    await this.#send("honest", [`PUBACK #${publish.packetIdentifier}`]);
  }

  async #send(name: string, lines: readonly string[]): Promise<void> {
    const chunks: Uint8Array[] = [];
    for (const text of lines) {
      const each = parsePacket(text);
      if (each.type === PacketType.Connect) this.#versions.set(name, each.protocolVersion);
      chunks.push(encoded(each, this.#versions.get(name) ?? ProtocolVersion.V5));
    }
    await this.#stage.send(name, Buffer.concat(chunks));
  }

  async #next(name: string): Promise<Packet> {
    const received = await this.#stage.next(name);
    assert.ok(received?.kind === "packet", `${name}: ${received?.kind ?? "nothing came"}`);
    return received.packet;
  }

  /** What hostile ones are sent is checked where it is encoded; no more is wanted of it. */
  async #forget(name: string): Promise<void> {
    if (!this.#stage.isOpen(name)) return;
    while ((await this.#stage.next(name)) !== undefined);
  }
}

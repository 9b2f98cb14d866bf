import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import { ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import { CoreStage } from "../../src/testing/core-stage.ts";
import type { ScenarioSettings } from "../../src/testing/scenario-settings.ts";
import { fuzz } from "./budget.ts";
import { type Connecting, LegalClient, smallPacketSize } from "./legal-client.ts";

/*
 * Clients that keep to the protocol, in any order of what they may do: connect with and without an exchange, subscribe,
 * publish with Topic Aliases, stay silent, lose their connection, come back with another Maximum Packet Size; messages from
 * inside of the process; a process that is killed. What each must get is known beforehand. The simulation does more of
 * time, crashes and quotas, and none of exchanges, aliases from Clients, packet sizes and messages from inside.
 */

const settings: ScenarioSettings = {
  limits: createLimits({ topicAliasMaximum: 2 }),
  capabilities: allCapabilities,
  rules: [],
  accounts: undefined,
  method: { name: "DEMO", challenge: "who", response: "me", success: "welcome" },
  responseInformation: undefined,
};

interface Message {
  readonly topicName: string;
  readonly qos: QoS;
  /** Bytes of payload, at least. */
  readonly length: number;
  readonly alias: number;
  /** With that alias it publishes what it published with it before. */
  readonly repeats: boolean;
}

type Step =
  | { readonly kind: "connect"; readonly who: number; readonly connecting: Connecting }
  | { readonly kind: "drop" | "mute"; readonly who: number }
  | {
      readonly kind: "subscribe";
      readonly who: number;
      readonly topicFilter: string;
      readonly qos: QoS;
      readonly identifier: number;
    }
  | { readonly kind: "unsubscribe"; readonly who: number; readonly topicFilter: string }
  | { readonly kind: "publish" | "authenticateAgain"; readonly who: number; readonly message: Message }
  | { readonly kind: "serverPublishes"; readonly message: Message }
  | { readonly kind: "restart" };

const count = 3;
const who = fc.nat({ max: count - 1 });
const qos = fc.constantFrom<QoS[]>(0, 1, 2);
const topicFilter = fc.constantFrom("a", "a/+", "a/#", "#", "+/b", "b");

const message: fc.Arbitrary<Message> = fc.record({
  topicName: fc.constantFrom("a", "a/b", "b", "a/b/c"),
  qos,
  // Around what fits into the small packets.
  length: fc.oneof(fc.constant(0), fc.integer({ min: smallPacketSize - 30, max: smallPacketSize })),
  alias: fc.nat({ max: 2 }),
  repeats: fc.boolean(),
});

const connecting: fc.Arbitrary<Connecting> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(plain(ProtocolVersion.V311)) },
  { weight: 1, arbitrary: fc.constant({ ...plain(ProtocolVersion.V5), maximumPacketSize: smallPacketSize }) },
  { weight: 1, arbitrary: fc.constant({ ...plain(ProtocolVersion.V5), topicAliasMaximum: 1 }) },
  { weight: 1, arbitrary: fc.constant({ ...plain(ProtocolVersion.V5), isEnhanced: true }) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("connect" as const), who, connecting }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("drop" as const, "mute" as const), who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("subscribe" as const),
      who,
      topicFilter,
      qos,
      identifier: fc.nat({ max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unsubscribe" as const), who, topicFilter }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant("publish" as const), who, message }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("authenticateAgain" as const), who, message }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("serverPublishes" as const), message }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

test("Clients that keep to the protocol get what they must, and nothing else", async (context) => {
  await fuzz(
    context,
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const world = new LegalWorld();
      for (const each of steps) await world.play(each);
      await world.finish();
    }),
  );
});

class LegalWorld {
  readonly #stage = new CoreStage(settings);
  readonly #clients = Array.from({ length: count }, (_, index) => new LegalClient(`c${index}`, this.#stage));
  /** Who has a Session. */
  readonly #known = new Set<LegalClient>();
  #messages = 0;

  async play(step: Step): Promise<void> {
    if (step.kind === "restart") await this.#restart();
    else if (step.kind === "serverPublishes") await this.#serverPublishes(step.message);
    else await this.#playClient(this.#clients[step.who]!, step);
    for (const client of this.#clients) await client.settle();
  }

  async #playClient(client: LegalClient, step: Extract<Step, { who: number }>): Promise<void> {
    if (step.kind === "connect") {
      if (!client.isOnline) await this.#connect(client, step.connecting);
      return;
    }
    if (!client.isOnline) return;
    switch (step.kind) {
      case "drop":
        return client.drop();
      case "mute":
        client.isMute = true;
        return;
      case "subscribe":
        return client.subscribe(step.topicFilter, step.qos, step.identifier);
      case "unsubscribe":
        return client.unsubscribe(step.topicFilter);
      case "publish":
        return this.#publish(client, step.message);
      case "authenticateAgain":
        if (client.isEnhanced) await client.authenticateAgain(() => this.#publish(client, step.message));
    }
  }

  async #connect(client: LegalClient, how: Connecting): Promise<void> {
    await client.connect(how, this.#known.has(client));
    this.#known.add(client);
  }

  async #publish(client: LegalClient, message: Message): Promise<void> {
    const { qos, alias } = message;
    const topicName = (message.repeats ? client.aliased(alias) : undefined) ?? message.topicName;
    const payload = this.#payload(message.length);
    const isMatched = this.#expect(topicName, payload, qos);
    await client.publish(topicName, payload, qos, alias, isMatched);
  }

  async #serverPublishes({ topicName, qos, length }: Message): Promise<void> {
    const payload = this.#payload(length);
    this.#expect(topicName, payload, qos);
    await this.#stage.server("publishes", `PUBLISH q${qos}${qos > 0 ? " #1" : ""} "${topicName}" payload="${payload}"`);
  }

  #expect(topicName: string, payload: string, qos: QoS): boolean {
    return this.#clients.map((client) => client.expect(topicName, payload, qos)).includes(true);
  }

  #payload(length: number): string {
    this.#messages += 1;
    return String(this.#messages).padEnd(length, "-");
  }

  async #restart(): Promise<void> {
    await this.#stage.server("restarts", undefined);
    for (const client of this.#clients) {
      if (client.isOnline) await client.lost();
    }
  }

  /** Everybody comes, takes what is left, and leaves for good: nothing is kept. */
  async finish(): Promise<void> {
    for (const client of this.#clients) {
      if (client.isOnline) await client.drop();
      await this.#connect(client, plain(ProtocolVersion.V5));
      await client.settle();
    }
    assert.equal(this.#stage.broker.counters.queuedMessages, 0);
    for (const client of this.#clients) await client.leave();
    const { sessions, subscriptions, connectionsOpen } = this.#stage.broker.counters;
    assert.deepEqual(
      { sessions, subscriptions, connectionsOpen },
      { sessions: 0, subscriptions: 0, connectionsOpen: 0 },
    );
  }
}

function plain(version: ProtocolVersion): Connecting {
  return { version, maximumPacketSize: undefined, topicAliasMaximum: 0, isEnhanced: false };
}

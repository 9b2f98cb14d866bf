import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { PublishRequest } from "../../src/broker/policy.ts";
import { type CompiledContract, compileContract } from "../../src/contract/compile.ts";
import type { Channel, ChannelMessage } from "../../src/contract/contract.ts";
import { explainPublish, explainSubscribe } from "../../src/contract/explain.ts";
import { readContract } from "../../src/contract/read-contract.ts";
import { claimsOwnership } from "../../src/contract/rights.ts";
import type { Sources } from "../../src/contract/sources.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { readContractFile } from "../../src/service/contract-file.ts";
import { fuzz } from "../fuzz/budget.ts";
import { closeClients, type TestClient } from "../interop/mqttjs.ts";
import { topicFilters, topicNames } from "../topics/arbitraries.ts";
import { petstoreFile } from "./petstore.ts";
import { type ContractServer, type Person, publishTo, settled, startUnder, subscribeTo } from "./running.ts";
import { valuesOf } from "./schema-arbitrary.ts";

const read = { read: readContractFile, view: "service" } as const;
const tramsFile = join(import.meta.dirname, "../../examples/contracts/trams.asyncapi.yaml");

/** Of everybody in it, and of nobody. */
const ownIds = ["2041", "abc123"];
const ids = [...ownIds, "2042", "milo", "bear-park", "7", "de", "1", "", " ", "-a", "ünï", "x".repeat(65), "__proto__"];

for (const { name, file, roles, watcher } of [
  { name: "the pet store", file: petstoreFile, roles: ["device", "customer", "staff", "service"], watcher: "admin" },
  { name: "the trams", file: tramsFile, roles: ["tram", "driver", "passenger"], watcher: "control" },
]) {
  describe(`the contract of ${name}`, () => {
    const { contract, sources } = readContract(file, read);
    const { channels } = contract!;
    const { compiled } = compileContract(file, read) as { compiled: CompiledContract };
    const people = peopleOf([...roles, watcher]);
    const byRole = new Map<Person, TestClient>();
    let server: ContractServer;
    let watching: TestClient;

    before(async () => {
      server = await startUnder(compiled, people);
      const observer = people.find(({ roles: [role], name: user }) => role === watcher && user !== "2041")!;
      watching = await server.connect(observer, 5, "watching");
      assert.deepEqual(await subscribeTo(watching, ["#"], 0), [0]);
    });
    after(async () => {
      closeClients();
      await server?.close();
    });

    /** One connection for each; another one when it was lost, so that what is tried next is tried for itself. */
    async function clientOf(person: Person): Promise<TestClient> {
      const known = byRole.get(person);
      if (known?.client.connected === true) return known;
      const client = await server.connect(person, 5, clientIdOf(person));
      byRole.set(person, client);
      return client;
    }

    /** What the broker answers to a PUBLISH, and how often it is delivered; as `explain` would put it. */
    async function published(person: Person, { topicName, payload, qos, retain, properties }: PublishRequest) {
      const before = watching.received.length;
      const client = await clientOf(person);
      const { contentType, payloadFormatIndicator } = properties;
      const userProperties: Record<string, string> = Object.fromEntries(properties.userProperties);
      const answer = await publishTo(client, topicName, payload, {
        qos,
        retain,
        properties: {
          // An empty one it writes as half a packet.
          ...(properties.userProperties.length === 0 ? {} : { userProperties }),
          ...(contentType === undefined ? {} : { contentType }),
          ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator: payloadFormatIndicator === 1 }),
        },
      });
      await settled(client);
      await settled(watching);
      const isRefused = answer.reasonCode >= 0x80;
      const isDelivered = watching.received.length - before;
      // Nobody keeps them; the others' messages are not of interest.
      return { isRefused, isDelivered, ...answer };
    }

    test("explain and the broker say the same about any message", { timeout: 120_000 }, async (context) => {
      await fuzz(
        context,
        fc.asyncProperty(fc.constantFrom(...people), requests(channels, sources), async (person, request) => {
          const principal = { ...person, clientId: clientIdOf(person) };
          const { isAllowed, refusal } = explainPublish(compiled, claimsOwnership, principal, request);
          const { isRefused, isDelivered, reasonCode, reasonString } = await published(person, request);
          assert.equal(isDelivered, isAllowed ? 1 : 0, refusal?.reasonString);
          if (request.qos === 0) return;
          assert.equal(isRefused, !isAllowed, `${reasonString} / ${refusal?.reasonString}`);
          if (isRefused) assert.deepEqual([reasonCode, reasonString], [refusal?.reasonCode, refusal?.reasonString]);
        }),
      );
    });

    test("what a schema allows is accepted, from whoever may publish it", { timeout: 120_000 }, async (context) => {
      const legal = fc.constantFrom(...channels).chain((channel) => {
        const writer = people.find(({ roles: [role = ""] }) => mayPublish(compiled, channel, role))!;
        const id = legalIdOf(compiled, channel, writer);
        const payload = fc
          .constantFrom(...channel.messages)
          .chain((message) => payloads(channel, message, sources, id));
        return fc.record({ person: fc.constant(writer), topicName: fc.constant(filled(channel, id)), payload });
      });
      await fuzz(
        context,
        fc.asyncProperty(legal, async ({ person, topicName, payload }) => {
          const request = { topicName, payload, qos: 1, retain: false, properties: noPublishProperties } as const;
          const { reasonString, isDelivered } = await published(person, request);
          assert.equal(isDelivered, 1, reasonString);
        }),
      );
    });

    test("explain and the broker say the same about any subscription", { timeout: 120_000 }, async (context) => {
      await fuzz(
        context,
        fc.asyncProperty(fc.constantFrom(...people), filters(channels), async (person, topicFilter) => {
          const principal = { ...person, clientId: clientIdOf(person) };
          const { isAllowed, refusal } = explainSubscribe(compiled, claimsOwnership, principal, topicFilter);
          const client = await clientOf(person);
          const [code] = await subscribeTo(client, [topicFilter], 0);
          await client.client.unsubscribeAsync(topicFilter);
          assert.equal(code, isAllowed ? 0 : refusal!.reasonCode, refusal?.reasonString);
        }),
      );
    });
  });
}

/** One of each role, one with two, one with none; the same ids are everybody's own. */
function peopleOf(roles: readonly string[]): readonly Person[] {
  const claims = new Map(["pets", "orders", "payments", "trams"].map((name) => [name, ownIds]));
  const sets = [...roles.map((role) => [role]), roles.slice(0, 2), []];
  return sets.map((each, index) => ({
    tenant: 0,
    name: `${each.join("+") || "nobody"}-${index}`,
    roles: each,
    claims,
  }));
}

function clientIdOf({ name }: Person): string {
  return name.startsWith("tram-") ? "2041" : name;
}

function filled({ address, parameters }: Channel, id: string | Record<string, string>): string {
  return address.text.replaceAll(/\{([^}]*)\}/g, (_all, name: string) => {
    return typeof id === "string" ? (parameters.get(name)?.values?.[0] ?? id) : (id[name] ?? "");
  });
}

/** Messages near to what the contract allows, and far from it. */
function requests(channels: readonly Channel[], sources: Sources): fc.Arbitrary<PublishRequest> {
  const near = fc.constantFrom(...channels).chain((channel) => {
    return fc.constantFrom(...channel.messages).chain((message) => {
      return fc.tuple(topicsOf(channel), fc.constantFrom(...ids)).chain(([topicName, id]) => {
        return fc.record({ topicName: fc.constant(topicName), payload: payloads(channel, message, sources, id) });
      });
    });
  });
  const mutated = fc
    .tuple(near, fc.func(fc.oneof(fc.constant(undefined), fc.json())), fc.nat())
    .map(([request, change, at]) => ({ ...request, payload: mutatedPayload(request.payload, change, at) }));
  const far = fc.record({
    topicName: fc.oneof(topicNames, fc.constantFrom("$SYS/x", "pets", "/")),
    payload: fc.uint8Array({ maxLength: 40 }),
  });
  const properties = fc.record({
    payloadFormatIndicator: fc.option(fc.constantFrom(0 as const, 1 as const), { nil: undefined, freq: 3 }),
    contentType: fc.option(fc.constantFrom("application/json", "text/plain", "text/plain; charset=utf-8", "a/b"), {
      nil: undefined,
      freq: 3,
    }),
    userProperties: fc.array(fc.tuple(fc.constantFrom("traceparent", "other"), fc.string({ maxLength: 200 })), {
      maxLength: 1,
    }),
  });
  return fc
    .record({
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      retain: fc.boolean(),
      properties: properties.map((some) => ({ ...noPublishProperties, ...some })),
    })
    .chain((how) =>
      fc
        .oneof({ weight: 4, arbitrary: near }, { weight: 4, arbitrary: mutated }, far)
        .map((what) => ({ ...how, ...what })),
    );
}

/** Topics of the channel, with ids that are one's own, another's or none at all; now and then a level is lost. */
function topicsOf(channel: Channel): fc.Arbitrary<string> {
  const names = [...channel.parameters.keys()];
  const values = fc.record(
    Object.fromEntries(
      names.map((name) => {
        const allowed = channel.parameters.get(name)?.values ?? [];
        return [
          name,
          fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...allowed, ...ownIds) }, fc.constantFrom(...ids)),
        ];
      }),
    ),
  );
  const whole = values.map((chosen) => filled(channel, chosen));
  const cut = fc
    .tuple(whole, fc.nat({ max: 8 }))
    .map(([topicName, at]) => topicName.split("/").toSpliced(at, 1).join("/"));
  return fc.oneof({ weight: 8, arbitrary: whole }, cut).filter((topicName) => topicName !== "");
}

/** What the schema of a message allows, with the id where it is repeated. */
function payloads(channel: Channel, message: ChannelMessage, sources: Sources, id: string): fc.Arbitrary<Uint8Array> {
  const isText = message.contentType.startsWith("text/");
  return valuesOfMessage(message, sources).map((value) => {
    if (isText) return Buffer.from(String(value));
    for (const { location } of channel.parameters.values()) {
      const field = location?.pointer[0] ?? "";
      if (typeof value === "object" && value !== null && Object.hasOwn(value, field)) {
        (value as Record<string, unknown>)[field] = id;
      }
    }
    return Buffer.from(JSON.stringify(value));
  });
}

function valuesOfMessage(message: ChannelMessage, sources: Sources): fc.Arbitrary<unknown> {
  const made = arbitraries.get(message) ?? valuesOf(message.payload!.schema, sources);
  arbitraries.set(message, made);
  return made;
}

/** Making them takes longer than making values with them. */
const arbitraries: WeakMap<ChannelMessage, fc.Arbitrary<unknown>> = new WeakMap();

/** Another value somewhere in it, no JSON, or bytes that are no text. */
function mutatedPayload(payload: Uint8Array, change: (path: string) => string | undefined, at: number): Uint8Array {
  const text = Buffer.from(payload).toString();
  if (at % 5 === 0) return Buffer.from(text.slice(0, at % (text.length + 1)));
  if (at % 7 === 0) return Buffer.concat([payload, Buffer.from([0xff])]);
  if (!text.startsWith("{") && !text.startsWith("[")) return Buffer.from(`${text}${change("") ?? ""}`);
  const changed = JSON.parse(text, (key, value: unknown) => {
    const other = key === "" ? undefined : change(key);
    return other === undefined ? value : (JSON.parse(other) as unknown);
  }) as unknown;
  return Buffer.from(JSON.stringify(changed));
}

/** Filters that reach channels, in part or wholly, and others. */
function filters(channels: readonly Channel[]): fc.Arbitrary<string> {
  const near = fc.constantFrom(...channels).chain(({ address }) => {
    const levels = address.text.split("/").map((level) => {
      const choices = level.startsWith("{") ? ["+", ...ids] : [level, level, level, "+"];
      return fc.constantFrom(...choices);
    });
    return fc.tuple(fc.tuple(...levels), fc.option(fc.nat({ max: levels.length }))).map(([all, cut]) => {
      return cut === null ? all.join("/") : [...all.slice(0, cut), "#"].join("/");
    });
  });
  const plain = fc.oneof({ weight: 4, arbitrary: near }, topicFilters).filter((each) => !each.startsWith("$share"));
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    plain.map((filter) => `$share/group/${filter}`),
  );
}

function mayPublish(compiled: CompiledContract, { publish }: Channel, role: string): boolean {
  const scopes = compiled.contract.roles.get(role)?.scopes ?? new Set();
  return publish.some(({ security }) => security.some((all) => all.every((scope) => scopes.has(scope))));
}

/** An id that its parameter allows and that belongs to whoever writes. */
function legalIdOf(compiled: CompiledContract, channel: Channel, { name, roles }: Person): string {
  const own = [...(compiled.contract.roles.get(roles[0]!)?.own ?? [])];
  const isByName = own.some(([parameter, { kind }]) => channel.parameters.has(parameter) && kind === "userName");
  if (isByName) return name;
  return channel.parameters.has("stopId") ? "bear-park" : "2041";
}

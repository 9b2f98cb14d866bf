import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { contractDocs } from "../../src/contract/docs.ts";
import { readContract } from "../../src/contract/read-contract.ts";
import { readContractFile } from "../../src/service/contract-file.ts";
import { closeClients, type TestClient } from "../interop/mqttjs.ts";
import { compilePetstore, examplePayload, petstoreFile, topicOf } from "./petstore.ts";
import { type ContractServer, type Person, publishTo, settled, startUnder, subscribeTo } from "./running.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/topics.md"), "utf8");
const compiled = compilePetstore();
const { channels } = compiled.contract;

/** Address → role → what the page says, as it is printed. */
const matrix = matrixOf(page);
const roles = [...matrix.values().next().value!.keys()];

const qualities = [0, 1, 2] as const;
const success = 0x00;
const notAuthorized = 0x87;
const payloadFormatInvalid = 0x99;
const failure = 0x80;

/** The address as it is printed, and its levels; `$SYS` is no channel. */
const addresses = [...matrix.keys()].filter((address) => !address.startsWith("$"));

/** One for each role. What belongs to it has its name as id; nothing else does. */
const people = new Map<string, Person>(
  roles.map((role) => {
    const name = `${role}-1`;
    const claims = new Map(["pets", "orders", "payments"].map((claim) => [claim, [name]]));
    return [role, { tenant: 0, name, roles: [role], claims }];
  }),
);
const observer: Person = { tenant: 0, name: "observer", roles: ["admin"] };

let running: ContractServer | undefined;

async function start(): Promise<ContractServer> {
  running = await startUnder(compiled, [...people.values(), observer]);
  return running;
}

afterEach(async () => {
  closeClients();
  await running?.close();
  running = undefined;
});

test("docs/topics.md is what the pet store's document says", () => {
  const { contract, sources } = readContract(petstoreFile, { read: readContractFile, view: "service" });
  assert.ok(
    page === contractDocs(contract!, sources),
    "it is out of date: petstore-mqtt contract docs contracts/petstore.asyncapi.yaml > docs/topics.md",
  );
});

test("the printed matrix is about every channel and role of the document", () => {
  assert.deepEqual(addresses.sort(), channels.map(({ address }) => address.text).sort());
  assert.deepEqual(roles, [...compiled.contract.roles.keys()]);
});

for (const version of [4, 5] as const) {
  describe(`what docs/topics.md says is what the broker does (version ${version})`, () => {
    test("publish: by every role, on every channel, with an id of its own and another's, at every QoS", async () => {
      const server = await start();
      const watching = await server.connect(observer, version);
      assert.deepEqual(await subscribeTo(watching, ["#"], 2), [2]);
      const answers: [string, number][] = [];
      const expected: [string, number][] = [];
      const delivered: string[] = [];
      for (const [role, person] of people) {
        const client = await server.connect(person, version);
        for (const channel of channels) {
          for (const id of [person.name, `other-than-${person.name}`]) {
            const topicName = topicOf(channel, id);
            const may = mayUse("publish", role, channel.address.text, id === person.name);
            for (const qos of qualities) {
              const what = `${role} ${topicName} at QoS ${qos}`;
              const { reasonCode } = await publishTo(client, topicName, examplePayload(channel), { qos });
              answers.push([what, reasonCode]);
              expected.push([what, may || qos === 0 || version === 4 ? success : notAuthorized]);
              if (may) delivered.push(topicName);
            }
          }
        }
        await settled(client);
      }
      assert.deepEqual(answers, expected);
      await watching.receivedCount(delivered.length);
      await settled(watching);
      assert.deepEqual(watching.received.map(({ topic }) => topic).sort(), delivered.sort());
    });

    test("publish: what no message of the channel is reaches nobody, whoever sends it", async () => {
      const server = await start();
      const watching = await server.connect(observer, version);
      await subscribeTo(watching, ["#"], 0);
      const answers: [string, number][] = [];
      const expected: [string, number][] = [];
      for (const [role, person] of people) {
        const client = await server.connect(person, version);
        for (const channel of channels) {
          const topicName = topicOf(channel, person.name);
          const may = mayUse("publish", role, channel.address.text, true);
          for (const qos of qualities) {
            const { reasonCode } = await publishTo(client, topicName, Buffer.from('{"nonsense":1}'), { qos });
            answers.push([`${role} ${topicName}`, reasonCode]);
            const refused = may ? payloadFormatInvalid : notAuthorized;
            expected.push([`${role} ${topicName}`, qos === 0 || version === 4 ? success : refused]);
          }
        }
        await settled(client);
      }
      assert.deepEqual(answers, expected);
      await settled(watching);
      assert.deepEqual(watching.received, []);
    });

    test("subscribe: by every role, exactly, with wildcards, and shared", async () => {
      const server = await start();
      for (const [role, person] of people) {
        const client = await server.connect(person, version);
        const filters = filtersFor(person);
        const codes = await subscribeTo(client, filters, 1);
        assert.deepEqual(
          filters.map((filter, index) => `${role} ${filter} ${codes[index]!.toString(16)}`),
          filters.map((filter) => {
            const refused = version === 4 ? failure : notAuthorized;
            return `${role} ${filter} ${(maySubscribe(role, person, filter) ? 1 : refused).toString(16)}`;
          }),
        );
      }
    });

    test("receive: a wildcard brings what the role may read, and of what is limited only its own", async () => {
      const server = await start();
      const admin = await server.connect(observer, version);
      const early = await readers(server);
      const ids = [...[...people.values()].map(({ name }) => name), "nobodys"];
      for (const channel of channels) {
        const retain = channel.publish.some((operation) => operation.retain === true);
        for (const id of ids) await publishTo(admin, topicOf(channel, id), examplePayload(channel), { qos: 1, retain });
      }
      const snapshots = channels.filter(({ publish }) => publish.some(({ retain }) => retain === true));
      const late = await readers(server);
      for (const [role, person] of people) {
        const readable = (of: typeof channels): string[] =>
          of.flatMap((channel) =>
            ids
              .filter((id) => mayUse("subscribe", role, channel.address.text, id === person.name))
              .map((id) => topicOf(channel, id)),
          );
        assert.deepEqual(await topicsOf(early.get(role)!, readable(channels).length), readable(channels).sort(), role);
        assert.deepEqual(await topicsOf(late.get(role)!, readable(snapshots).length), readable(snapshots).sort(), role);
      }
    });

    async function readers(server: ContractServer): Promise<ReadonlyMap<string, TestClient>> {
      const clients = new Map<string, TestClient>();
      for (const [role, person] of people) {
        const client = await server.connect(person, version);
        const filters = channels.map((channel) => topicOf(channel, "+"));
        await subscribeTo(client, filters, 2);
        clients.set(role, client);
      }
      return clients;
    }
  });
}

async function topicsOf(client: TestClient, count: number): Promise<readonly string[]> {
  await client.receivedCount(count);
  await settled(client);
  return client.received.map(({ topic }) => topic).sort();
}

/** For every channel: its own, another's, any; and wider ones. Each plain and shared. */
function filtersFor({ name }: Person): readonly string[] {
  const narrow = channels.flatMap((channel) => [name, "nobodys", "+"].map((id) => topicOf(channel, id)));
  const wide = ["pets/#", `orders/${name}/+`, `orders/${name}/#`, "orders/#", "+/+/status", `+/${name}/status`, "#"];
  const none = ["nothing/+", "pets/+", "$SYS/#", "$SYS/broker/uptime", "$other/#"];
  return [...narrow, ...wide, ...none].flatMap((filter) => [filter, `$share/group/${filter}`]);
}

/** Read from the page: the law of subscriptions, in its simplest words. */
function maySubscribe(role: string, { name }: Person, given: string): boolean {
  const isShared = given.startsWith("$share/");
  const filter = given.replace("$share/group/", "");
  if (filter.startsWith("$")) return filter.startsWith("$SYS/") && wordsOf(role, "$SYS/#").includes("subscribe");
  const reached = addresses
    .map((address) => ({ address, id: idReached(address, filter) }))
    .filter(({ id }) => id !== undefined);
  return (
    reached.length > 0 &&
    reached.every(({ address, id }) => {
      const words = wordsOf(role, address);
      if (words.includes("subscribe")) return true;
      if (!words.includes("subscribe own")) return false;
      return id === "+" ? !isShared : id === name;
    })
  );
}

/** What a filter says in the place of the one parameter that every address has: an id, or `+`; undefined out of reach. */
function idReached(address: string, filter: string): string | undefined {
  let id: string | undefined;
  const levels = filter.split("/");
  for (const [index, level] of address.split("/").entries()) {
    const here = levels[index] === "#" || levels.slice(0, index).includes("#") ? "+" : levels[index];
    if (level.startsWith("{")) id = here;
    else if (here !== "+" && here !== level) return undefined;
  }
  return levels.length > address.split("/").length && levels.at(-1) !== "#" ? undefined : id;
}

function mayUse(verb: "publish" | "subscribe", role: string, address: string, isOwn: boolean): boolean {
  const words = wordsOf(role, address);
  return words.includes(verb) || (isOwn && words.includes(`${verb} own`));
}

function wordsOf(role: string, address: string): readonly string[] {
  return matrix.get(address)!.get(role)!.split(", ");
}

function matrixOf(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const table = text.slice(text.indexOf("| Topic ")).split("\n\n", 1)[0]!;
  const [heads, , ...rows] = table.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(
    rows.map(([address, ...cells]) => [
      address!.replaceAll("`", ""),
      new Map(cells.map((cell, column) => [heads![column + 1]!, cell])),
    ]),
  );
}

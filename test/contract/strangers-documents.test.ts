import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, describe, test } from "node:test";
import { type CompiledContract, compileContract } from "../../src/contract/compile.ts";
import type { Channel } from "../../src/contract/contract.ts";
import { contractDocs } from "../../src/contract/docs.ts";
import { readContract } from "../../src/contract/read-contract.ts";
import { contractTypes } from "../../src/contract/types.ts";
import { readContractFile } from "../../src/service/contract-file.ts";
import { closeClients } from "../interop/mqttjs.ts";
import { publishTo, startUnder, subscribeTo } from "./running.ts";

// Documents in the shapes that are found in public repositories, in our own words.

const read = { read: readContractFile, view: "service" } as const;
const tsc = join(import.meta.dirname, "../../node_modules/.bin/tsc");

/** The document, and the findings that it must have: line, code. */
const documents: readonly [string, readonly string[]][] = [
  ["chess.yaml", []],
  ["sensors.yaml", []],
  ["presence.yaml", ["23 content-type-missing", "26 content-type-missing"]],
  ["heating.yaml", ["5 server-unsupported", "16 server-unsupported"]],
  ["charging.json", ["53 address-unknown"]],
  ["fleet.yaml", ["12 schema-unchecked", "14 address-reserved", "26 schema-unchecked"]],
  ["vehicles/api.yaml", ["20 binding-misplaced", "20 binding-misplaced", "23 key-unknown", "30 key-unknown"]],
];

for (const [name, expected] of documents) {
  describe(name, () => {
    const file = relative(process.cwd(), join(import.meta.dirname, "documents", name));
    const { compiled, findings } = compileContract(file, read);

    test("it can be served, and what is odd about it is said", () => {
      assert.deepEqual(
        findings.map(({ code, place }) => `${place.line} ${code}`),
        expected,
      );
      assert.ok(compiled !== undefined);
    });

    test("its own examples are published and received", { timeout: 30_000 }, async () => {
      const scopes = scopesOf(compiled!);
      const somebody = { tenant: 0, name: "somebody", roles: scopes, claims: new Map() };
      const server = await startUnder(compiled!, [somebody]);
      after(async () => {
        closeClients();
        await server.close();
      });
      const client = await server.connect(somebody, 5);
      let received = 0;
      for (const channel of compiled!.contract.channels) {
        const granted = channel.subscribe.length > 0;
        assert.deepEqual(await subscribeTo(client, [filterOf(channel)], 1), [granted ? 1 : 0x87], channel.name);
        if (channel.publish.length === 0) continue;
        for (const { topic, payload } of examplesOf(channel)) {
          const { reasonCode, reasonString } = await publishTo(client, topic, payload, { qos: 1 });
          assert.ok(reasonCode < 0x80, `${topic}: ${reasonString}`);
          received += granted ? 1 : 0;
        }
      }
      assert.equal((await client.receivedCount(received)).length, received);
    });

    test("its types compile, and its page can be printed", () => {
      const { contract, sources } = readContract(file, read);
      assert.ok(contractDocs(contract!, sources).startsWith("#"));
      const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-types-"));
      try {
        writeFileSync(join(directory, "events.ts"), contractTypes(contract!, sources));
        const flags = ["--noEmit", "--strict", "--types", "", "--skipLibCheck", "events.ts"];
        assert.equal(spawnSync(tsc, flags, { cwd: directory, encoding: "utf8", timeout: 60_000 }).stdout, "");
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  });
}

test("a channel for all topics beside the one for each is refused once, with what to do", () => {
  const file = relative(process.cwd(), join(import.meta.dirname, "documents/greenhouse.yaml"));
  const { findings } = compileContract(file, read);
  const errors = findings.filter(({ severity }) => severity === "error");
  assert.deepEqual(
    errors.map(({ place, problem }) => `${place.line}: ${problem}`),
    [
      "10: The channels reading and allReadings have the same topics, devices/+/data",
      "17: The channels limit and allLimits have the same topics, devices/{uuid}/limits/+",
    ],
  );
  assert.match(errors[0]!.hint, /^Make them one channel/);
});

function scopesOf({ contract }: CompiledContract): readonly string[] {
  return contract.channels.flatMap(({ publish, subscribe }) =>
    [...publish, ...subscribe].flatMap(({ security }) => security.flat()),
  );
}

function filterOf({ address, parameters }: Channel): string {
  const levels = address.text.split("/").map((level) => {
    const [, name = ""] = /^\{(.*)\}$/.exec(level) ?? [];
    return name === "" ? level.replaceAll(/\{(.*?)\}/g, (_all, each) => parameters.get(each)?.values?.[0] ?? "7") : "+";
  });
  return levels.join("/");
}

/** The messages as they would be sent: JSON, or the text itself. */
function examplesOf({ address, parameters, messages }: Channel): { topic: string; payload: Uint8Array }[] {
  const topic = address.text.replaceAll(/\{(.*?)\}/g, (_all, name) => parameters.get(name)?.values?.[0] ?? "7");
  return messages.flatMap(({ contentType, examples }) =>
    examples.map(({ owner: { payload } }) => {
      const isText = contentType.startsWith("text/") && typeof payload === "string";
      return { topic, payload: Buffer.from(isText ? payload : JSON.stringify(payload)) };
    }),
  );
}

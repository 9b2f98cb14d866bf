import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { CoreStage } from "../../src/testing/core-stage.ts";
import { heapBytes } from "../base/heap.ts";
import { allGroups } from "./all-groups.ts";
import { corpusBytes } from "./corpus-bytes.ts";
import { parseCorpus, readCorpus } from "./corpus-file.ts";
import { CorpusPlayer } from "./player.ts";
import { corpusSettings } from "./settings.ts";

const { V5, V311 } = ProtocolVersion;

test("the corpus has at least 400 inputs of every packet type and both versions", () => {
  const inputs = allGroups().flatMap((group) => group.inputs);
  assert.ok(inputs.length >= 400);
  for (const version of [V5, V311]) {
    for (const [name, type] of Object.entries(PacketType)) {
      const isThere = inputs.some((input) => input.version === version && (input.bytes[0] ?? 0) >> 4 === type);
      assert.ok(isThere, `${name} in version ${version}`);
    }
  }
});

test("no input stands in the corpus twice", () => {
  const seen = new Map<string, string>();
  for (const { place, version, stage, connect, after, bytes } of readCorpus().flatMap((group) => group.inputs)) {
    const key = [version, stage, connect, ...after, Buffer.from(bytes).toString("hex")].join(" ");
    assert.equal(seen.get(key), undefined, `${place} says the same`);
    seen.set(key, place);
  }
});

test("every statement that the corpus names is one of the specification's", () => {
  const lists = ["mqtt-5.0.tsv", "mqtt-3.1.1.tsv"].map((name) =>
    readFileSync(join(import.meta.dirname, "..", "statements", name), "utf8"),
  );
  const known = new Set(lists.flatMap((list) => list.split("\n").map((row) => row.split("\t")[0])));
  for (const { name, inputs } of allGroups()) {
    for (const text of [name, ...inputs.map(({ title }) => title)]) {
      for (const [id] of text.matchAll(/MQTT(?:311)?-\d+\.\d+\.\d+-\d+/g)) assert.ok(known.has(id), `${id}: ${text}`);
    }
  }
});

for (const [notation, version, hex] of [
  ["c0 ..", V5, "c000"],
  ["30 .. 'a' {} \"xy\"", V5, "30060001610078" + "79"],
  ["30 .. 'a' {} \"xy\"", V311, "3005000161" + "7879"],
  ["82 .. 0001 {26 'k' '&}'} 'a' 00", V5, "820f0001082600016b0002267d00016100"],
  ["e0 00 & c0 ..", V5, "e000c000"],
  ["10 .. 'MQTT' @@", V311, "100700044d51545404"],
  ['(61)*3 ("é")*2', V5, "616161c3a9c3a9"],
  ["30 .. (00)*200", V5, `30c801${"00".repeat(200)}`],
] as const) {
  test(`${notation} in version ${version} is ${hex.slice(0, 40)}`, () => {
    assert.equal(Buffer.from(corpusBytes(notation, version)).toString("hex"), hex);
  });
}

for (const [text, problem] of [
  ["An entry", /^c:1: the first line/],
  ["# n\n  5  c0 00 => closed", /^c:2: an input stands below its title/],
  ["# n\nt\n  5  c0 0 => closed", /^c:3: This is no byte: 0/],
  ["# n\nt\n  5  30 .. {00 => closed", /^c:3: A \{ is not closed/],
  ["# n\nt\n  5  30 .. 00} => closed", /^c:3: A \} without \{/],
  ["# n\nt\n  5  c0 00 => gone", /^c:3: This is no outcome: gone/],
  ["# n\nt\n  6  c0 00 => closed", /^c:3: an input is/],
  ["# n\nt\n  5  c0 00 => closed\nt", /^c:4: an empty line/],
] as const) {
  test(`a corpus that says ${JSON.stringify(text)} is not read`, () => {
    assert.throws(() => parseCorpus(text, "c"), { message: problem });
  });
}

test("an input that is answered in another way than it says is found", async () => {
  const text = "# n\nt\n  5  c1 00 => ends 0x82\n  5  c0 00 => ignored\n  5  c0 00 => ends 0x81\n  5  30 00 => waits";
  const wrong = parseCorpus(text, "c").inputs.filter(({ bytes }) => bytes[0] !== 0xc0 || bytes.length > 2);
  const delivered = parseCorpus("# n\nt\n  5  30 .. 'a' {} \"x\" => ignored", "c").inputs;
  for (const input of [...wrong, ...delivered]) {
    const player = new CorpusPlayer(new CoreStage(corpusSettings));
    await player.start();
    await assert.rejects(
      player.play(input, async () => {}),
      assert.AssertionError,
    );
  }
});

test("the corpus again and again takes no memory", async () => {
  const stage = new CoreStage(corpusSettings);
  const player = new CorpusPlayer(stage);
  await player.start();
  const inputs = readCorpus().flatMap((group) => group.inputs);
  const play = async (rounds: number): Promise<number> => {
    for (let round = 0; round < rounds; round += 1) {
      for (const input of inputs) await player.play(input, () => stage.wait(60_000));
    }
    return heapBytes();
  };
  // Until what the engine keeps for itself has settled.
  const before = await play(8);
  const growth = (await play(6)) - before;
  // 3,500 inputs later: even the smallest forgotten thing of each would be more.
  assert.ok(growth < 400_000, `${growth} bytes more`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { spanText } from "../../src/cli/print-rows.ts";
import { jsonLine, printable } from "../../src/cli/printable.ts";
import { Progress } from "../../src/cli/progress.ts";

test("text of a stranger does nothing to a terminal", () => {
  assert.equal(printable("a\u001b[2J\u009bb\r\n\u202ec"), "a\\u{1b}[2J\\u{9b}b\\u{d}\\u{a}\\u{202e}c");
  assert.equal(printable("Tiere/Hündin/犬"), "Tiere/Hündin/犬");
});

test("neither does a line of JSON, and it says the same", () => {
  const row = { topicName: "a\u001b[2J\u009bb\u202e\n犬" };
  const line = jsonLine(row);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u202e]/);
  assert.deepEqual(JSON.parse(line), row);
});

for (const [seconds, text] of [
  [0, "0 s"],
  [59, "59 s"],
  [61, "1 min 1 s"],
  [3_600, "1 h"],
  [3_661, "1 h 1 min"],
  [90_061, "1 d 1 h"],
  [86_401, "1 d"],
] as const) {
  test(`${seconds} seconds are ${text}, before and after`, () => {
    assert.equal(spanText(new Date(seconds * 1_000).toISOString(), 0), text);
    assert.equal(spanText(new Date(0).toISOString(), seconds * 1_000), text);
  });
}

test("never is a dash", () => {
  assert.equal(spanText(null, 0), "-");
});

test("progress is one line on a terminal, not at once and not too often, and is taken away at the end", () => {
  let now = 0;
  const written: string[] = [];
  const terminal = { isTTY: true, write: (text: string) => written.push(text) > 0 };
  const progress = new Progress(terminal, () => now);
  progress.show("1 row");
  now = 300;
  progress.show("2 rows");
  progress.show("3 rows");
  now = 600;
  progress.show("4 rows");
  progress.end();
  assert.deepEqual(written, ["\r\u001b[K2 rows", "\r\u001b[K4 rows", "\r\u001b[K"]);
});

test("where nobody looks there is no progress, and short work leaves nothing behind", () => {
  let now = 0;
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  const unseen = new Progress({ isTTY: false, write }, () => now);
  const short = new Progress({ isTTY: true, write }, () => now);
  short.show("1 row");
  short.end();
  now = 1_000;
  unseen.show("1 row");
  unseen.end();
  assert.deepEqual(written, []);
});

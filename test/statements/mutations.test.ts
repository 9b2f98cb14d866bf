import assert from "node:assert/strict";
import { test } from "node:test";
import { mutationsAt } from "../../scripts/breach/mutations.ts";

/** What the mutations of a citation in this line make of the text. */
function broken(lines: readonly string[], line: number): string[] {
  const text = lines.join("\n");
  return mutationsAt(text, line).map(
    ({ start, end, text: replacement }) => text.slice(0, start) + replacement + text.slice(end),
  );
}

/** The same for a comment before some code. */
function brokenBehind(...code: readonly string[]): string[] {
  return broken(["// the citation", ...code], 1).map((text) => text.slice("// the citation\n".length));
}

test("a throw is left out", () => {
  assert.deepEqual(brokenBehind('throw new Error("a; b");', "next();"), [";\nnext();"]);
});

test("a condition is never true, or negated, and its operators change", () => {
  assert.deepEqual(brokenBehind("if (a === b) {", "  c();", "}"), [
    "if ((a === b) && Boolean(0)) {\n  c();\n}",
    "if (!(a === b)) {\n  c();\n}",
    "if (a !== b) {\n  c();\n}",
  ]);
});

test("a condition behind a closing brace is found", () => {
  assert.deepEqual(brokenBehind("} while (used.has(next));")[0], "} while ((used.has(next)) && Boolean(0));");
});

test("a call and an assignment are left out", () => {
  assert.deepEqual(brokenBehind("list.push(", "  one(a),", ");"), [";"]);
  assert.deepEqual(brokenBehind('entry.stage = "received";'), [";"]);
});

test("a value is left out, or is one of the arguments that it is made of", () => {
  assert.deepEqual(brokenBehind("const qos = smaller(a.b, c);"), [
    "const qos = a.b;",
    "const qos = c;",
    "const qos = undefined as never;",
  ]);
});

test("what a label leads to is broken, not the label", () => {
  assert.deepEqual(brokenBehind('case "refuse": {', "  refuse();", "}"), ['case "refuse": {\n  ;\n}']);
});

test("a comment on a function is about every statement in it", () => {
  const lines = ["/** the citation */", "export function f(a: { b: number }): void {", "  g(a);", "  h();", "}"];
  assert.deepEqual(
    broken(lines, 1).map((text) => text.split("\n").slice(2, 4)),
    [
      ["  ;", "  h();"],
      ["  g(a);", "  ;"],
    ],
  );
});

test("a citation in a message is about the throw around it", () => {
  assert.deepEqual(broken(["throw new Error(", '  "the citation",', ");"], 2), [";"]);
});

test("what strings and comments say is never changed", () => {
  assert.deepEqual(brokenBehind('say("a === b"); // true'), ["; // true"]);
});

test("a type has nothing to break", () => {
  assert.deepEqual(brokenBehind("readonly limits: Limits;"), []);
});

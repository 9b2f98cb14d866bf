import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkManifest } from "../../scripts/conformance/check.ts";
import { readStatements, type Statement, sourceCitations, testCitations } from "../../scripts/conformance/manifest.ts";
import { conformanceReport } from "../../scripts/conformance/report.ts";

const root = join(import.meta.dirname, "../..");

/** The numbers that each section of the specifications gives, from their appendices B. */
const numbers = {
  "5.0":
    "1.5.4:1-3 1.5.5:1 1.5.7:1 2.1.3:1 2.2.1:2-6 2.2.2:1 3.1.0:1-2 3.1.2:1-30 3.1.3:1-12 3.1.4:1-6 3.2.0:1-2 " +
    "3.2.2:1-22 3.3.1:1-13 3.3.2:1-20 3.3.4:1-10 3.4.2:1-3 3.5.2:1-3 3.6.1:1 3.6.2:1-3 3.7.2:1-3 3.8.1:1 3.8.3:1-5 " +
    "3.8.4:1-8 3.9.2:1-2 3.9.3:1-2 3.10.1:1 3.10.3:1-2 3.10.4:1-6 3.11.2:1-2 3.11.3:1-2 3.12.4:1 3.14.0:1 3.14.1:1 " +
    "3.14.2:1-4 3.14.4:1-3 3.15.1:1 3.15.2:1-3 4.1.0:1-2 4.2:1 4.3.1:1 4.3.2:1-5 4.3.3:1-13 4.4.0:1-2 4.5.0:1-2 " +
    "4.6.0:1-6 4.7.0:1 4.7.1:1-2 4.7.2:1 4.7.3:1-4 4.8.2:1-6 4.9.0:1-3 4.12.0:1-7 4.12.1:1-2 4.13.1:1 4.13.2:1 6.0.0:1-4",
  "3.1.1":
    "1.5.3:1-3 2.2.2:1-2 2.3.1:1-7 3.1.0:1-2 3.1.2:1-24 3.1.3:1-11 3.1.4:1-5 3.2.0:1 3.2.2:1-6 3.3.1:1-12 3.3.2:1-3 " +
    "3.3.4:1 3.3.5:1-2 3.6.1:1 3.8.1:1 3.8.3:1-4 3.8.4:1-6 3.9.3:1-2 3.10.1:1 3.10.3:1-2 3.10.4:1-6 3.12.4:1 3.14.1:1 " +
    "3.14.4:1-3 4.1.0:1-2 4.3.1:1 4.3.2:1-2 4.3.3:1-2 4.4.0:1 4.5.0:1-2 4.6.0:1-6 4.7.1:1-3 4.7.2:1 4.7.3:1-4 4.8.0:1-2 " +
    "6.0.0:1-4 7.0.0:1-2 7.1.1:1 7.1.2:1",
} as const;

for (const version of ["5.0", "3.1.1"] as const) {
  test(`every statement of MQTT ${version} is listed once, in its order`, () => {
    const expected = numbers[version].split(" ").flatMap((section) => {
      const [name, range = ""] = section.split(":");
      const [first = 0, last = first] = range.split("-").map(Number);
      const prefix = version === "5.0" ? "MQTT" : "MQTT311";
      return Array.from({ length: last - first + 1 }, (_, index) => `${prefix}-${name}-${first + index}`);
    });
    const listed = readStatements(root).filter((one) => one.version === version);
    assert.deepEqual(
      listed.map(({ id }) => id),
      expected,
    );
    assert.equal(listed.length, version === "5.0" ? 251 : 141);
  });
}

test("every statement is named by a line that keeps it and a test that proves it, or has a reason", () => {
  assert.deepEqual(checkManifest(readStatements(root), sourceCitations(root), testCitations(root)), []);
});

test("a statement that binds a Server has a reason only when its condition is never met", () => {
  const excused = readStatements(root).filter(({ binds, reason }) => binds !== "client" && reason !== undefined);
  assert.deepEqual(
    excused.map(({ id }) => id),
    ["MQTT-3.3.4-5", "MQTT311-7.0.0-1", "MQTT311-7.0.0-2"],
  );
});

test("docs/conformance.md is what `npm run conformance` prints", () => {
  const isCurrent = readFileSync(join(root, "docs/conformance.md"), "utf8") === conformanceReport(root);
  assert.ok(isCurrent, "docs/conformance.md is out of date; npm run conformance prints it anew");
});

test("an unknown id, a missing line, a missing test and a reason too many are found", () => {
  const statement: Statement = {
    id: ["MQTT", "1.1.1-1"].join("-"),
    version: "5.0",
    section: "1.1.1",
    binds: "server",
    words: "",
    reason: undefined,
  };
  const { id } = statement;
  const place = { id, file: "src/a.ts", line: 3 };
  assert.deepEqual(checkManifest([statement], [place], [place]), []);
  assert.match(checkManifest([statement], [], [place]).join(), /named by no line of src/);
  assert.match(checkManifest([statement], [place], []).join(), /named by no test/);
  assert.match(checkManifest([{ ...statement, reason: "why" }], [place], [place]).join(), /drop it/);
  assert.match(checkManifest([], [place], []).join(), /^src\/a\.ts:3: .* is no statement/);
});

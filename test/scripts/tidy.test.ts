import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { tidy } from "../../scripts/tidy/tidy-tree.ts";

let root = "";
before(() => {
  root = mkdtempSync(join(tmpdir(), "tidy-"));
});
after(() => rmSync(root, { recursive: true, force: true }));

/** What tidy says about a tree of these files and a clean rest. */
function found(files: Readonly<Record<string, string>>): string[] {
  rmSync(root, { recursive: true, force: true });
  const clean = {
    "test/statements/mqtt-5.0.tsv": "id\twho\twords\nMQTT-3.3.1-4\tboth\tQoS bits are never both 1\n",
    "test/statements/mqtt-3.1.1.tsv": "id\twho\twords\nMQTT311-3.3.1-4\tboth\tQoS 3: close\n",
    "src/base/assert.ts": "export function assert(): void {}\n",
    "src/mqtt/packet.ts":
      'import { assert } from "../base/assert.ts";\nassert(); // [MQTT-3.3.1-4] [MQTT311-3.3.1-4]\n',
  };
  for (const [path, text] of Object.entries({ ...clean, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return tidy(root).map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

function assertFound(files: Readonly<Record<string, string>>, ...expected: RegExp[]): void {
  const messages = found(files);
  assert.equal(messages.length, expected.length, messages.join("\n"));
  for (const [index, pattern] of expected.entries()) assert.match(messages[index] ?? "", pattern);
}

test("a clean tree has no findings", () => {
  assert.deepEqual(found({}), []);
});

describe("layers", () => {
  test("an import that goes up is found at its line", () => {
    assertFound(
      {
        "src/mqtt/up.ts": '// why\nimport { x } from "../broker/x.ts";\nx();\n',
        "src/broker/x.ts": "export const x = 1;\n",
      },
      /^src\/mqtt\/up\.ts:2: mqtt may not import broker; ask through a port/,
    );
  });

  test("type imports, re-exports, bare and dynamic imports and imports over several lines are seen too", () => {
    const broker = { "src/broker/x.ts": "export type X = 1;\n" };
    for (const text of [
      'import type { X } from "../broker/x.ts";',
      'export { X } from "../broker/x.ts";',
      'export * from "../broker/x.ts";',
      'import "../broker/x.ts";',
      'const x = import("../broker/x.ts");',
      'import {\n  type X,\n} from "../broker/x.ts";',
    ]) {
      assertFound({ ...broker, "src/topics/up.ts": `${text}\n` }, /topics may not import broker/);
    }
  });

  test("rooms on one floor do not import each other", () => {
    assertFound(
      { "src/net/link.ts": 'import { s } from "../store/s.ts";\ns();\n', "src/store/s.ts": "export const s = 1;\n" },
      /net may not import store/,
    );
  });

  test("no room imports the test kit", () => {
    assertFound(
      {
        "src/server/s.ts": 'import { c } from "../testing/c.ts";\nc();\n',
        "src/testing/c.ts": "export const c = 1;\n",
      },
      /server may not import testing/,
    );
  });

  test("a file outside of every known room is found", () => {
    assertFound({ "src/attic.ts": "export {};\n", "src/cellar/x.ts": "export {};\n" }, /no room/, /no room/);
  });

  test("src/index.ts exports what is below it, and nobody imports it", () => {
    assertFound(
      {
        "src/index.ts": 'export { s } from "./server/s.ts";\nexport { c } from "./cli/c.ts";\n',
        "src/server/s.ts": 'import type { i } from "../index.ts";\nexport const s: i = 1;\n',
        "src/cli/c.ts": "export const c = 1;\n",
      },
      /index may not import cli/,
      /server may not import index/,
    );
  });

  test("a relative import without .ts is found", () => {
    assertFound(
      { "src/mqtt/a.ts": 'import { assert } from "../base/assert.js";\nassert();\n' },
      /must name the source file/,
    );
  });

  test("imports in a circle are found and spelled out", () => {
    assertFound(
      {
        "src/mqtt/a.ts": 'import { b } from "./b.ts";\nexport const a = b;\n',
        "src/mqtt/b.ts": 'import { c } from "./c.ts";\nexport const b = c;\n',
        "src/mqtt/c.ts": 'import { a } from "./a.ts";\nexport const c = a;\n',
      },
      /circle: mqtt\/a\.ts → mqtt\/b\.ts → mqtt\/c\.ts → mqtt\/a\.ts/,
    );
  });

  test("types may refer to each other, since nothing of them is left at run time", () => {
    assertFound({
      "src/mqtt/a.ts": 'import type { B } from "./b.ts";\nexport interface A { b: B }\n',
      "src/mqtt/b.ts": 'import type { A } from "./a.ts";\nexport interface B { a: A }\n',
    });
  });
});

describe("pure rooms", () => {
  test("packages and node modules but node:buffer are found", () => {
    assertFound(
      { "src/mqtt/a.ts": 'import { isUtf8 } from "node:buffer";\nimport net from "node:net";\nisUtf8(net);\n' },
      /^src\/mqtt\/a\.ts:2: mqtt is pure and may not import node:net/,
    );
  });

  for (const word of [
    "Date.now()",
    "setTimeout(f)",
    "Math.random()",
    "process.env",
    "new Promise(f)",
    "console.log(1)",
  ]) {
    test(`${word} is found`, () => {
      assertFound(
        { "src/broker/a.ts": `export const f = 1;\nf(${word});\n` },
        /^src\/broker\/a\.ts:2: broker is pure and may not use /,
      );
    });
  }

  test("the same words in comments, strings, regular expressions and names are not", () => {
    assertFound({
      "src/session/a.ts": [
        "// await a Date",
        "/* setTimeout\n process */",
        'export const a = "process // Date";',
        "export const b = `await Date`;",
        "export const c = /[\"'/]await/.test(a);",
        "a.process();",
        "export const updatedDate = a.Date;",
        "",
      ].join("\n"),
    });
  });

  test("the shell may use them", () => {
    assertFound({ "src/server/clock.ts": 'import net from "node:net";\nsetTimeout(net, Date.now());\n' });
  });
});

describe("wording", () => {
  test("a file of 400 lines passes, one of 401 does not", () => {
    assertFound({ "src/mqtt/long.ts": "x;\n".repeat(400) });
    assertFound({ "src/mqtt/long.ts": "x;\n".repeat(401) }, /^src\/mqtt\/long\.ts:401: 401 lines, at most 400/);
  });

  test("a file called utils is found", () => {
    assertFound({ "src/server/utils.ts": "export {};\n" }, /call the file by what it does/);
  });

  test("a reminder needs an issue number", () => {
    const word = ["TO", "DO"].join("");
    assertFound({ "src/mqtt/a.ts": `// ${word}(#12): later\n// ${word}: later\n` }, /^src\/mqtt\/a\.ts:2: /);
  });

  test("a path of one machine is found, in documents too", () => {
    const path = ["", "home", "me", "x"].join("/");
    assertFound(
      { "README.md": `see\n${path}\n`, "src/mqtt/a.ts": "a.home/home/2;\n" },
      /^README\.md:2: .* exists on one machine only/,
    );
  });

  test("a test that no run would pick up is found", () => {
    assertFound(
      {
        "test/mqtt/deep/a.test.ts": "export {};\n",
        "test/b.test.ts": "export {};\n",
        "test/mqtt/c.test.ts": "export {};\n",
      },
      /^test\/b\.test\.ts:1: is never run/,
      /^test\/mqtt\/deep\/a\.test\.ts:1: is never run/,
    );
  });
});

test("a statement that the specification does not have is found, for each version in its own list", () => {
  const [five, three] = [["MQTT", "9.9.9-1"].join("-"), ["MQTT311", "9.9.9-2"].join("-")];
  assertFound(
    { "src/mqtt/a.ts": `// [${five}]\n`, "test/scenarios/x/a.scenario": `# x\n# [${three}]\n` },
    new RegExp(`^src/mqtt/a\\.ts:1: ${five} is no statement .*mqtt-5\\.0\\.tsv`),
    new RegExp(`^test/scenarios/x/a\\.scenario:2: ${three} is no statement .*mqtt-3\\.1\\.1\\.tsv`),
  );
});

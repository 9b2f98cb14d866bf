import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { commands } from "../../src/cli/commands.ts";
import { candidates } from "../../src/cli/completion.ts";
import { completionScripts } from "../../src/cli/completion-scripts.ts";
import { firstWords } from "../../src/cli/parse-command.ts";
import { logLevels } from "../../src/server/log.ts";
import { main, temporaryDirectory, tsx } from "./command.ts";

const shellMilliseconds = 20_000;

for (const [line, expected] of [
  ["", [...firstWords(commands), "--help"]],
  ["ser", ["serve"]],
  ["serve --log-level ", logLevels],
  ["serve --log-level = wa", ["warn"]],
  ["serve --log-level =", logLevels],
  ["serve --config ", [":file"]],
  ["serve --data ", [":directory"]],
  ["serve --mqtt ", []],
  ["serve --demo --de", []],
  ["serve --open --o", []],
  ["serve --conf", ["--config"]],
  ["sessions ", ["list", "show", "disconnect"]],
  ["sessions sh", ["show"]],
  ["sessions show ", []],
  ["sessions show --j", ["--json"]],
  ["sessions show -- --j", []],
  ["help se", ["serve", "sessions"]],
  ["help sessions d", ["disconnect"]],
  ["completion ", ["bash", "zsh", "fish"]],
  ["banana ", []],
] as const) {
  test(`behind petstore-mqtt ${line}| comes ${expected.length === 0 ? "nothing" : expected.slice(0, 3).join(", ")}`, () => {
    assert.deepEqual(candidates(line.split(" "), commands), expected);
  });
}

describe("the completion scripts", { timeout: 60_000 }, () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let environment: NodeJS.ProcessEnv;
  before(() => {
    directory = temporaryDirectory();
    mkdirSync(join(directory.path, "petstore"));
    writeFileSync(join(directory.path, "pets.yaml"), "");
    const program = join(directory.path, "petstore-mqtt");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" --import "${tsx}" "${main}" "$@"\n`);
    chmodSync(program, 0o755);
    environment = { ...process.env, PATH: `${directory.path}${delimiter}${process.env["PATH"]}` };
  });
  after(() => directory.remove());

  /** What a shell says when it runs a script; undefined when it is not installed. */
  function shell(name: string, script: string): string | undefined {
    const { error, stdout, stderr, status } = spawnSync(name, ["-c", script], {
      cwd: directory.path,
      env: environment,
      encoding: "utf8",
      timeout: shellMilliseconds,
    });
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
    assert.equal(stderr, "");
    assert.equal(status, 0);
    return stdout;
  }

  test("bash completes a command, a value, a file and a directory with it", () => {
    const asked = [
      ["ser", "petstore-mqtt", "ser"],
      ["wa", "petstore-mqtt", "serve", "--log-level", "wa"],
      ["pet", "petstore-mqtt", "serve", "--config", "pet"],
      ["pet", "petstore-mqtt", "serve", "--data", "pet"],
    ];
    const script = [
      "source <(petstore-mqtt completion bash)",
      // Outside of a completion there are no options of one to set.
      "compopt() { :; }",
      ...asked.map(([current, ...words]) => {
        const set = `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}`;
        return `${set}; _petstore_mqtt petstore-mqtt ${current}; echo "\${COMPREPLY[@]}"`;
      }),
      "complete -p petstore-mqtt",
    ];
    assert.deepEqual(shell("bash", script.join("\n"))?.trimEnd().split("\n"), [
      "serve",
      "warn",
      "pets.yaml petstore petstore-mqtt",
      "petstore",
      "complete -F _petstore_mqtt petstore-mqtt",
    ]);
  });

  for (const name of ["zsh", "fish"]) {
    test(`${name} finds no fault with its script`, (context) => {
      const script = completionScripts.get(name) ?? "";
      assert.match(script, / completion reply -- /);
      assert.match(script, /^comp(lete|def) .*petstore-mqtt/m);
      if (shell(name, "exit 0") === undefined) {
        context.diagnostic(`${name} is not installed, so it was not asked`);
        return;
      }
      writeFileSync(join(directory.path, "script"), script);
      const { status, stderr } = spawnSync(name, ["-n", join(directory.path, "script")], { encoding: "utf8" });
      assert.deepEqual([status, stderr], [0, ""]);
    });
  }
});

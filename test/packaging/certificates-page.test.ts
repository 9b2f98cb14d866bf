import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root, run, type Serving, serve } from "./program.ts";

const page = readFileSync(join(root, "docs/certificates.md"), "utf8");

/** Debian's has Paho; another may come before it in the PATH. */
const python = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

/** The program of each language, and what must be installed for it. */
const runners: Readonly<Record<string, { readonly command: string; readonly file: string; readonly needs: string }>> = {
  sh: { command: "sh", file: "block.sh", needs: "openssl version && mosquitto_sub --help | grep cafile" },
  js: { command: process.execPath, file: "block.mjs", needs: "true" },
  python: { command: python, file: "block.py", needs: `${python} -c 'import paho.mqtt.client'` },
};

/** Blocks in these languages end by themselves and change nothing; those in `bash` change a system and are not run. */
const blocks = [...page.matchAll(/^```(sh|js|python)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

/** What each must say, in the order of the page. */
const answers = [
  /notAfter=.*DNS:localhost, .*IP Address:127\.0\.0\.1/s,
  /SHA256 Fingerprint=(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/i,
  /petstore-mqtt|\d+\.\d+\.\d+/,
  /petstore-mqtt|\d+\.\d+\.\d+/,
  /^connected$/m,
  /^connected$/m,
  /Verification: OK/,
];

describe("the commands of docs/certificates.md", { timeout: 120_000 }, () => {
  let directory = "";
  let serving: Serving;
  let port = "";
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-certificates-page-"));
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    const main = join(root, "dist/cli/main.js");
    symlinkSync(main, join(directory, "petstore-mqtt"));
    const flags = ["--demo", "--mqtts", "0", "--wss", "0", "--log-level", "warn"];
    serving = await serve(directory, process.execPath, main, "serve", ...flags);
    port = new URL(serving.urls.find((url) => url.startsWith("mqtts:")) ?? "").port;
  });
  after(async () => {
    await serving?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test("each has an answer that is looked for", () => {
    assert.equal(blocks.length, answers.length);
  });

  for (const [index, { language, text }] of blocks.entries()) {
    const title = text.trimEnd().split("\n").at(-1) ?? "";
    test(`${language} ${index + 1}: ${title.slice(0, 60)}`, async (t) => {
      const { command, file, needs } = runners[language]!;
      if ((await run(directory, "sh", "-c", needs)).code !== 0) {
        return t.skip("not installed (Debian: openssl, mosquitto-clients, python3-paho-mqtt)");
      }
      const program = language === "sh" ? `PATH="${directory}:$PATH"\n${text}` : adapted(language, text);
      writeFileSync(join(directory, file), program.replaceAll("8883", port));
      const { code, stdout, stderr } = await run(directory, command, file);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout + stderr, answers[index]!);
    });
  }
});

/** As the page says, for those who have Paho 2. */
function adapted(language: string, text: string): string {
  if (language !== "python") return text;
  const argument = '*((mqtt.CallbackAPIVersion.VERSION2,) if hasattr(mqtt, "CallbackAPIVersion") else ())';
  return text.replace("mqtt.Client(protocol", `mqtt.Client(${argument}, protocol`);
}

// npx tsx bench/event-loop-delay.ts [SCENARIO] [--store disk|memory] [--seconds S]
// How long our broker's event loop keeps others waiting while it works at full speed, a disk commit after the other.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { plainSetup } from "./broker.ts";
import { petstore } from "./brokers/petstore.ts";
import { runOnce } from "./measure.ts";
import { thisNode } from "./node-program.ts";
import { scenariosNamed } from "./scenarios.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { store: { type: "string", default: "disk" }, seconds: { type: "string", default: "5" } },
});
const [scenario] = scenariosNamed(positionals.length > 0 ? positionals.slice(0, 1) : ["p2p-qos1-persistent"]);
const directory = mkdtempSync(join(tmpdir(), "petstore-bench-"));
try {
  const file = join(directory, "delay.json");
  process.env["PETSTORE_EVENT_LOOP_DELAY_FILE"] = file;
  const recorder = pathToFileURL(join(import.meta.dirname, "peers/event-loop-recorder.mjs")).href;
  const broker = petstore({ ...plainSetup, store: values.store === "memory" ? "memory" : "disk" }, thisNode, [
    "--import",
    recorder,
  ]);
  const effort = { seconds: Number(values.seconds), warmUpSeconds: 2 };
  const { delivered, seconds } = await runOnce(scenario!, broker, 4, effort);
  const { p50, p99, max } = JSON.parse(readFileSync(file, "utf8"));
  console.log(`${scenario!.name}: ${scenario!.sentence}; store: ${values.store}`);
  console.log(
    `${Math.round(delivered / seconds)} delivered/s; event-loop delay ms: p50 ${p50}, p99 ${p99}, max ${max}`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}

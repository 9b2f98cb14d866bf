// A program that works through a queue which is on disk: nothing is lost when it ends in between, and nobody publishes
// faster than the disk takes it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "petstore-mqtt";

const data = await mkdtemp(join(tmpdir(), "petstore-mqtt-example-"));
const worked = [];

for (let run = 0; run < 2; run += 1) {
  const server = await createServer({ listeners: [], store: "disk", data });
  const worker = await server.connect({ clientId: "worker", sessionExpirySeconds: 86_400 });
  // The next job comes when this one is done, and only then is it acknowledged.
  await worker.subscribe("jobs", async (message) => void worked.push(message.text()), { qos: 2 });
  for (let job = 0; job < 100; job += 1) {
    const reasonCode = await server.publish({ topicName: "jobs", payload: `${run}/${job}`, qos: 2 });
    if (reasonCode >= 0x80) throw new Error(`job ${job} was refused with ${reasonCode}`);
  }
  await server.close();
}

const server = await createServer({ listeners: [], store: "disk", data });
const worker = await server.connect({ clientId: "worker", sessionExpirySeconds: 86_400 });
await worker.subscribe("jobs", (message) => void worked.push(message.text()), { qos: 2 });
while (worked.length < 200) await new Promise(setImmediate);
await server.close();
await rm(data, { recursive: true });
console.log(`${new Set(worked).size} jobs, each once: ${worked.length === 200}`);

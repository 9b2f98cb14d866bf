import type { QueuedRow, QueueOwnerRow } from "../server/answer.ts";
import type { Question } from "../server/question.ts";
import type { Given } from "./command.ts";
import { wholeQueued } from "./message-text.ts";
import { askedLimit, pageOf, rowPrinter, spanText, tableOf } from "./print-rows.ts";
import { printable } from "./printable.ts";
import { askState } from "./state-source.ts";

const ownerTable = tableOf<QueueOwnerRow>([
  ["QUEUE OF", ({ name }) => name],
  ["KIND", ({ kind }) => kind],
  ["WAITING", ({ waiting }) => String(waiting)],
  ["IN FLIGHT", ({ inFlight }) => String(inFlight)],
]);

const messageTable = tableOf<QueuedRow>([
  ["NUMBER", ({ number }) => String(number ?? "-")],
  ["STATE", ({ state }) => state],
  ["TOPIC", ({ topicName }) => topicName],
  ["QOS", ({ qos }) => String(qos)],
  ["BYTES", ({ bytes }) => String(bytes)],
  ["AGE", ({ publishedAt }, now) => spanText(publishedAt, now)],
  ["EXPIRES IN", ({ expiresAt }, now) => spanText(expiresAt, now)],
]);

/** `petstore-mqtt queue list` */
export async function listQueues(given: Given): Promise<number> {
  const { skip, limit } = pageOf(given);
  const question: Question = { about: "queues", name: "", whole: false, skip, limit: askedLimit(limit) };
  await askState(given, question, rowPrinter(given, ownerTable));
  return 0;
}

/** `petstore-mqtt queue show CLIENT` */
export async function showQueue(given: Given): Promise<number> {
  const [name = ""] = given.positionals;
  const { skip, limit } = pageOf(given);
  const whole = given.has("payload");
  const question: Question = { about: "queue", name, whole, skip, limit: askedLimit(limit) };
  const isThere = await askState(given, question, rowPrinter(given, whole ? wholeQueued : messageTable));
  if (isThere) return 0;
  process.stderr.write(`petstore-mqtt: there is no session and no shared group named ${printable(name)}\n`);
  return 1;
}

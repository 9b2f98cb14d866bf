import type { MessageRow } from "../server/message-row.ts";
import type { Question } from "../server/question.ts";
import { UsageError } from "../service/errors.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import type { Given } from "./command.ts";
import { messageText, wholeMessages } from "./message-text.ts";
import { askedLimit, pageOf, rowPrinter, spanText, tableOf, write } from "./print-rows.ts";
import { jsonLine, printable } from "./printable.ts";
import { askState } from "./state-source.ts";

const table = tableOf<MessageRow>([
  ["TOPIC", ({ topicName }) => topicName],
  ["QOS", ({ qos }) => String(qos)],
  ["BYTES", ({ bytes }) => String(bytes)],
  ["EXPIRES IN", ({ expiresAt }, now) => spanText(expiresAt, now)],
]);

/** `petstore-mqtt retained list [TOPIC-FILTER]` */
export async function listRetained(given: Given): Promise<number> {
  const [topicFilter = "#"] = given.positionals;
  checkFilter(topicFilter);
  const { skip, limit } = pageOf(given);
  const whole = given.has("payload");
  const question: Question = { about: "retained", name: topicFilter, whole, skip, limit: askedLimit(limit) };
  await askState(given, question, rowPrinter(given, whole ? wholeMessages : table));
  return 0;
}

/** `petstore-mqtt retained show TOPIC` */
export async function showRetained(given: Given): Promise<number> {
  const [topicName = ""] = given.positionals;
  const question: Question = { about: "retainedMessage", name: topicName, whole: true, skip: 0, limit: 1 };
  const isThere = await askState(given, question, async (slices) => {
    for await (const rows of slices as AsyncIterable<readonly MessageRow[]>) {
      for (const row of rows) await write(given.has("json") ? jsonLine(row) : messageText(row));
    }
  });
  if (isThere) return 0;
  process.stderr.write(`petstore-mqtt: there is no retained message of the topic ${printable(topicName)}\n`);
  return 1;
}

function checkFilter(topicFilter: string): void {
  let shareName: string | undefined;
  try {
    ({ shareName } = parseTopicFilter(topicFilter));
  } catch (error) {
    throw new UsageError(`${printable(topicFilter)} is no topic filter: ${(error as Error).message}`);
  }
  if (shareName !== undefined)
    throw new UsageError("a shared subscription gets no retained messages; leave $share out");
}

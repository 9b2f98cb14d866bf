import { createLimits } from "../broker/limits.ts";
import type { Row } from "../server/answer.ts";
import type { DeadLetterDoneRow, DeadLetterRequest, DeadLetterRow } from "../server/dead-letter-request.ts";
import { askDeadLetters } from "../service/control-client.ts";
import { controlPath, isControlPath } from "../service/control-socket.ts";
import { dataDirectory } from "../service/data-directory.ts";
import { storedDeadLetters } from "../service/dead-letters.ts";
import { UsageError } from "../service/errors.ts";
import { loadConfig } from "../service/load-config.ts";
import type { DeadLetterCause } from "../store/dead-letters.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import type { Given } from "./command.ts";
import { messageCells } from "./message-text.ts";
import { askedLimit, type Format, pageOf, recordText, rowPrinter, spanText, tableOf, write } from "./print-rows.ts";
import { jsonLine, printable } from "./printable.ts";
import { nobodyThere } from "./state-source.ts";

const table = tableOf<DeadLetterRow>([
  ["NUMBER", ({ number }) => String(number)],
  ["AGE", ({ at }, now) => spanText(at, now)],
  ["CAUSE", ({ cause }) => cause],
  ["CLIENT", ({ clientId }) => clientId],
  ["TOPIC", ({ topicName }) => topicName],
  ["QOS", ({ qos }) => String(qos)],
  ["BYTES", ({ bytes }) => String(bytes)],
  ["REASON", ({ reason }) => reason],
]);

/** `petstore-mqtt dead-letters list` */
export async function listDeadLetters(given: Given): Promise<number> {
  const { skip, limit } = pageOf(given);
  const whole = given.has("payload");
  const request: DeadLetterRequest = { ...selectionOf(given), action: "list", whole, skip, limit: askedLimit(limit) };
  await rowPrinter<DeadLetterRow>(given, whole ? wholeLetters : table)(await ask(given, request));
  return 0;
}

/** `petstore-mqtt dead-letters show NUMBER` */
export async function showDeadLetter(given: Given): Promise<number> {
  const numbers = numbersOf(given);
  const request: DeadLetterRequest = { action: "list", numbers, topicFilter: "", whole: true, skip: 0, limit: 1 };
  let isThere = false;
  for await (const rows of (await ask(given, request)) as AsyncIterable<readonly DeadLetterRow[]>) {
    for (const row of rows) {
      isThere = true;
      await write(given.has("json") ? jsonLine(row) : letterText(row));
    }
  }
  if (isThere) return 0;
  process.stderr.write(`petstore-mqtt: there is no dead letter ${numbers[0]}\n`);
  return 1;
}

/** `petstore-mqtt dead-letters replay` */
export async function replayDeadLetters(given: Given): Promise<number> {
  return await change(given, "replay", "replayed");
}

/** `petstore-mqtt dead-letters remove` */
export async function removeDeadLetters(given: Given): Promise<number> {
  return await change(given, "remove", "removed");
}

/** @returns the exit code: 1 when one of them could not be done, or one that was named is not there */
async function change(given: Given, action: "replay" | "remove", word: string): Promise<number> {
  const numbers = numbersOf(given);
  const isByFlags = given.has("all");
  if (isByFlags === numbers.length > 0) {
    throw new UsageError(
      `say which: numbers as dead-letters list shows them, or --all; ${action} changes nothing else`,
    );
  }
  const request: DeadLetterRequest = { ...selectionOf(given), action, numbers, whole: false, skip: 0, limit: 0 };
  const missing = new Set(numbers);
  let done = 0;
  let left = 0;
  for await (const rows of (await ask(given, request)) as AsyncIterable<readonly DeadLetterDoneRow[]>) {
    for (const row of rows) {
      missing.delete(row.number);
      if (row.done) done += 1;
      else left += 1;
      if (given.has("json")) await write(jsonLine(row));
      else if (!row.done) await write(printable(`${row.number} ${row.topicName}: ${row.reason}`).concat("\n"));
    }
  }
  if (!given.has("json")) await write(`${done} ${word}${left === 0 ? "" : `, ${left} stay`}\n`);
  if (missing.size > 0) {
    process.stderr.write(`petstore-mqtt: not there, or not what the flags ask for: ${[...missing].join(", ")}\n`);
  }
  return left === 0 && missing.size === 0 ? 0 : 1;
}

/** The running server does it or, when none runs, it is done here. */
async function ask(given: Given, request: DeadLetterRequest): Promise<AsyncIterable<readonly Row[]>> {
  const config = await loadConfig(given.text("config"));
  const data = dataDirectory(given.text("data"), config);
  const path = controlPath(data);
  const answer = isControlPath(path) ? await askDeadLetters(path, request).catch(nobodyThere) : "nobody";
  return answer === "nobody" ? storedDeadLetters(data, createLimits(config.limits), request) : answer;
}

function selectionOf(given: Given): Pick<DeadLetterRequest, "numbers" | "topicFilter" | "cause"> {
  const topicFilter = given.text("topic") ?? "";
  if (topicFilter !== "") checkFilter(topicFilter);
  return { numbers: [], topicFilter, cause: given.text("cause") as DeadLetterCause | undefined };
}

function checkFilter(topicFilter: string): void {
  try {
    parseTopicFilter(topicFilter);
  } catch (error) {
    throw new UsageError(`${printable(topicFilter)} is no topic filter: ${(error as Error).message}`);
  }
}

function numbersOf({ positionals }: Given): readonly number[] {
  return positionals.map((text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (number > 0) return number;
    throw new UsageError(`${printable(text)} is no number of a dead letter; dead-letters list shows them`);
  });
}

const wholeLetters: Format<DeadLetterRow> = (rows, isFirst) => {
  const text = rows.map(letterText).join("\n");
  return isFirst || text === "" ? text : `\n${text}`;
};

function letterText(row: DeadLetterRow): string {
  const { number, at, cause, clientId, user, reasonCode, reason, place } = row;
  const cells: [string, string][] = [
    ["number", String(number)],
    ["at", at],
    [cause === "refused" ? "publisher" : "queue of", clientId],
  ];
  if (user !== null) cells.push(["user", user === "" ? "(anonymous)" : user]);
  const code = reasonCode === null ? "" : `0x${reasonCode.toString(16).padStart(2, "0")} `;
  cells.push([cause, `${code}${reason}`]);
  if (place !== "") cells.push(["rule", place]);
  return recordText([...cells, ...messageCells(row)]);
}

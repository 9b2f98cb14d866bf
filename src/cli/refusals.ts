import { setTimeout } from "node:timers/promises";
import type { Question } from "../server/question.ts";
import type { RefusalRow } from "../server/refusals.ts";
import type { Given } from "./command.ts";
import { askedLimit, type Format, pageOf, recordText, rowPrinter, spanText } from "./print-rows.ts";
import { askRunning, type Reader } from "./state-source.ts";

/** How often a server is asked for what is new. */
const followMilliseconds = 500;

/** `petstore-mqtt refusals` */
export async function listRefusals(given: Given): Promise<number> {
  const { skip, limit } = pageOf(given);
  let last = 0;
  const print = rowPrinter(given, refusalTexts);
  const read: Reader = (slices) => print(noting(slices as AsyncIterable<readonly RefusalRow[]>));
  const question: Question = { about: "refusals", name: "0", whole: false, skip, limit: askedLimit(limit) };
  await askRunning(given, question, read);
  while (given.has("follow")) {
    await setTimeout(followMilliseconds);
    await askRunning(given, { ...question, name: String(last), skip: 0, limit: 0 }, read);
  }
  return 0;

  async function* noting(slices: AsyncIterable<readonly RefusalRow[]>): AsyncIterable<readonly RefusalRow[]> {
    for await (const rows of slices) {
      last = rows.at(-1)?.sequence ?? last;
      yield rows;
    }
  }
}

const refusalTexts: Format<RefusalRow> = (rows) => rows.map(refusalText).join("");

function refusalText(row: RefusalRow): string {
  const { what, observed, count, firstAt, lastAt, clientId, user, topic, reasonCode, reason, place } = row;
  const { payloadHead, payloadBytes } = row;
  const cells: [string, string][] = [
    [what, topic ?? "-"],
    ["client", clientId],
    ["user", user === "" ? "(anonymous)" : user],
    [observed ? "let through" : "refused", `0x${reasonCode.toString(16).padStart(2, "0")} ${reason}`],
  ];
  if (place !== "") cells.push(["rule", place]);
  if (payloadHead !== null) cells.push([`payload, ${payloadBytes} bytes`, payloadHead]);
  const since = count === 1 ? "" : `, ${count} times in ${spanText(firstAt, Date.parse(lastAt))}`;
  cells.push(["at", `${lastAt}${since}`]);
  return `${recordText(cells)}\n`;
}

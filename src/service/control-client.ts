import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import type { Row } from "../server/answer.ts";
import type { DeadLetterRequest } from "../server/dead-letter-request.ts";
import type { Question } from "../server/question.ts";

/** How long a server may take to begin its answer. */
const answerMillisecondsMax = 30_000;

/** Rows that are handed on at one time. */
const rowsMax = 1_000;

/**
 * Asks the server that listens on a control socket; undefined when it knows no such Session, queue or message.
 * @throws Error with the code ENOENT or ECONNREFUSED when there is none, else with a sentence
 */
export async function askServer(path: string, question: Question): Promise<AsyncIterable<readonly Row[]> | undefined> {
  const response = await post(path, "/inspect", question);
  if (response.statusCode === 404) return undefined;
  if (response.statusCode !== 200) throw refused(response);
  return rowsOf(response);
}

/**
 * Has the server list, replay or remove dead letters.
 * @throws as `askServer`
 */
export async function askDeadLetters(path: string, request: DeadLetterRequest): Promise<AsyncIterable<readonly Row[]>> {
  const response = await post(path, "/dead-letters", request);
  if (response.statusCode !== 200) throw refused(response);
  return rowsOf(response);
}

/**
 * Has the server end a Client's Network Connection; false when it has none.
 * @throws as `askServer`
 */
export async function disconnectClient(path: string, clientId: string): Promise<boolean> {
  const response = await post(path, "/disconnect", { clientId });
  if (response.statusCode !== 204 && response.statusCode !== 404) throw refused(response);
  return response.statusCode === 204;
}

async function post(socketPath: string, url: string, body: unknown): Promise<IncomingMessage> {
  const asked = request({ socketPath, path: url, method: "POST", agent: false });
  asked.setTimeout(answerMillisecondsMax, () => {
    asked.destroy(new Error(`the server did not answer within ${answerMillisecondsMax / 1_000} s`));
  });
  asked.end(JSON.stringify(body));
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) response.resume();
  return response;
}

function refused({ statusCode }: IncomingMessage): Error {
  return new Error(`the server does not understand the question (${statusCode}): is it of another version?`);
}

async function* rowsOf(response: IncomingMessage): AsyncIterable<readonly Row[]> {
  let rows: Row[] = [];
  try {
    for await (const line of createInterface({ input: response })) {
      // The last line of an answer that was cut off.
      if (!line.endsWith("}")) break;
      rows.push(JSON.parse(line));
      if (rows.length < rowsMax) continue;
      yield rows;
      rows = [];
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
  } finally {
    // Who has seen enough does not leave the server waiting.
    if (!response.complete) response.on("error", () => {}).destroy();
  }
  if (rows.length > 0) yield rows;
  if (!response.complete) throw new Error("the server ended before its answer was complete");
}

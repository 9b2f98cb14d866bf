import { once } from "node:events";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Server as NetServer } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Logger } from "pino";
import type { Row } from "./answer.ts";
import { type DeadLetterRequest, readDeadLetterRequest } from "./dead-letter-request.ts";
import { type Question, readQuestion } from "./question.ts";

/** The running server, as its control socket needs it. */
export interface Controlled {
  /** Undefined when there is no such Session, queue or message. */
  inspect(question: Question): AsyncIterable<readonly Row[]> | undefined;
  /** Lists, replays or removes dead letters. */
  deadLetters(request: DeadLetterRequest): AsyncIterable<readonly Row[]>;
  /** Ends a Client's Network Connection with 0x98 Administrative action; false when it has none. */
  disconnect(clientId: string): boolean;
}

/** An open control socket. */
export interface Control {
  close(): Promise<void>;
}

/** Who asks at one time; more wait. */
const connectionsMax = 16;

/** A Topic Name may have 65,535 bytes, and JSON makes six of one. */
const bodyBytesMax = 524_288;

/**
 * Opens the Unix domain socket over which commands on this machine ask a running server: HTTP, questions and answers in
 * JSON. Only this user may connect; that is all the authentication there is.
 *
 * ```
 *  POST /inspect        a Question             → 200 one row a line, 404 no such thing
 *  POST /dead-letters   a DeadLetterRequest    → 200 one row a line
 *  POST /disconnect     { "clientId": "…" }    → 204, 404 not connected
 * ```
 * @throws Error when it cannot be opened, or another process listens on it
 */
export async function openControl(path: string, controlled: Controlled, log: Logger): Promise<Control> {
  const server = createServer((request, response) => {
    respond(request, response, controlled).catch((error: unknown) => {
      if (response.destroyed) return;
      log.error({ err: error }, "a question over the control socket could not be answered");
      response.destroy();
    });
  });
  server.maxConnections = connectionsMax;
  await listen(server, path);
  return {
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A socket that a killed process left behind is taken away. */
async function listen(server: NetServer, path: string): Promise<void> {
  try {
    await tryListen(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || !(await isLeftBehind(path))) throw error;
    rmSync(path, { force: true });
    await tryListen(server, path);
  }
}

/** The socket is made during the call of `listen`, and nobody else may ever connect to it. */
async function tryListen(server: NetServer, path: string): Promise<void> {
  const before = process.umask(0o177);
  const listening = once(server, "listening");
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
  chmodSync(path, 0o600);
}

async function isLeftBehind(path: string): Promise<boolean> {
  if (!lstatSync(path).isSocket()) return false;
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

const routes: readonly string[] = ["POST /inspect", "POST /dead-letters", "POST /disconnect"];

async function respond(request: IncomingMessage, response: ServerResponse, controlled: Controlled): Promise<void> {
  const route = `${request.method} ${request.url}`;
  if (!routes.includes(route)) return refuse(response, 404);
  const body = await readBody(request);
  if (body === undefined) return refuse(response, 413);
  const json = parse(body);
  if (route === "POST /inspect") {
    const question = readQuestion(json);
    if (question === undefined) return refuse(response, 400);
    const rows = controlled.inspect(question);
    if (rows === undefined) return refuse(response, 404);
    return await answer(response, rows);
  }
  if (route === "POST /dead-letters") {
    const asked = readDeadLetterRequest(json);
    if (asked === undefined) return refuse(response, 400);
    return await answer(response, controlled.deadLetters(asked));
  }
  const clientId = (json as { clientId?: unknown } | null | undefined)?.clientId;
  if (typeof clientId !== "string") return refuse(response, 400);
  refuse(response, controlled.disconnect(clientId) ? 204 : 404);
}

async function answer(response: ServerResponse, rows: AsyncIterable<readonly Row[]>): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  await pipeline(Readable.from(lines(rows)), response);
}

function refuse(response: ServerResponse, status: number): void {
  // What was not read of the request is of no use any more.
  response.writeHead(status, { connection: "close" }).end();
}

async function* lines(slices: AsyncIterable<readonly Row[]>): AsyncIterable<string> {
  for await (const rows of slices) yield rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

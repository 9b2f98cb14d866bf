import { Buffer } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";

/** Answers with a problem of RFC 9457. @param detail a sentence for people */
export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const title = STATUS_CODES[status] ?? "Error";
  // As bytes: to a text it would add a charset, and JSON has only the one.
  const body = Buffer.from(JSON.stringify({ type: "about:blank", title, status, detail }));
  return reply.code(status).type("application/problem+json").send(body);
}

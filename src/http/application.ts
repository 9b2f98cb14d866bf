import { createServer } from "node:http";
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { HttpApplication, ServerState } from "../server/options.ts";
import { addContractPages, type ContractSource } from "./contract-pages.ts";
import { addDemoPage } from "./demo-page.ts";
import { sendProblem } from "./problem.ts";

/** Nothing here takes a body. */
const bodyBytesMax = 1_024;

/** What an application shows besides the state of its server. */
export interface ApplicationPages {
  /** Where MQTT is, for the page at `/` that speaks it with the demonstration accounts; undefined: no page. */
  readonly demoPath: string | undefined;
  /** What stands at `/asyncapi.yaml`, `/asyncapi.json` and `/asyncapi-ui.html`; undefined: nothing. */
  readonly contract: ContractSource | undefined;
}

/**
 * What a server answers over HTTP: `/health` while it lives, `/ready` while it takes clients and work, pages, and problems of
 * RFC 9457 for everything else.
 */
export async function createApplication(
  state: ServerState,
  { demoPath, contract }: ApplicationPages,
): Promise<HttpApplication> {
  // The doors listen and hand requests over, so this server never does.
  const app = fastify({
    bodyLimit: bodyBytesMax,
    return503OnClosing: false,
    serverFactory: () => createServer(),
    frameworkErrors: (error, _request, reply) => void sendError(error, reply as FastifyReply),
  });
  addHeaders(app);
  app.get("/health", () => ({ status: "live" }));
  app.get("/ready", (_request, reply) => {
    const problem = state.notReady();
    return problem === undefined ? { status: "ready" } : sendProblem(reply, 503, problem);
  });
  if (demoPath !== undefined) await addDemoPage(app, demoPath);
  if (contract !== undefined) await addContractPages(app, contract);
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 404, "There is nothing here; MQTT is spoken over WebSocket, with the sub-protocol mqtt"),
  );
  app.setErrorHandler<FastifyError>((error, _request, reply) => sendError(error, reply));
  await app.ready();
  return {
    answer: (request, response) => app.routing(request, response),
    close: () => app.close(),
  };
}

function sendError(error: FastifyError, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500;
  return sendProblem(reply, status, status < 500 ? error.message : "The request could not be answered");
}

function addHeaders(app: FastifyInstance): void {
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
  });
}

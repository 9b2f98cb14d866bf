import { Buffer } from "node:buffer";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ServerOptions, WebSocketServer } from "ws";
import type { ByteStream } from "./byte-stream.ts";
import { WebSocketStream } from "./web-socket-stream.ts";

/** How long the other end may take for its part of the closing handshake. */
const closeMilliseconds = 2_000;

/** A message is gathered before it is read. Browsers put many packets into one, so it may be larger than a packet. */
const messageBytesMin = 1_048_576;

/** What may become an MQTT connection. */
export interface UpgradeOptions {
  /** Where: `/mqtt`. */
  readonly path: string;
  /** Largest packet accepted; a message may have twice as many bytes, and 1 MiB at least. */
  readonly packetBytesMax: number;
  /** Refuses pages of other machines: where there are no accounts, any page that a browser here opens could come in. */
  readonly loopbackOriginsOnly: boolean;
}

/** What `http.Server` calls for its event `upgrade`. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Turns upgrade requests into streams of bytes (§6); those that it refuses get a sentence. */
export function createUpgradeHandler(
  options: UpgradeOptions,
  accepted: (stream: ByteStream, request: IncomingMessage) => void,
): UpgradeHandler {
  // Its types do not know closeTimeout yet.
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: Math.max(options.packetBytesMax * 2, messageBytesMin),
    closeTimeout: closeMilliseconds,
    // [MQTT-6.0.0-4] [MQTT311-6.0.0-4]
    handleProtocols: () => "mqtt",
  };
  const server = new WebSocketServer(serverOptions);
  server.on("wsClientError", (error, socket) => {
    refuse(socket, 400, `${error.message}: this is no WebSocket handshake of RFC 6455`);
  });
  return (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const refusal = refusalOf(request, options);
    if (refusal !== undefined) {
      refuse(socket, refusal.status, refusal.sentence);
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      accepted(new WebSocketStream(webSocket, socket as Socket), request);
    });
  };
}

interface UpgradeRefusal {
  readonly status: number;
  readonly sentence: string;
}

function refusalOf(request: IncomingMessage, options: UpgradeOptions): UpgradeRefusal | undefined {
  const { headers } = request;
  const [path] = (request.url ?? "").split("?", 1);
  if (path !== options.path) return { status: 404, sentence: `MQTT over WebSocket is at ${options.path}` };
  if (headers.upgrade?.toLowerCase() !== "websocket") {
    return { status: 400, sentence: `${options.path} can be upgraded to websocket only` };
  }
  if (options.loopbackOriginsOnly && !isLoopbackOrigin(headers.origin)) {
    return { status: 403, sentence: `Without accounts, only pages of this machine may connect, not ${headers.origin}` };
  }
  const offered = headers["sec-websocket-protocol"]?.split(",").map((each) => each.trim());
  if (offered?.includes("mqtt") === true) return undefined;
  // [MQTT-6.0.0-3] [MQTT311-6.0.0-3]
  return { status: 400, sentence: 'The client must offer the WebSocket sub-protocol "mqtt"' };
}

/** Programs that are no browsers send none. */
function isLoopbackOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** A problem of RFC 9457, and the end of the connection. */
function refuse(socket: Duplex, status: number, detail: string): void {
  const title = STATUS_CODES[status] ?? "";
  const body = Buffer.from(JSON.stringify({ type: "about:blank", title, status, detail }));
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    "Connection: close",
    "Content-Type: application/problem+json",
    `Content-Length: ${body.length}`,
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]));
}

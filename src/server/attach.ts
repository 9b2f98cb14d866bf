import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { plainAddress } from "../net/addresses.ts";
import type { ByteStream } from "../net/byte-stream.ts";
import { createUpgradeHandler, type UpgradeHandler, type UpgradeOptions } from "../net/upgrade.ts";
import type { Peer } from "./options.ts";

/**
 * Takes the WebSocket upgrades of a program's own HTTP or HTTPS server at one path. Those at other paths are left to the
 * program's other listeners, and refused when there is none, because they would wait for ever. Returns what undoes it.
 */
export function attachTo(
  httpServer: EventEmitter,
  options: UpgradeOptions,
  accept: (stream: ByteStream, peer: Peer) => void,
): () => void {
  const handle = createUpgradeHandler(options, (stream, request) => accept(stream, peerOf(request)));
  const upgrade: UpgradeHandler = (request, socket, head) => {
    const [path] = (request.url ?? "").split("?", 1);
    if (path === options.path || httpServer.listenerCount("upgrade") === 1) handle(request, socket, head);
  };
  httpServer.on("upgrade", upgrade);
  return () => {
    httpServer.off("upgrade", upgrade);
  };
}

function peerOf({ socket }: IncomingMessage): Peer {
  const isSecure = (socket as Socket & Partial<TLSSocket>).encrypted === true;
  return { remoteAddress: plainAddress(socket.remoteAddress ?? ""), protocol: isSecure ? "wss" : "ws" };
}

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
    if (path === options.path || isForNobody(httpServer, upgrade, path)) handle(request, socket, head);
  };
  paths.set(upgrade, options.path);
  httpServer.on("upgrade", upgrade);
  return () => {
    httpServer.off("upgrade", upgrade);
  };
}

/** The path of every listener that stands for a broker of ours. */
const paths: WeakMap<object, string> = new WeakMap();

/** Only brokers of ours listen, none of them at this path, and it is the last one's to say so. */
function isForNobody(httpServer: EventEmitter, upgrade: UpgradeHandler, path: string | undefined): boolean {
  const listeners = httpServer.listeners("upgrade");
  if (listeners.at(-1) !== upgrade) return false;
  return listeners.every((each) => paths.has(each) && paths.get(each) !== path);
}

function peerOf({ socket }: IncomingMessage): Peer {
  const isSecure = (socket as Socket & Partial<TLSSocket>).encrypted === true;
  return { remoteAddress: plainAddress(socket.remoteAddress ?? ""), protocol: isSecure ? "wss" : "ws" };
}

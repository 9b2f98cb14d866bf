import { EventEmitter, once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteStream } from "../../src/net/byte-stream.ts";
import {
  type ConnectionSource,
  type ListenAt,
  type Listener,
  type ListenerOwner,
  openListener,
} from "../../src/net/listener.ts";
import type { ThrowAwayCertificate } from "./pair.ts";

/** Remembers what happens at a door, and emits each of it. */
export class DoorOwner extends EventEmitter implements ListenerOwner {
  readonly streams: ByteStream[] = [];
  readonly sources: ConnectionSource[] = [];
  readonly refusals: string[] = [];
  readonly failures: { message: string; remoteAddress: string }[] = [];

  accepted(stream: ByteStream, source: ConnectionSource): void {
    stream.on("error", () => {});
    this.streams.push(stream);
    this.sources.push(source);
    this.emit("accepted", stream, source);
  }
  requested(request: IncomingMessage, response: ServerResponse): void {
    response.end(`you asked for ${request.url}`);
  }
  handshakeFailed({ message }: Error, remoteAddress: string): void {
    this.failures.push({ message, remoteAddress });
    this.emit("handshakeFailed");
  }
  refused(sentence: string): void {
    this.refusals.push(sentence);
    this.emit("refused");
  }
  acceptFailed(): void {}
  /** Resolves when so many connections were accepted. */
  async accepts(count: number): Promise<void> {
    while (this.streams.length < count) await once(this, "accepted");
  }
}

/** An open door of 127.0.0.1, on a free port. */
export interface Door {
  readonly owner: DoorOwner;
  readonly listener: Listener;
  readonly to: { readonly host: string; readonly port: number };
  /** Ends all connections and closes it. */
  close(): Promise<void>;
}

/** What a door is opened with unless something else is said. */
export function at(replaced: Partial<ListenAt> = {}): ListenAt {
  return {
    protocol: "mqtt",
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    connectTimeoutSeconds: 5,
    limits: { connectionsMax: undefined, connectionsPerAddressMax: undefined, connectsPerSecondMax: undefined },
    proxyAddresses: undefined,
    upgrade: { path: "/mqtt", packetBytesMax: 1_048_576, loopbackOriginsOnly: false },
    ...replaced,
  };
}

/** The limits of `at` with some of them set. */
export function limits(replaced: Partial<ListenAt["limits"]>): ListenAt["limits"] {
  return { ...at().limits, ...replaced };
}

export async function openDoor(replaced: Partial<ListenAt> = {}): Promise<Door> {
  const owner = new DoorOwner();
  const listener = await openListener(at(replaced), owner);
  return {
    owner,
    listener,
    to: { host: "127.0.0.1", port: listener.port },
    close: async () => {
      const closed = listener.close();
      listener.destroy();
      await closed;
    },
  };
}

/** For `openDoor`: TLS with this certificate. */
export function secured(certificate: ThrowAwayCertificate): Pick<ListenAt, "protocol" | "tls"> {
  return { protocol: "mqtts", tls: certificate };
}

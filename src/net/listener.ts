import {
  createServer as createHttpServer,
  type ServerOptions as HttpOptions,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { AddressList, plainAddress } from "./addresses.ts";
import { awaitProxyHeader } from "./await-proxy-header.ts";
import { acceptSentence, bind, closed, portOf } from "./bind.ts";
import type { ByteStream } from "./byte-stream.ts";
import { DoorCount, type DoorLimits } from "./door-limits.ts";
import {
  asksForCertificate,
  type ClientCertificate,
  clientCertificateOf,
  secureContextOptions,
  serverTlsOptions,
  type TlsMaterial,
  type TlsSettings,
} from "./tls-settings.ts";
import { createUpgradeHandler, type UpgradeOptions } from "./upgrade.ts";

/** The protocols of doors: MQTT over TCP or WebSocket, each plain or with TLS. */
export const protocols = ["mqtts", "mqtt", "wss", "ws"] as const;
export type Protocol = (typeof protocols)[number];

/** How often the same sentence about a door is said. */
const sentenceMilliseconds = 60_000;

/** How long a whole HTTP request may take, and how often that is looked at. */
const requestMilliseconds = 30_000;
const checkMilliseconds = 1_000;

/** Where and how to listen. */
export interface ListenAt {
  readonly protocol: Protocol;
  /** `localhost` is 127.0.0.1 and, where there is one, ::1. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Required for `mqtts` and `wss`. */
  readonly tls: TlsSettings | undefined;
  /** How long a PROXY header, a TLS handshake and the head of an HTTP request may take, each. */
  readonly connectTimeoutSeconds: number;
  readonly limits: DoorLimits;
  /** Every connection begins with a PROXY header. Whose is believed: addresses and networks; empty for everybody's. */
  readonly proxyAddresses: readonly string[] | undefined;
  /** For `ws` and `wss`. */
  readonly upgrade: UpgradeOptions;
}

/** The other end of a connection. */
export interface ConnectionSource {
  /** IP address; the client's, where a balancer said it. Empty when the socket was gone before it could be asked. */
  readonly remoteAddress: string;
  readonly certificate: ClientCertificate | undefined;
}

/** Who hears what happens at a door. */
export interface ListenerOwner {
  /** A connection stands; with TLS and WebSocket, their handshakes are done. */
  accepted(stream: ByteStream, source: ConnectionSource): void;
  /** An HTTP request that wants no WebSocket. */
  requested(request: IncomingMessage, response: ServerResponse): void;
  /** A TLS handshake failed. */
  handshakeFailed(error: Error, remoteAddress: string): void;
  /** Connections are closed at the door; a sentence for people, at most once a minute for each reason. */
  refused(sentence: string): void;
  /** Connections cannot be accepted; a sentence for people, at most once a minute. */
  acceptFailed(sentence: string): void;
}

/** A door that is open. */
export interface Listener {
  readonly port: number;
  /**
   * New connections are shown this pair and held to these authorities; those that stand are not touched. Handshakes that are
   * not finished are cut off where client certificates are asked for: they began under the old ones.
   * @throws Error when it cannot be used or the door has no TLS; what was there stays
   */
  replaceTls(material: TlsMaterial): void;
  /** Accepts nothing more. Resolves when all of its sockets are gone. */
  close(): Promise<void>;
  /** Ends what is left: handshakes that were not finished, and connections. */
  destroy(): void;
}

/**
 * Opens a door.
 * @throws Error with a sentence that says what to do, when the port is in use, not allowed or the address is not ours
 */
export async function openListener(at: ListenAt, owner: ListenerOwner): Promise<Listener> {
  const door = new Door(at, owner);
  await door.open();
  return door;
}

/**
 * ```
 * bind ─► count ─► PROXY header ─► count per address ─┬─────────────────────────────────► accepted
 *                                                     └─► TLS ─┬────────────────────────► accepted
 *                                                              └─► HTTP ─┬─► WebSocket ─► accepted
 *                                                                        └──────────────► requested
 * ```
 *
 * TLS and HTTP are servers of Node.js that listen to nothing: connections are handed to them.
 */
class Door implements Listener {
  readonly #at: ListenAt;
  readonly #owner: ListenerOwner;
  readonly #count: DoorCount;
  readonly #trusted: AddressList | undefined;
  readonly #tlsServer: TlsServer | undefined;
  /** What connections are handed to behind the counting; undefined for plain MQTT. */
  readonly #inner: Server | undefined;
  readonly #sockets: Set<Socket> = new Set();
  /** Clients' addresses that balancers said, by the ends of the connections with the balancers. */
  readonly #clients: Map<string, string> = new Map();
  /** The ends of connections whose certificates were looked at. */
  readonly #accepted: Set<string> = new Set();
  readonly #saidAt: Map<string, number> = new Map();
  #servers: readonly Server[] = [];
  #port = 0;

  constructor(at: ListenAt, owner: ListenerOwner) {
    this.#at = at;
    this.#owner = owner;
    this.#count = new DoorCount(at.limits, performance.now());
    this.#trusted = at.proxyAddresses?.length ? new AddressList(at.proxyAddresses) : undefined;
    this.#tlsServer = this.#createTlsServer();
    this.#inner = this.#tlsServer ?? (at.protocol === "ws" ? this.#createHttpServer() : undefined);
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    this.#servers = await bind(this.#at, (socket) => this.#arrived(socket));
    this.#port = portOf(this.#servers[0]!);
    for (const server of this.#servers) {
      server.on("error", (error) => {
        if (this.#isNews("accept")) this.#owner.acceptFailed(acceptSentence(error));
      });
    }
  }

  replaceTls(material: TlsMaterial): void {
    const { tls } = this.#at;
    if (tls === undefined || this.#tlsServer === undefined) throw new Error("a door without TLS shows no certificate");
    this.#tlsServer.setSecureContext(secureContextOptions({ ...tls, ...material }));
    if (!asksForCertificate(tls)) return;
    for (const socket of this.#sockets) if (!this.#accepted.has(endsOf(socket))) socket.destroy();
  }

  async close(): Promise<void> {
    // Says no to nobody, but lets go of HTTP connections that are idle.
    this.#inner?.close();
    await Promise.all(this.#servers.map(closed));
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #arrived(socket: Socket): void {
    // 'close' follows, and says what has to be done.
    socket.on("error", () => {});
    const limit = this.#count.arrived(performance.now());
    if (limit !== undefined) {
      this.#refuse(socket, limit, `its ${limit} is reached`);
      return;
    }
    this.#sockets.add(socket);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#count.left();
    });
    const address = plainAddress(socket.remoteAddress ?? "");
    if (this.#at.proxyAddresses === undefined) this.#enter(socket, address);
    else if (this.#trusted?.has(address) === false) {
      this.#refuse(socket, "proxyAddresses", `${address} is none of its proxyAddresses`);
    } else this.#awaitProxyHeader(socket, address);
  }

  #awaitProxyHeader(socket: Socket, proxyAddress: string): void {
    awaitProxyHeader(socket, this.#at.connectTimeoutSeconds * 1_000, (answer) => {
      if (answer instanceof Error) {
        this.#refuse(socket, "proxyProtocol", `${answer.message} (proxyProtocol)`);
        return;
      }
      const address = answer.source?.address;
      if (address !== undefined) {
        const ends = endsOf(socket);
        this.#clients.set(ends, address);
        socket.on("close", () => this.#clients.delete(ends));
      }
      this.#enter(socket, address ?? proxyAddress);
    });
  }

  #enter(socket: Socket, address: string): void {
    const limit = this.#count.arrivedFrom(address);
    if (limit !== undefined) {
      this.#refuse(socket, limit, `its ${limit} is reached`);
      return;
    }
    if (this.#at.limits.connectionsPerAddressMax !== undefined) {
      socket.on("close", () => this.#count.leftFrom(address));
    }
    if (this.#inner !== undefined) this.#inner.emit("connection", socket);
    // [MQTT-4.2-1] [MQTT311-7.1.1-1]
    else this.#owner.accepted(socket, { remoteAddress: address, certificate: undefined });
  }

  #createTlsServer(): TlsServer | undefined {
    const { protocol, tls, connectTimeoutSeconds } = this.#at;
    if (protocol === "mqtt" || protocol === "ws") return undefined;
    if (tls === undefined) throw new Error(`${protocol} needs a key and a certificate`);
    const options = serverTlsOptions(tls, connectTimeoutSeconds);
    const server =
      protocol === "wss"
        ? this.#withHttp(createHttpsServer({ ...options, ...this.#httpOptions() }))
        : createTlsServer(options, (socket) => this.#accept(socket, socket));
    server.on("tlsClientError", (error, socket) => {
      // When it is set, the error only says that it was hung up, by us.
      const { authorizationError } = socket;
      this.#handshakeFailed(authorizationError == null ? error : new Error(String(authorizationError)), socket);
    });
    return server;
  }

  #createHttpServer(): Server {
    return this.#withHttp(createHttpServer(this.#httpOptions()));
  }

  #httpOptions(): HttpOptions {
    const headersTimeout = this.#at.connectTimeoutSeconds * 1_000;
    return {
      headersTimeout,
      requestTimeout: Math.max(requestMilliseconds, headersTimeout),
      connectionsCheckingInterval: checkMilliseconds,
    };
  }

  #withHttp<HttpServer extends TlsServer | Server>(server: HttpServer): HttpServer {
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#owner.requested(request, response);
    });
    const accepted = (stream: ByteStream, request: IncomingMessage): void => this.#accept(request.socket, stream);
    server.on("upgrade", createUpgradeHandler(this.#at.upgrade, accepted));
    // It listens to nothing, and this is when the clocks of its requests begin to run.
    server.emit("listening");
    return server;
  }

  #accept(socket: Socket | TLSSocket, stream: ByteStream): void {
    const { tls } = this.#at;
    let certificate: ClientCertificate | undefined;
    try {
      if (tls !== undefined) certificate = clientCertificateOf(tls, socket as TLSSocket);
    } catch (error) {
      this.#handshakeFailed(error as Error, socket);
      return;
    }
    if (tls !== undefined && asksForCertificate(tls)) {
      const ends = endsOf(socket);
      this.#accepted.add(ends);
      socket.once("close", () => this.#accepted.delete(ends));
    }
    this.#owner.accepted(stream, { remoteAddress: this.#clientAddress(socket), certificate });
  }

  #handshakeFailed(error: Error, socket: Socket): void {
    this.#owner.handshakeFailed(error, this.#clientAddress(socket));
    socket.destroy();
  }

  #clientAddress(socket: Socket): string {
    return this.#clients.get(endsOf(socket)) ?? plainAddress(socket.remoteAddress ?? "");
  }

  #refuse(socket: Socket, key: string, reason: string): void {
    socket.destroy();
    if (!this.#isNews(key)) return;
    this.#owner.refused(`connections are closed at the ${this.#at.protocol} listener, port ${this.#port}: ${reason}`);
  }

  /** Whether it was not said a short while ago. */
  #isNews(key: string): boolean {
    const now = performance.now();
    const saidAt = this.#saidAt.get(key) ?? Number.NEGATIVE_INFINITY;
    if (now - saidAt < sentenceMilliseconds) return false;
    this.#saidAt.set(key, now);
    return true;
  }
}

/** TLS stands on the socket that it was given, and has the same ends. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
